"""KPIs: with their targets and benchmarks, their measurements, and the key results that they drive."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from api.shapes.base import Exact, Shape, Text
from domain.kpi.events import Direction, Frequency, Indicator, Perspective
from domain.kpi.health import Health as KpiHealth
from domain.kpi.health import Trend


class KpiTarget(Shape):
    """What a KPI is to reach from one day to another: a number, or the ends of a range to stay in."""

    model_config = ConfigDict(extra="forbid", serialize_by_alias=True)

    from_: date = Field(alias="from")
    to: date | None
    target: Exact | None
    low: Exact | None
    high: Exact | None
    at_risk: Exact | None


class KpiBenchmark(Shape):
    """What a KPI is compared with; `value` is the other KPI's, where the benchmark is one."""

    name: str
    value: Exact | None
    benchmark_kpi: UUID | None


class Latest(Shape):
    """The latest point of a KPI."""

    on: date
    value: Exact


class Kpi(Shape):
    """A metric followed across cycles, and how it stands."""

    id: UUID
    external_id: str | None
    name: Text
    unit: str | None
    direction: Direction
    frequency: Frequency
    definition: Text | None
    team: UUID | None
    owner: UUID | None
    parent: UUID | None
    perspective: Perspective | None
    indicator: Indicator | None
    tags: list[str]
    target: KpiTarget | None
    benchmarks: list[KpiBenchmark]
    latest: Latest | None
    health: KpiHealth
    trend: Trend | None
    stale: bool
    counter_metrics: list[UUID]
    key_results: list[UUID]
    state: Literal["active", "retired"]


class Measurement(Shape):
    """What a KPI was on a day, by the last that was said of it; `reason` is that of a restatement."""

    kpi: UUID
    on: date
    value: Exact
    note: Text | None
    restated: bool
    reason: Text | None
    position: int
    effective_at: datetime
    recorded_at: datetime


class Known(Shape):
    """One statement on a point: the value, and when it was known."""

    value: Exact
    position: int
    recorded_at: datetime
    reason: Text | None


class SeriesPoint(Shape):
    """A point, what held on its day, and everything that was ever said of it, oldest first."""

    on: date
    value: Exact
    note: Text | None
    target: KpiTarget | None
    benchmark: KpiBenchmark | None
    known: list[Known]


class KpiSeries(Shape):
    """All points of a KPI, by day."""

    points: list[SeriesPoint]


class KpiLink(Shape):
    """A KPI driving a key result, from one instant to another; `to` is null while it does."""

    model_config = ConfigDict(extra="forbid", serialize_by_alias=True)

    id: UUID
    kpi: UUID
    from_: datetime = Field(alias="from")
    to: datetime | None
    linked_by: UUID
    reason: Text | None
    ended_by: UUID | None
    ended_reason: Text | None
