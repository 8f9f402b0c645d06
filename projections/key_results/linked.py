"""Key results that a KPI drives: whose value is measured and not checked in, while a link holds and after it.

At a place in the fold a linked key result has the value of its KPI's latest point by then, up to the last day of its
cycle. After a link has ended it keeps what the KPI's value was at that place, with later restatements of that
point (contract, section 4). So it gets versions from its KPI's points and from its cycle's dates, besides its own
events.
"""

import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.cycle.events import CycleRescheduled
from domain.cycle.state import CYCLE
from domain.kernel import Fact, Kind, Ref
from domain.key_result.state import KeyResult, Link
from domain.measurements.events import MeasurementRestated, MeasurementsRecorded
from domain.objective.events import ObjectiveMoved, ObjectiveSet
from domain.objective.state import OBJECTIVE
from domain.scoring import end_of
from projections.track import Key, Track
from projections.world import World, first_day

Part = Track[KeyResult]
CHANGING = (MeasurementsRecorded, MeasurementRestated, CycleRescheduled, ObjectiveMoved)
"""The events of other things that may change a linked key result."""


def changed_by(fact: Fact[Any], world: World) -> Iterable[Part]:
    """The linked key results that a fact of something else may change."""
    match fact.stream.kind:
        case Kind.MEASUREMENTS:
            kpi, begin, day = fact.event.kpi, world.begin(fact), first_day(fact.event)
            return [part for part in world.driven(kpi) if _hangs_on(part, kpi, begin, day, world)]
        case Kind.CYCLE if isinstance(fact.event, CycleRescheduled):
            goals = world.in_cycle(fact.stream.id)
        case Kind.OBJECTIVE if isinstance(fact.event, ObjectiveMoved):
            goals = (fact.stream.id,)
        case _:
            return ()
    parts = {part.ref: part for goal in goals for part in world.key_results(goal) if world.kpis(part.ref.id)}
    return parts.values()


def _hangs_on(part: Part, kpi: UUID, begin: Key, day: date, world: World) -> bool:
    """Whether points from a place on, and from a day on, may be among those that give the key result its value."""
    if not any(link.kpi == kpi and (link.until is None or begin <= link.until) for link in part.latest.links):
        return False
    return day <= _last_day(part, world)


def _last_day(part: Part, world: World) -> date:
    """The latest last day that any cycle of the key result ever had: no point after it counts."""
    days: list[date] = [
        fact.event.ends_on
        for objective in world.objectives(part.ref.id)
        for cycle in _cycles_of(objective, world)
        for fact in world.track(CYCLE, cycle).facts
        if "ends_on" in fact.event.model_fields_set
    ]
    return max(days)


def _cycles_of(objective: UUID, world: World) -> set[Ref]:
    """Every cycle that an objective was ever in."""
    facts = world.track(OBJECTIVE, Ref(Kind.OBJECTIVE, objective)).facts
    return {Ref(Kind.CYCLE, f.event.cycle) for f in facts if isinstance(f.event, ObjectiveSet | ObjectiveMoved)}


def keys_of(part: Part, key: Key, world: World) -> Sequence[Key]:
    """Where versions of a key result may begin, from a place in the fold on."""
    own = part.keys_from(key)
    if not world.kpis(part.ref.id):
        return own
    keys = set(own)
    last = (end_of(_last_day(part, world)), sys.maxsize)
    for link in part.latest.links:
        until = last if link.until is None else min(link.until, last)
        points = world.series(link.kpi).keys_from(max(key, link.since))
        keys.update(points[: bisect_right(points, until)])
    for objective in world.objectives(part.ref.id):
        keys.update(world.track(OBJECTIVE, Ref(Kind.OBJECTIVE, objective)).keys_from(key))
        for cycle in _cycles_of(objective, world):
            keys.update(world.track(CYCLE, cycle).keys_from(key))
    return sorted(keys)


def measured(part: Part, key: Key, world: World) -> Callable[[Link], Decimal | None]:
    """What a link gives the key result at a place in the fold: `None` without a point."""

    def value(link: Link) -> Decimal | None:
        place = key if link.until is None else min(key, link.until)
        point = world.series(link.kpi).latest(place, _ends_on(part, place, world))
        return None if point is None else point[1]

    return value


def _ends_on(part: Part, key: Key, world: World) -> date | None:
    """The last day of the cycle that the key result was in."""
    key_result = part.after(key)
    goal = None if key_result is None else world.track(OBJECTIVE, Ref(Kind.OBJECTIVE, key_result.objective)).after(key)
    cycle = None if goal is None else world.track(CYCLE, Ref(Kind.CYCLE, goal.cycle)).after(key)
    return None if cycle is None else cycle.ends_on
