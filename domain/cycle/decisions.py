"""What may happen to a cycle."""

from datetime import date, datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import AfterValidator, Field, StrictInt

from domain.cycle.events import (
    CycleClosed,
    CycleKind,
    CycleOpened,
    CyclePlanned,
    CycleReopened,
    CycleRescheduled,
    CycleSealed,
)
from domain.cycle.state import CYCLE, Cycle
from domain.errors import Conflict, NotFound, invalid, missing, too_early
from domain.history import History
from domain.kernel import Claim, Command, Context, Decision, Draft, Event, Kind, Ref, instant
from domain.rules import Creation, CycleRef, created, existing, not_before, supposing
from domain.scoring import POLICIES, POLICY
from domain.values import _UUID, Day, Label, Note

LABELS = "cycle_label"


def _usable(label: str) -> str:
    if "/" in label or _UUID.fullmatch(label):
        raise ValueError("must not contain a slash or be a UUID")
    return label


CycleLabel = Annotated[Label, AfterValidator(_usable)]
_UNSET: Any = None


class PlanCycle(Creation):
    """Set a period for goals."""

    NAME: ClassVar[str] = "plan_cycle"

    label: CycleLabel
    kind: CycleKind
    starts_on: Day
    ends_on: Day
    parent: CycleRef | None = None
    scoring: Label = POLICY
    check_in_every_days: Annotated[StrictInt, Field(ge=1, le=366)] = 14


class OpenCycle(Command):
    """Begin work on a cycle's goals."""

    NAME: ClassVar[str] = "open_cycle"

    cycle: CycleRef


class RescheduleCycle(Command):
    """Move a cycle's first or last day."""

    NAME: ClassVar[str] = "reschedule_cycle"

    cycle: CycleRef
    starts_on: Day = _UNSET
    ends_on: Day = _UNSET
    reason: Note


class CloseCycle(Command):
    """Close a cycle: no goal of it changes any more, and its scores are sealed."""

    NAME: ClassVar[str] = "close_cycle"

    cycle: CycleRef
    reflection: Note | None = None


class ReopenCycle(Command):
    """Open a closed cycle again, for a late correction."""

    NAME: ClassVar[str] = "reopen_cycle"

    cycle: CycleRef
    reason: Note


def cycle_id(context: Context, named: UUID | str, pointer: str = "/cycle") -> UUID:
    """The id of a cycle named by id or label."""
    if isinstance(named, UUID):
        return named
    holder = context.look.holder(LABELS, named)
    if holder is None:
        raise missing(pointer, "cycle", named)
    return holder.id


def find_cycle(
    context: Context, command: Command, named: UUID | str, pointer: str = "/cycle"
) -> tuple[History[Cycle], Cycle]:
    """A cycle named by id or label, as the command meets it."""
    return existing(context, command, CYCLE, cycle_id(context, named, pointer), pointer)


def goals_may_change(cycle: Cycle) -> None:
    """In a closed cycle goals do not change (contract, section 4); judged on what is known now."""
    if cycle.state == "closed":
        raise Conflict(f"The cycle {cycle.label} is closed; reopen it for a late correction.", slug="cycle_closed")


def plan_cycle(command: PlanCycle, context: Context) -> Decision:
    """Plans a cycle; the same label with the same kind and dates is what already is."""
    if command.ends_on < command.starts_on:
        raise invalid("/ends_on", "lies before starts_on")
    if command.scoring not in POLICIES:
        raise invalid("/scoring", f"must be one of {', '.join(POLICIES)}", slug="unknown_policy")
    parent = None
    if command.parent is not None:
        parent = find_cycle(context, command, command.parent, "/parent")[1].id
    event = CyclePlanned(
        label=command.label,
        kind=command.kind,
        starts_on=command.starts_on,
        ends_on=command.ends_on,
        parent=parent,
        scoring=command.scoring,
        check_in_every_days=command.check_in_every_days,
        external_id=command.external_id,
        source=context.source,
    )
    holder = context.look.holder(LABELS, command.label)
    if holder is not None:
        return _planned_again(context.look(CYCLE, holder.id), command)
    ref = Ref(Kind.CYCLE, command.id or context.new_id())
    return created(command, context, CYCLE, ref, event, [Claim(LABELS, command.label)])


