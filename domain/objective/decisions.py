"""What may happen to an objective. Carrying one forward is in `domain.objective.carrying`."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from domain.cycle.decisions import find_cycle, goals_may_change
from domain.cycle.state import CYCLE, Cycle
from domain.errors import Conflict
from domain.history import History
from domain.kernel import Command, Context, Decision, Draft, Event, Kind, Ref, instant
from domain.key_result.state import KEY_RESULT
from domain.loops import FOREVER
from domain.member.state import MEMBER
from domain.objective.alignment import find_aligned, no_loop
from domain.objective.events import (
    Commitment,
    ObjectiveChanged,
    ObjectiveDropped,
    ObjectiveGraded,
    ObjectiveMoved,
    ObjectiveRestored,
    ObjectiveSet,
)
from domain.objective.state import OBJECTIVE, Objective
from domain.rules import (
    AlignedRef,
    Creation,
    CycleRef,
    MemberRef,
    ObjectiveRef,
    TeamRef,
    created,
    differing,
    existing,
    not_before,
    reason_needed,
)
from domain.team.decisions import active_team
from domain.values import Note, NotNegative, Tags, Title

_UNSET: Any = None


class SetObjective(Creation):
    """Set what is to be achieved in a cycle."""

    NAME: ClassVar[str] = "set_objective"

    cycle: CycleRef
    title: Title
    description: Note | None = None
    team: TeamRef | None = None
    owner: MemberRef | None = None
    commitment: Commitment = "aspirational"
    weight: NotNegative = 1  # type: ignore[assignment]
    aligned_to: AlignedRef | None = None
    tags: Tags = ()


class ChangeObjective(Command):
    """Change something about an objective; moving the goalposts after the start needs a reason."""

    NAME: ClassVar[str] = "change_objective"

    objective: ObjectiveRef
    title: Title = _UNSET
    description: Note | None = None
    team: TeamRef | None = None
    owner: MemberRef | None = None
    commitment: Commitment = _UNSET
    weight: NotNegative = _UNSET
    aligned_to: AlignedRef | None = None
    tags: Tags | None = None
    reason: Note | None = None


class MoveObjective(Command):
    """Move an objective without check-ins into another cycle."""

    NAME: ClassVar[str] = "move_objective"

    objective: ObjectiveRef
    cycle: CycleRef


class DropObjective(Command):
    """Stop pursuing an objective; its key results stay as they are."""

    NAME: ClassVar[str] = "drop_objective"

    objective: ObjectiveRef
    reason: Note


class RestoreObjective(Command):
    """Pursue a dropped objective again."""

    NAME: ClassVar[str] = "restore_objective"

    objective: ObjectiveRef
    reason: Note


class GradeObjective(Command):
    """Give an objective a score that counts instead of the computed one; `null` takes it back."""

    NAME: ClassVar[str] = "grade_objective"
    COPIES_TEXTS: ClassVar[bool] = True

    objective: ObjectiveRef
    score: NotNegative | None
    reflection: Note | None = None


def belongs(context: Context, command: Command, team: UUID | None, owner: UUID | None) -> None:
    """Checks that the team and the owner that a command names exist, then and now."""
    if team is not None:
        active_team(context, command, team)
    if owner is not None:
        member, _ = existing(context, command, MEMBER, owner, "/owner")
        if member.now.state == "erased":
            raise Conflict(f"The member {owner} was erased.", slug="erased")


def cycle_of(context: Context, objective: Objective) -> Cycle:
    """The objective's cycle, as it is known now."""
    return context.look(CYCLE, objective.cycle).now


def not_dropped(objective: Objective) -> None:
    """What is dropped takes no change but its restoring."""
    if objective.state == "dropped":
        raise Conflict(f"The objective {objective.id} was dropped; restore it first.", slug="dropped")


def changeable(context: Context, command: Command, id: UUID) -> tuple[History[Objective], Objective, Cycle]:
    """An objective that may be changed: its history, its state then, its cycle now."""
    history, state = existing(context, command, OBJECTIVE, id)
    cycle = open_to_change(context, history, command.effective_at)
    not_dropped(history.now)
    return history, state, cycle


def open_to_change(context: Context, history: History[Objective], at: datetime | None) -> Cycle:
    """The objective's cycle. It must not be closed, nor any that the objective has been in since the instant."""
    for _, objective in history.states_since(at or FOREVER):
        goals_may_change(cycle_of(context, objective))
    return cycle_of(context, history.now)


