"""The writer of the book of how KPIs stand: a version from each point, and from what changes the target."""

from collections.abc import Iterable, Sequence
from heapq import merge
from itertools import groupby
from typing import Any

from domain.kernel import Event, Fact, Kind, Ref
from domain.kpi.health import health, trend
from domain.kpi.state import KPI
from projections.engine import Thing
from projections.output import Row
from projections.track import Key
from projections.world import World


class KpiHealth:
    """The book."""

    name = "kpi_health"
    version = 1
    kinds = frozenset({Kind.KPI, Kind.MEASUREMENTS})
    events: tuple[type[Event], ...] = ()
    table = "kpi_health_versions"
    columns = ("on", "value", "health", "trend")

    def things(self, fact: Fact[Any], world: World) -> Iterable[Thing]:  # noqa: ARG002
        """The KPI that the fact defines, changes or measures."""
        if fact.stream.kind is Kind.KPI:
            return (Thing(fact.stream.id, fact.stream, fact.version == 1),)
        return (Thing(fact.event.kpi, Ref(Kind.KPI, fact.event.kpi)),)

    def keys_from(self, thing: Thing, key: Key, world: World) -> Sequence[Key]:
        """After each of its facts, and where each point takes effect."""
        own, points = world.track(KPI, thing.stream).keys_from(key), world.series(thing.id).keys_from(key)
        if not own or not points:
            return own or points
        return [place for place, _ in groupby(merge(own, points))]

    def row(self, thing: Thing, key: Key, world: World) -> Row | None:
        """The latest point, against the target of its day."""
        kpi = world.track(KPI, thing.stream).after(key)
        if kpi is None:
            return None
        recent = world.series(thing.id).last(key, 3)
        if not recent:
            return (None, None, "no_data", None)
        day, value = recent[-1]
        target = kpi.target_on(day)
        moved = trend(kpi.direction, [point[1] for point in recent], target)
        return (day, value, health(kpi.direction, target, value), moved)


BOOK = KpiHealth()
