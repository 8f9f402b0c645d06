"""What suits what: a target its KPI's direction, a KPI's unit the measure of a key result."""

from domain.errors import Conflict, Fault
from domain.kpi.events import Direction
from domain.kpi.state import Target
from domain.measures import AnyMeasure, Between, Metric, Threshold

Linkable = Metric | Threshold | Between
"""The measures whose values are plain numbers, as a KPI's are."""


def faults_of(direction: Direction, target: Target) -> list[Fault]:
    """What is wrong with a target for a KPI of that direction, as places in the command that sets it."""
    faults = _of_a_range(target) if direction == "maintain" else _of_a_number(direction, target)
    if target.until is not None and target.until < target.since:
        faults.append(Fault("/to", "lies before from"))
    return faults


def _of_a_range(target: Target) -> list[Fault]:
    faults = [
        Fault(f"/{name}", "is needed for a KPI to maintain")
        for name, end in (("low", target.low), ("high", target.high))
        if end is None
    ]
    if target.low is not None and target.high is not None and target.high < target.low:
        faults.append(Fault("/high", "must not be below low"))
    if target.target is not None:
        faults.append(Fault("/target", "has no meaning for a KPI to maintain: it takes low and high"))
    if target.at_risk is not None:
        faults.append(Fault("/at_risk", "has no meaning for a KPI to maintain"))
    return faults


def _of_a_number(direction: Direction, target: Target) -> list[Fault]:
    faults = [
        Fault(f"/{name}", f"has no meaning for a KPI to {direction}: it takes target")
        for name, end in (("low", target.low), ("high", target.high))
        if end is not None
    ]
    if target.target is None:
        faults.append(Fault("/target", f"is needed for a KPI to {direction}"))
    elif target.at_risk is not None:
        if direction == "increase" and target.at_risk > target.target:
            faults.append(Fault("/at_risk", "must not be above target"))
        if direction == "decrease" and target.at_risk < target.target:
            faults.append(Fault("/at_risk", "must not be below target"))
    return faults


def unit_of(measure: AnyMeasure) -> str | None:
    """The measure's unit; those of other types than a KPI can drive have none."""
    return measure.unit if isinstance(measure, Linkable) else None


def units_differ(measure: AnyMeasure, unit: str | None) -> bool:
    """Whether a measure and a KPI both name a unit, and not the same."""
    return None not in (unit, unit_of(measure)) and unit != unit_of(measure)


def units_agree(measure: AnyMeasure, unit: str | None) -> None:
    """Refuses a KPI in another unit than the measure."""
    if units_differ(measure, unit):
        raise Conflict(f"The measure is in {unit_of(measure)}, the KPI in {unit}.", slug="units_differ")
