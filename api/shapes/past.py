"""Past quarters: seals, scores over time, and what differs between two views."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from api.shapes.base import AsOf, Exact, Score, Shape
from api.shapes.measures import Value
from domain.cycle.events import CycleKind

Scores = dict[UUID, Score]
"""The computed score of each, by its id."""


class SealedKeyResult(Shape):
    """A key result as sealed; `value` whatever the measure's field, or the KPI's."""

    id: UUID
    value: Value | None
    score: Score
    grade: Exact | None


class SealedObjective(Shape):
    """An objective as sealed."""

    id: UUID
    score: Score
    grade: Exact | None
    key_results: list[SealedKeyResult]


class ScoreParts(Shape):
    """What a change of a score is made of; the parts add up to it exactly."""

    value: Exact
    goalpost: Exact
    weight: Exact
    structure: Exact
    correction: Exact
    policy: Exact


class Seal(Shape):
    """A closing: what was sealed, and the score of the same instant by what is known now, with the change in parts."""

    position: int
    sealed_at: datetime
    recorded_at: datetime
    policy: str
    score: Score | None
    restated_score: Score | None
    change: Exact
    parts: ScoreParts
    objectives: list[SealedObjective]


class Seals(Shape):
    """Every closing of a cycle, oldest first."""

    items: list[Seal]
    as_of: AsOf
    valid_at: datetime


class SeriesPoint(Shape):
    """The end of a day, or of today, now. Before the cycle was planned its scores are null.

    `key_results` is there in the series of an objective, `subtree_score` in that of a team.
    """

    at: datetime
    score: Score | None
    expected: Score | None
    objectives: Scores
    key_results: Scores | None = None
    subtree_score: Score | None = None


class Series(Shape):
    """The scores of a cycle over time."""

    cycle: UUID
    as_of: AsOf
    valid_at: datetime
    step: Literal["day", "week"]
    points: list[SeriesPoint]


class TeamQuarter(Shape):
    """A cycle in a team's history: its score as sealed at the latest close, and as known now."""

    cycle: UUID
    label: str
    kind: CycleKind
    starts_on: date
    ends_on: date
    state: Literal["planned", "open", "closed"]
    position: int | None
    sealed_at: datetime | None
    sealed_score: Score | None
    sealed_subtree_score: Score | None
    score: Score | None
    subtree_score: Score | None


class TeamSeries(Shape):
    """A team's cycles, by their first days."""

    items: list[TeamQuarter]
    as_of: AsOf
    valid_at: datetime


class End(Shape):
    """One end of a comparison."""

    as_of: AsOf
    valid_at: datetime


class ScoreChange(Shape):
    """A score at both ends."""

    old: Score | None
    new: Score | None


class Named(Shape):
    """A thing."""

    kind: Literal["cycle", "team", "objective", "key_result", "check_in", "initiative"]
    id: UUID


class Added(Named):
    """A thing that is at the later end only, whole."""

    value: dict[str, Any]


class FieldChange(Named):
    """A field that reads otherwise at the later end."""

    field: str
    old: Any
    new: Any


class Diff(Shape):
    """What differs between two views."""

    model_config = ConfigDict(extra="forbid", serialize_by_alias=True)

    from_: End = Field(alias="from")
    to: End
    score: ScoreChange
    added: list[Added]
    removed: list[Named]
    changed: list[FieldChange]


class TeamDiff(Diff):
    """The same of a team's board: `subtree_score` is over the objectives of the teams below as well."""

    subtree_score: ScoreChange