def decided(command: Command, ref: Ref, event: Event) -> Decision:
    """One event of the thing that the command acts on."""
    return Decision(ref, (Draft(ref, event, command.effective_at),))


def set_objective(command: SetObjective, context: Context) -> Decision:
    """Sets an objective in a planned or open cycle."""
    cycles, cycle = find_cycle(context, command, command.cycle)
    ref = Ref(Kind.OBJECTIVE, command.id or context.new_id())
    event = ObjectiveSet(
        cycle=cycle.id,
        title=command.title,
        description=command.description,
        team=command.team,
        owner=command.owner,
        commitment=command.commitment,
        weight=command.weight,
        aligned_to=command.aligned_to,
        tags=command.tags,
        external_id=command.external_id,
        source=context.source,
    )
    decision = created(command, context, OBJECTIVE, ref, event)
    if decision.drafts:
        goals_may_change(cycles.now)
        belongs(context, command, command.team, command.owner)
        if command.aligned_to is not None:
            find_aligned(context, command, command.aligned_to)
    return decision


def change_objective(command: ChangeObjective, context: Context) -> Decision:
    """Changes an objective; only what differs is recorded."""
    history, state = existing(context, command, OBJECTIVE, command.objective)
    given = command.given("title", "description", "team", "owner", "commitment", "weight", "aligned_to", "tags")
    if given.get("tags", ()) is None:
        given["tags"] = ()
    changes = differing(state, given)
    if not changes:
        return Decision(history.ref)
    _, state, cycle = changeable(context, command, command.objective)
    belongs(context, command, changes.get("team"), changes.get("owner"))
    posts = changes.keys() & {"commitment", "weight"}
    reason_needed(command.reason, posts, lambda: cycle.started(instant(command, context)))
    if command.reason is not None:
        changes["reason"] = command.reason
    event = ObjectiveChanged(**changes)
    if changes.get("aligned_to") is not None:
        find_aligned(context, command, changes["aligned_to"])
        no_loop(command, context, history, event)
    return decided(command, history.ref, event)


def move_objective(command: MoveObjective, context: Context) -> Decision:
    """Moves an objective, as long as nobody has checked in on it."""
    history, _ = existing(context, command, OBJECTIVE, command.objective)
    target, _ = find_cycle(context, command, command.cycle)
    not_before(command, history.now.state_since, "the objective's latest change of state")
    if history.now.cycle == target.now.id:
        return Decision(history.ref)
    changeable(context, command, command.objective)
    goals_may_change(target.now)
    for id in context.look.children(history.ref, Kind.KEY_RESULT):
        key_result = context.look(KEY_RESULT, id).now
        if key_result.objective == command.objective and key_result.check_ins:
            raise Conflict(f"The objective {command.objective} has check-ins already.", slug="has_check_ins")
    return decided(command, history.ref, ObjectiveMoved(cycle=target.now.id))


def drop_objective(command: DropObjective, context: Context) -> Decision:
    """Drops an objective."""
    history = _restated(command, context, command.objective)
    if history.now.state == "dropped":
        return Decision(history.ref)
    goals_may_change(cycle_of(context, history.now))
    return decided(command, history.ref, ObjectiveDropped(reason=command.reason))


def restore_objective(command: RestoreObjective, context: Context) -> Decision:
    """Restores a dropped objective."""
    history = _restated(command, context, command.objective)
    if history.now.state == "active":
        return Decision(history.ref)
    goals_may_change(cycle_of(context, history.now))
    return decided(command, history.ref, ObjectiveRestored(reason=command.reason))


def _restated(command: Command, context: Context, id: UUID) -> History[Objective]:
    history, _ = existing(context, command, OBJECTIVE, id)
    not_before(command, history.now.state_since, "the objective's latest change of state")
    return history


def grade_objective(command: GradeObjective, context: Context) -> Decision:
    """Grades an objective, or takes the grade back."""
    history, state = existing(context, command, OBJECTIVE, command.objective)
    reflection = command.reflection if "reflection" in command.model_fields_set else state.reflection
    if (state.grade, state.reflection) == (command.score, reflection):
        return Decision(history.ref)
    changeable(context, command, command.objective)
    return decided(command, history.ref, ObjectiveGraded(score=command.score, reflection=reflection))
