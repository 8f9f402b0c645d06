"""A cycle as its facts make it."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal, assert_never
from uuid import UUID

from domain.cycle.events import (
    CycleClosed,
    CycleEvent,
    CycleKind,
    CycleOpened,
    CyclePlanned,
    CycleReopened,
    CycleRescheduled,
    CycleSealed,
)
from domain.kernel import Fact, Fold, Kind
from domain.scoring import start_of


@dataclass(frozen=True, slots=True)
class Closing:
    """One close: where it stands in the ledger and when it took effect."""

    position: int
    effective_at: datetime
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class Cycle:
    """A period for goals. `state_since`: when the latest opening, closing or reopening took effect."""

    id: UUID
    label: str
    kind: CycleKind
    starts_on: date
    ends_on: date
    parent: UUID | None
    scoring: str
    check_in_every_days: int
    external_id: str | None
    state: Literal["planned", "open", "closed"]
    state_since: datetime
    closings: tuple[Closing, ...] = ()

    def started(self, instant: datetime) -> bool:
        """Whether the cycle has begun: from the first moment of `starts_on`."""
        return instant >= start_of(self.starts_on)

    @property
    def unsealed(self) -> tuple[Closing, ...]:
        """The closes whose scores have not been written down yet."""
        return tuple(closing for closing in self.closings if not closing.sealed)


def evolve(cycle: Cycle | None, fact: Fact[CycleEvent]) -> Cycle:
    """The cycle after the fact."""
    event = fact.event
    if isinstance(event, CyclePlanned):
        return Cycle(
            id=fact.stream.id,
            label=event.label,
            kind=event.kind,
            starts_on=event.starts_on,
            ends_on=event.ends_on,
            parent=event.parent,
            scoring=event.scoring,
            check_in_every_days=event.check_in_every_days,
            external_id=event.external_id,
            state="planned",
            state_since=fact.effective_at,
        )
    assert cycle is not None  # noqa: S101
    match event:
        case CycleOpened() | CycleReopened():
            return replace(cycle, state="open", state_since=fact.effective_at)
        case CycleRescheduled():
            changes = {name: day for name, day in event.given().items() if name != "reason"}
            return replace(cycle, **changes)
        case CycleClosed():
            closing = Closing(fact.position, fact.effective_at)
            return replace(cycle, state="closed", state_since=fact.effective_at, closings=(*cycle.closings, closing))
        case CycleSealed():
            closings = tuple(
                replace(c, sealed=True) if c.position == event.closed_position else c for c in cycle.closings
            )
            return replace(cycle, closings=closings)
        case _:
            assert_never(event)


CYCLE = Fold(Kind.CYCLE, evolve)
