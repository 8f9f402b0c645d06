"""What happens to a cycle."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from domain.kernel import Event
from domain.values import Day, Id, Label, Number, Text

CycleKind = Literal["quarter", "half", "year", "custom"]


class CyclePlanned(Event):
    """A period for goals was set: its label, its first and last day, how it is scored."""

    TOPIC: ClassVar[str] = "cycle.planned"

    label: Label
    kind: CycleKind
    starts_on: Day
    ends_on: Day
    parent: Id | None
    scoring: Label
    check_in_every_days: int
    external_id: Label | None
    source: Label


class CycleOpened(Event):
    """Work on the cycle's goals began."""

    TOPIC: ClassVar[str] = "cycle.opened"


class CycleRescheduled(Event):
    """The cycle's first or last day was moved, for a reason."""

    TOPIC: ClassVar[str] = "cycle.rescheduled"

    starts_on: Day = date.min
    ends_on: Day = date.max
    reason: Text


class CycleClosed(Event):
    """The cycle was closed: its goals do not change any more."""

    TOPIC: ClassVar[str] = "cycle.closed"

    reflection: Text | None


class CycleReopened(Event):
    """A closed cycle was opened again to let a late correction in."""

    TOPIC: ClassVar[str] = "cycle.reopened"

    reason: Text


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SealedKeyResult(_Part):
    """A key result as sealed: its value, in the field that suits its measure (a graded one's in `value`)."""

    id: UUID
    value: Number | None = None
    completed: tuple[Label, ...] | None = None
    done: bool | None = None
    zone: Label | None = None
    score: Number
    grade: Number | None


class SealedObjective(_Part):
    """An objective as sealed."""

    id: UUID
    score: Number
    grade: Number | None
    key_results: tuple[SealedKeyResult, ...]


class CycleSealed(Event):
    """The scores of a closed cycle were written down, as of the close."""

    TOPIC: ClassVar[str] = "cycle.sealed"

    closed_position: int
    policy: Label
    score: Number | None
    objectives: tuple[SealedObjective, ...]


CycleEvent = CyclePlanned | CycleOpened | CycleRescheduled | CycleClosed | CycleReopened | CycleSealed
