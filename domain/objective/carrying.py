"""Carrying an objective forward into a later cycle: a new objective there that names the old one.

Nothing is written in the old cycle, which may be closed. The same objective is carried into the same cycle
once: its new id, unless the caller names one, follows from the two, so asking again changes nothing.

`restart` keeps each key result's measure as it was; `from_current` lets a metric begin where the old one
stands, unless it stands on its target already (a baseline must differ from its target).
"""

from typing import ClassVar, Literal
from uuid import UUID, uuid5

from domain.cycle.decisions import find_cycle, goals_may_change
from domain.errors import Conflict
from domain.kernel import Context, Decision, Draft, Fact, Kind, Ref
from domain.key_result.events import KeyResultAdded
from domain.key_result.state import KEY_RESULT, KeyResult
from domain.measures import AnyMeasure, Metric
from domain.objective.events import ObjectiveSet
from domain.objective.state import OBJECTIVE
from domain.rules import Creation, CycleRef, ObjectiveRef, created, existing, then

Baseline = Literal["restart", "from_current"]


class CarryForward(Creation):
    """Continue an objective, with its active key results, in another cycle."""

    NAME: ClassVar[str] = "carry_forward"
    COPIES_TEXTS: ClassVar[bool] = True

    objective: ObjectiveRef
    to_cycle: CycleRef
    baseline: Baseline


def carry_forward(command: CarryForward, context: Context) -> Decision:
    """Makes the new objective and its key results in `to_cycle`."""
    history, old = existing(context, command, OBJECTIVE, command.objective)
    cycles, cycle = find_cycle(context, command, command.to_cycle, "/to_cycle")
    if cycle.id == old.cycle:
        raise Conflict(f"The objective {old.id} is in the cycle {cycle.label} already.", slug="same_cycle")
    ref = Ref(Kind.OBJECTIVE, command.id or uuid5(old.id, f"carry_forward:{cycle.id}"))
    known = context.look(OBJECTIVE, ref.id)
    if known.exists and _carried(known.first, command, cycle.id):
        return Decision(ref)
    goals_may_change(cycles.now)
    event = ObjectiveSet(
        cycle=cycle.id,
        title=old.title,
        description=old.description,
        team=old.team,
        owner=old.owner,
        commitment=old.commitment,
        weight=old.weight,
        aligned_to=None,
        tags=old.tags,
        carried_from=old.id,
        baseline=command.baseline,
        external_id=command.external_id,
        source=context.source,
    )
    decision = created(command, context, OBJECTIVE, ref, event)
    added = tuple(_key_results(command, context, history.ref, ref))
    return Decision(ref, decision.drafts + added, created=True)


def _carried(first: Fact[ObjectiveSet], command: CarryForward, cycle: UUID) -> bool:
    """Whether the objective was carried forward just so, whatever has become of the old one since."""
    event = first.event
    made = (event.carried_from, event.cycle, event.baseline, event.external_id)
    asked = (command.objective, cycle, command.baseline, command.external_id)
    return made == asked and command.effective_at in (None, first.effective_at)


def _key_results(command: CarryForward, context: Context, old: Ref, new: Ref) -> list[Draft]:
    drafts = []
    for id in context.look.children(old, Kind.KEY_RESULT):
        key_result = then(context.look(KEY_RESULT, id), command)
        if key_result is None or key_result.state == "dropped" or key_result.objective != old.id:
            continue
        event = KeyResultAdded(
            objective=new.id,
            title=key_result.title,
            measure=_measure(key_result, command.baseline),
            owner=key_result.owner,
            team=key_result.team,
            weight=key_result.weight,
            tags=key_result.tags,
            carried_from=key_result.id,
            external_id=None,
            source=context.source,
        )
        drafts.append(Draft(Ref(Kind.KEY_RESULT, uuid5(new.id, str(id))), event, command.effective_at))
    return drafts


def _measure(key_result: KeyResult, baseline: Baseline) -> AnyMeasure:
    measure, value = key_result.measure, key_result.value
    if baseline == "restart" or not isinstance(measure, Metric) or value in (None, measure.target):
        return measure
    return measure.model_copy(update={"baseline": value})
