"""Scores over time: a cycle, its objectives and key results at the end of each day or week.

Every point is what the board shows at that instant, by what was known at the same position. The versions that lie in
the period are read once, in the order in which they take effect, and walked through.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from domain import scoring
from domain.errors import NotFound, invalid
from domain.scoring import end_of, six
from ledger.sql import load
from projections import shapes
from projections.goals import CYCLES, KEY_RESULTS, OBJECTIVES, cycle_row
from projections.reading import Reading
from projections.shapes import Row, Shape

TEAMS = load("projections.teams", "queries.sql")
MOST_POINTS = 5_000
Step = Literal["day", "week"]
DAYS: Mapping[Step, int] = {"day": 1, "week": 7}


class Walk:
    """Versions of many things, in the order in which they take effect; `to` goes on to an instant."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self._next = 0
        self.now: dict[UUID, Row] = {}
        """Each thing's version in effect."""

    def to(self, instant: datetime) -> bool:
        """Goes on; answers whether anything changed."""
        before = self._next
        while self._next < len(self._rows) and self._rows[self._next]["valid_from"] <= instant:
            row = self._rows[self._next]
            self.now[row["id"]] = row
            self._next += 1
        return self._next > before


@dataclass(slots=True)
class Walks:
    """Everything that a point is made of."""

    cycle: Walk
    objectives: Walk
    key_results: Walk
    teams: Walk

    def to(self, instant: datetime) -> bool:
        """Goes on; answers whether anything changed."""
        changed = [walk.to(instant) for walk in (self.cycle, self.objectives, self.key_results, self.teams)]
        return any(changed)


def cycle_series(
    reading: Reading, cycle: UUID, step: Step, *, objective: UUID | None = None, team: UUID | None = None
) -> Shape:
    """The series of a cycle, of one of its objectives or of a team in it. Raises `NotFound`, `Invalid`.

    Of an objective `score` is its official one, and `key_results` has theirs; of a team `score` is over its own
    objectives and `subtree_score` over those of the teams below it as well.
    """
    if objective is not None and team is not None:
        raise invalid("/team", "cannot be asked for together with an objective, which may be of any team")
    row = cycle_row(reading, cycle)
    instants = list(_instants(reading, row, step))
    walks = _walks(reading, cycle, instants[-1] if instants else reading.valid_at, objective, team)
    points: list[Shape] = []
    parts: Shape = {}
    for at in instants:
        if walks.to(at) or not points:
            parts = _point(walks, cycle, objective, team)
        points.append({"at": at, **parts, "expected": _expected(walks.cycle.now.get(cycle), at)})
    clocks = {"as_of": reading.stamp(), "valid_at": reading.valid_at}
    return {"cycle": cycle, **clocks, "step": step, "points": points}


def _instants(reading: Reading, cycle: Row, step: Step) -> Iterator[datetime]:
    """The end of `starts_on`, of each step after it and of the last day; of today, now."""
    now = min(reading.valid_at, max(datetime.now(UTC), reading.recorded_at or reading.valid_at))
    closed: datetime | None = reading.value(CYCLES["last_close"], id=cycle["id"])
    last = max(cycle["ends_on"], closed.date()) if closed is not None else cycle["ends_on"]
    last = min(last, now.date())
    days = (last - cycle["starts_on"]).days
    if days // DAYS[step] + 1 > MOST_POINTS:
        raise invalid("/step", f"would answer more than {MOST_POINTS:,} points", slug="too_many_points")
    for day in _days(cycle["starts_on"], last, DAYS[step]):
        yield min(end_of(day), now)


def _days(first: date, last: date, step: int) -> Iterator[date]:
    day = first
    while day < last:
        yield day
        day += timedelta(days=step)
    if first <= last:
        yield last


def _walks(reading: Reading, cycle: UUID, until: datetime, objective: UUID | None, team: UUID | None) -> Walks:
    rows = reading.rows(OBJECTIVES["versions_in_cycle"], cycle=cycle, until=until)
    if objective is not None and not any(row["id"] == objective for row in rows):
        raise NotFound(f"There is no objective {objective} in this cycle.")
    parts = reading.rows(KEY_RESULTS["versions_of"], objective=objective, until=until) if objective else []
    teams = reading.rows(TEAMS["versions"], until=until) if team else []
    if team is not None and not any(row["id"] == team for row in teams):
        raise NotFound(f"There is no team {team} at these clocks.")
    return Walks(Walk(reading.rows(CYCLES["versions"], id=cycle, until=until)), Walk(rows), Walk(parts), Walk(teams))


def _point(walks: Walks, cycle: UUID, objective: UUID | None, team: UUID | None) -> dict[str, Any]:
    if cycle not in walks.cycle.now:
        return {"score": None, "objectives": {}}
    rows = [row for row in walks.objectives.now.values() if row["cycle"] == cycle]
    if objective is not None:
        one = [row for row in rows if row["id"] == objective]
        parts = [row for row in walks.key_results.now.values() if row["objective"] == objective]
        official = [scoring.official(row["score"], row["grade"]) for row in one]
        return {
            "score": six(official[0]) if official else None,
            "objectives": _scores(one),
            "key_results": _scores(parts),
        }
    if team is not None:
        subtree = _below(team, walks.teams.now)
        below = [row for row in rows if row["team"] in subtree]
        own = [row for row in below if row["team"] == team]
        return {
            "score": six(shapes.cycle_score(own)),
            "subtree_score": six(shapes.cycle_score(below)),
            "objectives": _scores(below),
        }
    return {"score": six(shapes.cycle_score(rows)), "objectives": _scores(rows)}


def _scores(rows: Iterable[Row]) -> dict[str, Decimal | None]:
    """By id, as text: these are the names of a JSON object."""
    return {str(row["id"]): six(row["score"]) for row in rows}


def _below(team: UUID, teams: Mapping[UUID, Row]) -> set[UUID]:
    found = {team}
    grown = True
    while grown:
        more = {id for id, row in teams.items() if row["parent"] in found} - found
        found |= more
        grown = bool(more)
    return found


def _expected(cycle: Row | None, at: datetime) -> Decimal | None:
    return None if cycle is None else six(shapes.when(cycle, at).expected)
