"""Past quarters: their seals, their scores over time, and what differs between two views of them."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query
from starlette.responses import Response

from api import shapes
from api.asking import Asked, Question
from api.comparing import Compared
from api.registry import Api
from domain.cycle.events import CycleKind
from domain.errors import Invalid
from domain.kernel import Kind, Ref
from domain.rules import CycleRef
from domain.values import Id
from projections import questions
from projections.ends import Ends
from projections.reading import Reading
from projections.series import Step

TAG = ("past quarters", "How a quarter stood, at any time and by what was known at any time, and what changed since.")

_Cycle = Annotated[CycleRef, Path(description="The cycle.")]
_Team = Annotated[Id, Path(description="The team.")]


def add(api: Api) -> None:
    """Adds them."""
    _add_series(api)
    _add_diffs(api)

    @api.read("/cycles/{cycle}/seals", shapes.Seals)
    def get_cycle_seals(asked: Asked, cycle: _Cycle) -> Response:
        """Every closing of a cycle.

        What was sealed at each, oldest first, and beside it the score of the same instant by what is known at
        `as_of`, with the difference explained. `position` is the close's, `sealed_at` when it took effect.
        """
        with asked.reading() as reading:
            return asked.answer(reading, questions.seals(reading, reading.cycle_named(cycle)))


def _add_series(api: Api) -> None:
    @api.read("/cycles/{cycle}/series", shapes.Series)
    def get_cycle_series(
        asked: Asked,
        cycle: _Cycle,
        step: Annotated[Step, Query(description="A point a day, or a week.")] = "day",
        objective: Annotated[Id | None, Query(description="Of this objective, with its key results.")] = None,
        team: Annotated[Id | None, Query(description="Of this team and those below it.")] = None,
    ) -> Response:
        """The scores of a cycle over time.

        At the end of each day, or of the first day, each seventh after it and the last, until the end of the cycle
        or, if later, its last close; not past now. Each point is what the board shows at that `valid_at`. At most
        5,000 points, and at least one: a cycle that has not started yet has none.
        """
        with asked.reading() as reading:
            id = reading.cycle_named(cycle)
            series = questions.cycle_series(reading, id, step, objective=objective, team=team)
            if not series["points"]:
                day = questions.find(reading, Ref(Kind.CYCLE, id))["starts_on"]
                raise Invalid(f"The cycle {cycle} has not started: it does on {day}.", slug="cycle_not_started")
            return _series(asked, reading, series)

    @api.read("/teams/{team}/series", shapes.TeamSeries)
    def get_team_series(
        asked: Asked,
        team: _Team,
        kind: Annotated[CycleKind | None, Query(description="Cycles of this kind; of all kinds unless given.")] = None,
    ) -> Response:
        """A team's scores, cycle by cycle.

        Of each cycle in which it or a team below it has goals, by first day: the official score as sealed at the
        latest close and, of the same instant, as known at `as_of`; of a cycle that is not closed, as of `valid_at`.
        """
        with asked.reading() as reading:
            return asked.answer(reading, questions.team_series(reading, team, kind))


def _series(asked: Question, reading: Reading, series: dict[str, Any]) -> Response:
    """Today's point is of the moment of asking: that alone makes no other series."""
    points = series["points"]
    said = series | {"points": [*points[:-1], *({**point, "at": point["at"].date()} for point in points[-1:])]}
    return asked.answer(reading, series, said=said)


def _add_diffs(api: Api) -> None:
    @api.read("/cycles/{cycle}/diff", shapes.Diff)
    def get_cycle_diff(compared: Compared, cycle: _Cycle) -> Response:
        """What differs on a cycle between two views.

        The cycle, its objectives, their key results, and the check-ins and initiatives of these: what was added,
        removed, and each field that reads otherwise, computed ones too. The ends may differ on either clock.
        """
        with compared.ends() as ends:
            return compared.answer(ends, questions.cycle_diff(ends, _named(ends, cycle)))

    @api.read("/objectives/{objective}/diff", shapes.Diff)
    def get_objective_diff(
        compared: Compared, objective: Annotated[Id, Path(description="The objective.")]
    ) -> Response:
        """What differs on an objective between two views; `score` is the computed one."""
        with compared.ends() as ends:
            return compared.answer(ends, questions.objective_diff(ends, objective))

    @api.read("/teams/{team}/diff", shapes.TeamDiff)
    def get_team_diff(
        compared: Compared,
        team: _Team,
        cycle: Annotated[CycleRef, Query(description="The cycle, by id or label.")],
    ) -> Response:
        """What differs on a team's board in a cycle between two views."""
        with compared.ends() as ends:
            return compared.answer(ends, questions.team_diff(ends, team, _named(ends, cycle)))


def _named(ends: Ends, named: UUID | str) -> UUID:
    """The id behind a label, which whoever knows it earlier knows later too."""
    return questions.at_end("from", ends.old, lambda reading: reading.cycle_named(named))
