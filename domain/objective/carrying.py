"""Carrying an objective forward into a later cycle: a new objective there that names the old one.

Nothing is written in the old cycle, which may be closed. The same objective is carried into the same cycle
once: its new id, unless the caller names one, follows from the two, so asking again changes nothing.

`restart` keeps each key result's measure as it was; `from_current` lets a metric begin where the old one
stands, unless it stands on its target already (a baseline must differ from its target). A KPI that drives the old key
result now goes on to drive the new one.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import ClassVar, Literal
from uuid import UUID, uuid5

from domain.cycle.decisions import find_cycle, goals_may_change
from domain.cycle.state import CYCLE
from domain.errors import Conflict
from domain.kernel import Context, Decision, Draft, Fact, Kind, Ref
from domain.key_result.events import KeyResultAdded, KpiLinked
from domain.key_result.state import KEY_RESULT, KeyResult, Link
from domain.key_result.value import value_in_effect
from domain.kpi.state import KPI
from domain.kpi.suiting import Linkable, units_differ
from domain.loops import FOREVER
from domain.measurements.reading import latest_point
from domain.measures import AnyMeasure, Metric
from domain.objective.events import ObjectiveSet
from domain.objective.state import OBJECTIVE, Objective
from domain.rules import Creation, CycleRef, ObjectiveRef, created, existing, then

_AFTER_ALL = 2**63
"""Beyond every position: at the asked instant, everything counts."""

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
    _, old = existing(context, command, OBJECTIVE, command.objective)
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
    added = tuple(_key_results(command, context, old, ref))
    return Decision(ref, decision.drafts + added, created=True)


def _carried(first: Fact[ObjectiveSet], command: CarryForward, cycle: UUID) -> bool:
    """Whether the objective was carried forward just so, whatever has become of the old one since."""
    event = first.event
    made = (event.carried_from, event.cycle, event.baseline, event.external_id)
    asked = (command.objective, cycle, command.baseline, command.external_id)
    return made == asked and command.effective_at in (None, first.effective_at)


def _key_results(command: CarryForward, context: Context, old: Objective, new: Ref) -> list[Draft]:
    measured = _measured(command, context, old)
    drafts = []
    for id in context.look.children(Ref(Kind.OBJECTIVE, old.id), Kind.KEY_RESULT):
        history = context.look(KEY_RESULT, id)
        key_result = then(history, command)
        if key_result is None or key_result.state == "dropped" or key_result.objective != old.id:
            continue
        event = KeyResultAdded(
            objective=new.id,
            title=key_result.title,
            measure=_measure(key_result, command.baseline, measured),
            owner=key_result.owner,
            team=key_result.team,
            weight=key_result.weight,
            tags=key_result.tags,
            carried_from=key_result.id,
            external_id=None,
            source=context.source,
        )
        ref = Ref(Kind.KEY_RESULT, uuid5(new.id, str(id)))
        drafts.append(Draft(ref, event, command.effective_at))
        kpi = history.now.kpi
        if kpi is not None and _goes_on(command, context, kpi, event.measure):
            linked = KpiLinked(link=context.new_id(), kpi=kpi, reason=None)
            drafts.append(Draft(ref, linked, command.effective_at))
    return drafts


def _goes_on(command: CarryForward, context: Context, kpi: UUID, measure: AnyMeasure) -> bool:
    """Whether a KPI can drive the new key result: it existed then, is not retired now, and suits the measure."""
    history = context.look(KPI, kpi)
    if then(history, command) is None or history.now.state == "retired":
        return False
    return isinstance(measure, Linkable) and not units_differ(measure, history.now.unit)


def _measure(key_result: KeyResult, baseline: Baseline, measured: Callable[[Link], Decimal | None]) -> AnyMeasure:
    measure = key_result.measure
    if baseline == "restart" or not isinstance(measure, Metric):
        return measure
    value, _ = value_in_effect(key_result, measured)
    if value in (None, measure.target):
        return measure
    return measure.model_copy(update={"baseline": value})


def _measured(command: CarryForward, context: Context, objective: Objective) -> Callable[[Link], Decimal | None]:
    """What a link's KPI says as the command meets it, up to the last day of the old cycle."""
    asked = (command.effective_at or FOREVER, _AFTER_ALL)

    def measured(link: Link) -> Decimal | None:
        cycle = then(context.look(CYCLE, objective.cycle), command)
        assert cycle is not None  # noqa: S101  # no objective precedes its cycle
        point = latest_point(context, link.kpi, min(asked, link.until or asked), cycle.ends_on)
        return point[1] if point is not None else None

    return measured
