"""Teams: the tree, who is in them, their boards and status reports."""

from typing import Annotated

from fastapi import Path, Query
from starlette.responses import Response

from api import shapes
from api.asking import Asked
from api.negotiation import MARKDOWN, Accept
from api.registry import Api
from api.reports import Period, report
from domain.kernel import Kind
from domain.rules import CycleRef
from domain.team.decisions import ChangeTeam, DisbandTeam, FormTeam, JoinTeam, LeaveTeam
from domain.values import Id
from projections import questions

TAG = ("teams", "Teams, who is in them and who leads them; their boards and status reports.")
_TeamId = Annotated[Id, Path(description="The team.")]


def add(api: Api) -> None:
    """Adds them."""
    api.collection(Kind.TEAM, shapes.Team, Id)
    api.command("POST", "/teams", FormTeam, shapes.Team)
    api.command("PATCH", "/teams/{team}", ChangeTeam, shapes.Team)
    api.command("POST", "/teams/{team}/disband", DisbandTeam, shapes.Team)
    api.command("PUT", "/teams/{team}/members/{member}", JoinTeam, shapes.Team)
    api.command("DELETE", "/teams/{team}/members/{member}", LeaveTeam, shapes.Team)

    @api.read("/teams/{team}/board", shapes.TeamBoard)
    def get_team_board(
        asked: Asked,
        team: _TeamId,
        cycle: Annotated[CycleRef, Query(description="The cycle, by id or label.")],
    ) -> Response:
        """A team's board in a cycle.

        Its own objectives and those of the teams below it; `score` over its own, `subtree_score` over all.
        """
        with asked.reading() as reading:
            return asked.answer(reading, questions.team_board(reading, team, reading.cycle_named(cycle)))

    @api.read("/teams/{team}/report", shapes.Report, also=MARKDOWN)
    def get_team_report(
        asked: Asked,
        team: _TeamId,
        since: Annotated[str | None, Query(alias="from", description="Recorded after this; as `as_of`.")] = None,
        to: Annotated[str | None, Query(description="Recorded by then; another name for `as_of` here.")] = None,
        from_valid: Annotated[str | None, Query(description="In effect after this; as `valid_at`.")] = None,
        to_valid: Annotated[str | None, Query(description="In effect by then; another name for `valid_at`.")] = None,
        accept: Accept = None,
    ) -> Response:
        """The status report of a team for a period.

        Progress, plans and problems of its check-ins and of those of the teams below it, what moved, what
        is stale; JSON, or Markdown to send round. Without `from` and `from_valid` the period is the last
        seven days.
        """
        return report(asked, team, Period(since, to, from_valid, to_valid), accept)
