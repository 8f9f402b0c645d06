"""What is put together of several resources, and what happened: boards, reports, events, the ledger."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from api.shapes.base import AsOf, Score, Shape, Text
from api.shapes.resources import CheckIn, Cycle, Objective, Team


class CycleScore(Shape):
    """A cycle inside another, in short."""

    id: UUID
    label: str
    score: Score | None


class Board(Shape):
    """A cycle with everything in it, at both clocks."""

    cycle: Cycle
    as_of: AsOf
    valid_at: datetime
    score: Score | None
    expected: Score
    objectives: list[Objective]
    cycles: list[CycleScore]


class TeamScore(Shape):
    """A team below, in short."""

    id: UUID
    score: Score | None


class TeamBoard(Shape):
    """A team's objectives in a cycle and those of the teams below it."""

    team: Team
    cycle: Cycle
    as_of: AsOf
    valid_at: datetime
    score: Score | None
    subtree_score: Score | None
    expected: Score
    objectives: list[Objective]
    teams: list[TeamScore]


class Said(CheckIn):
    """A check-in in a report, with what it is about."""

    title: Text
    objective: UUID


class Moved(Shape):
    """An objective whose score moved in the period."""

    id: UUID
    title: Text
    cycle: UUID
    old: Score | None
    new: Score | None


class Stale(Shape):
    """A key result that nobody has checked in on for too long."""

    id: UUID
    title: Text
    objective: UUID
    checked_in_at: datetime | None


class Report(Shape):
    """The status report of a team, and of those below it, for a period."""

    model_config = ConfigDict(extra="forbid", serialize_by_alias=True)

    team: Team
    from_: AsOf | None = Field(alias="from")
    to: AsOf
    from_valid: datetime | None
    to_valid: datetime
    as_of: AsOf
    check_ins: list[Said]
    moved: list[Moved]
    stale: list[Stale]


class Change(Shape):
    """One field's change."""

    field: str
    old: Any
    new: Any


class HistoryItem(Shape):
    """One event of a resource, as a reader sees it."""

    position: int
    recorded_at: datetime
    effective_at: datetime
    reported_at: datetime | None
    actor: UUID
    on_behalf_of: UUID | None
    type: str
    kind: str
    id: UUID
    version: int
    reason: Text | None
    summary: str
    changes: list[Change]


class Event(Shape):
    """One event of the ledger as CloudEvents 1.0 have it."""

    specversion: Literal["1.0"]
    id: UUID
    source: str
    type: str
    subject: str
    time: datetime
    datacontenttype: Literal["application/json"]
    data: dict[str, Any]
    position: int
    recordedat: datetime
    effectiveat: datetime
    reportedat: datetime | None
    actor: UUID
    onbehalfof: UUID | None
    version: int
    schemaversion: int


class Book(Shape):
    """A read model, and how far it is."""

    name: str
    version: int
    position: int
    lag: int
    state: str
    error: str | None


class Lease(Shape):
    """Which process projects, and since when."""

    holder: str
    since: datetime


class Sealing(Shape):
    """How far the ledger is sealed: `state` live, behind or stopped; `error` why, if this process stopped."""

    state: Literal["live", "behind", "stopped"]
    position: int
    lag: int
    error: str | None


class ReplicaStanding(Shape):
    """How the replica is that reads with `as_of` go to: `lag` in events; `error` why it is asked little or nothing."""

    state: Literal["live", "behind", "unreachable", "not_a_replica", "other_ledger"]
    position: int
    lag: int
    error: str | None


class LedgerStatus(Shape):
    """The ledger's head, the root of its newest checkpoint, and the books."""

    position: int
    recorded_at: datetime | None
    root: str | None
    checkpoint_position: int | None
    projector: Lease | None
    sealer: Sealing
    replica: ReplicaStanding | None
    books: list[Book]
