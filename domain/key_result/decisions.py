"""What may happen to a key result. Its check-ins are in `domain.key_result.check_ins`."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from domain.cycle.decisions import goals_may_change
from domain.cycle.state import Cycle
from domain.errors import Conflict
from domain.history import History
from domain.kernel import Command, Context, Decision, Kind, Ref, instant
from domain.key_result.events import (
    KeyResultAdded,
    KeyResultChanged,
    KeyResultDropped,
    KeyResultGraded,
    KeyResultRestored,
)
from domain.key_result.state import KEY_RESULT, KeyResult
from domain.kpi.state import KPI
from domain.kpi.suiting import Linkable, units_agree
from domain.loops import FOREVER
from domain.measures import AnyMeasure, MeasureInput, MeasurePatch, merged, stored
from domain.objective.alignment import no_loop
from domain.objective.decisions import belongs, changeable, cycle_of, decided
from domain.objective.state import OBJECTIVE
from domain.rules import (
    Creation,
    KeyResultRef,
    MemberRef,
    ObjectiveRef,
    TeamRef,
    created,
    differing,
    existing,
    not_before,
    reason_needed,
)
from domain.values import Note, NotNegative, Tags, Title

_UNSET: Any = None


class AddKeyResult(Creation):
    """Say how an objective is measured."""

    NAME: ClassVar[str] = "add_key_result"

    objective: ObjectiveRef
    title: Title
    measure: MeasureInput
    owner: MemberRef | None = None
    team: TeamRef | None = None
    weight: NotNegative = 1  # type: ignore[assignment]
    tags: Tags = ()


class ChangeKeyResult(Command):
    """Change something about a key result; moving the goalposts after the start needs a reason."""

    NAME: ClassVar[str] = "change_key_result"
    COPIES_TEXTS: ClassVar[bool] = True  # those of the measure, which is kept whole

    key_result: KeyResultRef
    title: Title = _UNSET
    owner: MemberRef | None = None
    team: TeamRef | None = None
    weight: NotNegative = _UNSET
    tags: Tags | None = None
    measure: MeasurePatch = _UNSET
    objective: ObjectiveRef = _UNSET
    reason: Note | None = None


class DropKeyResult(Command):
    """Stop pursuing a key result."""

    NAME: ClassVar[str] = "drop_key_result"

    key_result: KeyResultRef
    reason: Note


class RestoreKeyResult(Command):
    """Pursue a dropped key result again."""

    NAME: ClassVar[str] = "restore_key_result"

    key_result: KeyResultRef
    reason: Note


class GradeKeyResult(Command):
    """Give a key result a score that counts instead of the computed one; `null` takes it back."""

    NAME: ClassVar[str] = "grade_key_result"

    key_result: KeyResultRef
    score: NotNegative | None
    reason: Note | None = None


def cycle_now(context: Context, key_result: KeyResult) -> Cycle:
    """The cycle that the key result is in, as known now."""
    return cycle_of(context, context.look(OBJECTIVE, key_result.objective).now)


def open_to_change(context: Context, history: History[KeyResult], at: datetime | None) -> Cycle:
    """The key result's cycle. It must not be closed, nor any that the key result has been in since the instant."""
    at = at or FOREVER
    states = list(history.states_since(at))
    ends = [begin for begin, _ in states[1:]] + [FOREVER]
    for (begin, key_result), end in zip(states, ends, strict=True):
        for since, objective in context.look(OBJECTIVE, key_result.objective).states_since(max(begin, at)):
            if since < end:
                goals_may_change(cycle_of(context, objective))
    return cycle_now(context, history.now)


def not_dropped(key_result: KeyResult) -> None:
    """What is dropped takes no change but its restoring."""
    if key_result.state == "dropped":
        raise Conflict(f"The key result {key_result.id} was dropped; restore it first.", slug="dropped")


def workable(context: Context, command: Command, id: UUID) -> tuple[History[KeyResult], KeyResult, Cycle]:
    """A key result that may be changed: its history, its state then, its cycle now."""
    history, state = existing(context, command, KEY_RESULT, id)
    cycle = open_to_change(context, history, command.effective_at)
    not_dropped(history.now)
    return history, state, cycle