def _planned_again(history: History[Cycle], command: PlanCycle) -> Decision:
    cycle, first = history.now, history.first.event
    asked = (command.kind, command.starts_on, command.ends_on)
    if asked not in (
        (cycle.kind, cycle.starts_on, cycle.ends_on),
        (first.kind, first.starts_on, first.ends_on),
    ):
        raise Conflict(
            f"The label {cycle.label} is taken: a {cycle.kind}, {cycle.starts_on} to {cycle.ends_on}.",
            slug="label_taken",
        )
    return Decision(Ref(Kind.CYCLE, cycle.id))


def _restated(command: Command, context: Context, named: UUID | str) -> Cycle:
    cycle = find_cycle(context, command, named)[0].now
    not_before(command, cycle.state_since, "the cycle's latest change of state")
    return cycle


def _decided(command: Command, cycle: Cycle, event: Event) -> Decision:
    ref = Ref(Kind.CYCLE, cycle.id)
    return Decision(ref, (Draft(ref, event, command.effective_at),))


def open_cycle(command: OpenCycle, context: Context) -> Decision:
    """Opens a planned cycle."""
    cycle = _restated(command, context, command.cycle)
    if cycle.state == "open":
        return Decision(Ref(Kind.CYCLE, cycle.id))
    if cycle.state == "closed":
        raise Conflict(f"The cycle {cycle.label} is closed; reopen it, with a reason.", slug="cycle_closed")
    return _decided(command, cycle, CycleOpened())


def reschedule_cycle(command: RescheduleCycle, context: Context) -> Decision:
    """Moves the first or the last day of a cycle that is not closed."""
    history, then = find_cycle(context, command, command.cycle)
    days: dict[str, date] = command.given("starts_on", "ends_on")
    changes = {name: day for name, day in days.items() if getattr(then, name) != day}
    if not changes:
        return Decision(history.ref)
    goals_may_change(history.now)
    event = CycleRescheduled(**changes, reason=command.reason)
    for _, cycle in supposing(history, command, context, event).states_since(instant(command, context)):
        if cycle.ends_on < cycle.starts_on:
            raise invalid("/ends_on" if "ends_on" in changes else "/starts_on", "would end the cycle before it starts")
    return _decided(command, then, event)


def close_cycle(command: CloseCycle, context: Context) -> Decision:
    """Closes an open cycle, not before anything that happened in it."""
    cycle = _restated(command, context, command.cycle)
    if cycle.state == "closed":
        return Decision(Ref(Kind.CYCLE, cycle.id))
    if cycle.state == "planned":
        raise Conflict(f"The cycle {cycle.label} was never opened.", slug="cycle_not_open")
    if command.effective_at is not None:
        last = context.look.last_effective_in(cycle.id)
        if last is not None and command.effective_at < last:
            raise too_early(f"lies before the latest event in the cycle, of {_shown(last)}")
    return _decided(command, cycle, CycleClosed(reflection=command.reflection))


def _shown(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def reopen_cycle(command: ReopenCycle, context: Context) -> Decision:
    """Opens a closed cycle again."""
    cycle = _restated(command, context, command.cycle)
    if cycle.state == "open":
        return Decision(Ref(Kind.CYCLE, cycle.id))
    if cycle.state == "planned":
        raise Conflict(f"The cycle {cycle.label} is not closed but planned.", slug="cycle_not_closed")
    return _decided(command, cycle, CycleReopened(reason=command.reason))


def seal_cycle(seal: CycleSealed, closed_at: datetime, history: History[Cycle]) -> Decision:
    """Writes down the scores of one close; once for each close. Not a command: the close asks for it."""
    closing = next((c for c in history.now.closings if c.position == seal.closed_position), None)
    if closing is None:
        raise NotFound(f"The cycle {history.now.label} has no close at position {seal.closed_position}.")
    if closing.sealed:
        return Decision(history.ref)
    return Decision(history.ref, (Draft(history.ref, seal, closed_at),))
