"""A KPI as its facts make it. What was measured is in `domain.measurements`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, assert_never
from uuid import UUID

from domain.kernel import Fact, Fold, Kind
from domain.kpi.events import (
    BenchmarkSet,
    Direction,
    Frequency,
    Indicator,
    KpiChanged,
    KpiDefined,
    KpiEvent,
    KpiPaired,
    KpiRestored,
    KpiRetired,
    KpiUnpaired,
    Perspective,
    TargetSet,
)
from domain.values import Redacted


@dataclass(frozen=True, slots=True)
class Target:
    """What the KPI is to reach from one day to another, both included; `until` `None`: for ever."""

    since: date
    until: date | None
    target: Decimal | None
    low: Decimal | None
    high: Decimal | None
    at_risk: Decimal | None

    def covers(self, day: date) -> bool:
        """Whether the target was set for that day."""
        return self.since <= day <= (self.until or date.max)

    def overlaps(self, other: "Target") -> bool:
        """Whether both were set for some day."""
        return self.since <= (other.until or date.max) and other.since <= (self.until or date.max)


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What the KPI is compared with, by name: a number or another KPI. Without days, always."""

    name: str
    value: Decimal | None
    benchmark_kpi: UUID | None
    since: date | None
    until: date | None

    def covers(self, day: date) -> bool:
        """Whether the benchmark was set for that day."""
        return (self.since or date.min) <= day <= (self.until or date.max)


def target_on(targets: Sequence[Target], day: date) -> Target | None:
    """The target for a day: of several that were set for it, in the order of setting, the one set last."""
    return next((one for one in reversed(targets) if one.covers(day)), None)


def benchmarks_on(benchmarks: Sequence[Benchmark], day: date) -> tuple[Benchmark, ...]:
    """The benchmarks for a day, of each name the one set last, in the order in which the names came up."""
    holding = {one.name: one for one in benchmarks if one.covers(day)}
    return tuple(holding[name] for name in dict.fromkeys(one.name for one in benchmarks) if name in holding)


@dataclass(frozen=True, slots=True)
class Kpi:
    """A KPI. `state_since`: when the latest retiring or restoring took effect; `targets` and `benchmarks`: all
    there ever were, in the order in which they were set."""

    id: UUID
    name: str | Redacted
    unit: str | None
    direction: Direction
    frequency: Frequency
    definition: str | Redacted | None
    team: UUID | None
    owner: UUID | None
    parent: UUID | None
    perspective: Perspective | None
    indicator: Indicator | None
    tags: tuple[str, ...]
    external_id: str | None
    state: Literal["active", "retired"]
    state_since: datetime
    targets: tuple[Target, ...] = ()
    benchmarks: tuple[Benchmark, ...] = ()
    counter_metrics: tuple[UUID, ...] = ()

    def target_on(self, day: date) -> Target | None:
        """The target for a day: where several were set for it, the one set last."""
        return target_on(self.targets, day)

    def benchmarks_on(self, day: date) -> tuple[Benchmark, ...]:
        """The benchmarks for a day, one a name: the one set last. Names stand in the order they came up."""
        return benchmarks_on(self.benchmarks, day)

    @property
    def overlaps(self) -> tuple[tuple[date, date], ...]:
        """The first days of the target set last and of the latest before it that it overlaps: one pair, or none."""
        for earlier in reversed(self.targets[:-1]):
            if self.targets[-1].overlaps(earlier):
                return ((self.targets[-1].since, earlier.since),)
        return ()


def evolve(kpi: Kpi | None, fact: Fact[KpiEvent]) -> Kpi:
    """The KPI after the fact."""
    event = fact.event
    if isinstance(event, KpiDefined):
        return _defined(fact.stream.id, event, fact.effective_at)
    assert kpi is not None  # noqa: S101
    match event:
        case KpiChanged():
            changes = event.given()
            changes.pop("reason", None)
            return replace(kpi, **changes)
        case TargetSet():
            return replace(kpi, targets=(*kpi.targets, target_of(event)))
        case BenchmarkSet():
            return replace(kpi, benchmarks=(*kpi.benchmarks, benchmark_of(event)))
        case KpiPaired():
            return replace(kpi, counter_metrics=tuple(dict.fromkeys((*kpi.counter_metrics, event.other))))
        case KpiUnpaired():
            return replace(kpi, counter_metrics=tuple(id for id in kpi.counter_metrics if id != event.other))
        case KpiRetired():
            return replace(kpi, state="retired", state_since=fact.effective_at)
        case KpiRestored():
            return replace(kpi, state="active", state_since=fact.effective_at)
        case _:
            assert_never(event)


def target_of(event: TargetSet) -> Target:
    """The target that the event sets."""
    return Target(event.since, event.until, event.target, event.low, event.high, event.at_risk)


def benchmark_of(event: BenchmarkSet) -> Benchmark:
    """The benchmark that the event sets."""
    return Benchmark(event.name, event.value, event.benchmark_kpi, event.since, event.until)


def _defined(id: UUID, event: KpiDefined, effective_at: datetime) -> Kpi:
    return Kpi(
        id=id,
        name=event.name,
        unit=event.unit,
        direction=event.direction,
        frequency=event.frequency,
        definition=event.definition,
        team=event.team,
        owner=event.owner,
        parent=event.parent,
        perspective=event.perspective,
        indicator=event.indicator,
        tags=event.tags,
        external_id=event.external_id,
        state="active",
        state_since=effective_at,
    )


KPI = Fold(Kind.KPI, evolve)