def add_key_result(command: AddKeyResult, context: Context) -> Decision:
    """Adds a key result to an objective that is not dropped, in a cycle that is not closed."""
    existing(context, command, OBJECTIVE, command.objective)
    ref = Ref(Kind.KEY_RESULT, command.id or context.new_id())
    event = KeyResultAdded(
        objective=command.objective,
        title=command.title,
        measure=stored(command.measure),
        owner=command.owner,
        team=command.team,
        weight=command.weight,
        tags=command.tags,
        external_id=command.external_id,
        source=context.source,
    )
    decision = created(command, context, KEY_RESULT, ref, event)
    if decision.drafts:
        changeable(context, command, command.objective)
        belongs(context, command, command.team, command.owner)
    return decision


def change_key_result(command: ChangeKeyResult, context: Context) -> Decision:
    """Changes a key result; only what differs is recorded, a measure always whole."""
    history, state = existing(context, command, KEY_RESULT, command.key_result)
    given = command.given("title", "owner", "team", "weight", "tags", "measure", "objective")
    if given.get("tags", ()) is None:
        given["tags"] = ()
    if "measure" in given:
        given["measure"] = merged(state.measure, command.measure)
    changes = differing(state, given)
    if not changes:
        return Decision(history.ref)
    cycle = workable(context, command, command.key_result)[2]
    belongs(context, command, changes.get("team"), changes.get("owner"))
    if "measure" in changes:
        _suits_link(context, history.now, changes["measure"])
    if "objective" in changes:
        _movable(command, context, history, cycle, changes["objective"])
        no_loop(command, context, history, KeyResultChanged(objective=changes["objective"]))
    posts = changes.keys() & {"measure", "weight"}
    reason_needed(command.reason, posts, lambda: cycle.started(instant(command, context)))
    if command.reason is not None:
        changes["reason"] = command.reason
    return decided(command, history.ref, KeyResultChanged(**changes))


def _suits_link(context: Context, key_result: KeyResult, measure: AnyMeasure) -> None:
    """Refuses a measure that the KPI which drives the key result now could not drive."""
    if key_result.kpi is None:
        return
    if not isinstance(measure, Linkable):
        raise Conflict(
            f"The KPI {key_result.kpi} drives the key result {key_result.id}; a measure of the type {measure.type} "
            "takes unlinking it first.",
            slug="kpi_linked",
        )
    units_agree(measure, context.look(KPI, key_result.kpi).now.unit)


def _movable(command: Command, context: Context, history: History[KeyResult], cycle: Cycle, to: UUID) -> None:
    _, _, target = changeable(context, command, to)
    not_before(command, history.now.state_since, "the key result's latest change of state")
    if target.id != cycle.id and history.now.check_ins:
        raise Conflict(
            f"The key result {history.ref.id} has check-ins already; it stays in its cycle.",
            slug="has_check_ins",
        )


def drop_key_result(command: DropKeyResult, context: Context) -> Decision:
    """Drops a key result."""
    history = _restated(command, context, command.key_result)
    if history.now.state == "dropped":
        return Decision(history.ref)
    open_to_change(context, history, command.effective_at)
    return decided(command, history.ref, KeyResultDropped(reason=command.reason))


def restore_key_result(command: RestoreKeyResult, context: Context) -> Decision:
    """Restores a dropped key result."""
    history = _restated(command, context, command.key_result)
    if history.now.state == "active":
        return Decision(history.ref)
    open_to_change(context, history, command.effective_at)
    return decided(command, history.ref, KeyResultRestored(reason=command.reason))


def _restated(command: Command, context: Context, id: UUID) -> History[KeyResult]:
    history, _ = existing(context, command, KEY_RESULT, id)
    not_before(command, history.now.state_since, "the key result's latest change of state")
    return history


def grade_key_result(command: GradeKeyResult, context: Context) -> Decision:
    """Grades a key result, or takes the grade back."""
    history, state = existing(context, command, KEY_RESULT, command.key_result)
    if state.grade == command.score:
        return Decision(history.ref)
    workable(context, command, command.key_result)
    return decided(command, history.ref, KeyResultGraded(score=command.score, reason=command.reason))
