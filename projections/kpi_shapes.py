"""KPIs as answers show them: with the target and the benchmarks in effect, the latest point, and what they drive.

However many KPIs there are, it takes one query a kind, never one a KPI.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.kpi.health import stale
from domain.kpi.state import Benchmark, Target, benchmarks_on, target_on
from ledger.sql import load
from projections.reading import Reading
from projections.shapes import Row, Shape, text

KPIS = load("projections.kpis", "queries.sql")
HEALTH = load("projections.kpi_health", "queries.sql")
LINKS = load("projections.kpi_links", "queries.sql")


def kpi_shapes(reading: Reading, rows: Sequence[Row]) -> list[Shape]:
    """KPIs as they stand at the two clocks."""
    today = reading.valid_at.date()
    benchmarks = {row["id"]: benchmarks_on(benchmarks_of(row), today) for row in rows}
    others = {one.benchmark_kpi for ones in benchmarks.values() for one in ones if one.benchmark_kpi is not None}
    values = latest_values(reading, others)
    driven: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for link in reading.rows(LINKS["driven"], kpis=[row["id"] for row in rows]) if rows else ():
        driven[link["kpi"]].append(link["key_result"])
    return [_kpi(reading, row, benchmarks[row["id"]], values, driven[row["id"]]) for row in rows]


def _kpi(
    reading: Reading,
    row: Row,
    benchmarks: Sequence[Benchmark],
    values: Mapping[UUID, Decimal | None],
    key_results: Sequence[UUID],
) -> Shape:
    return {
        "id": row["id"],
        "external_id": row["external_id"],
        "name": text(row, "name"),
        "unit": row["unit"],
        "direction": row["direction"],
        "frequency": row["frequency"],
        "definition": text(row, "definition"),
        "team": row["team"],
        "owner": row["owner"],
        "parent": row["parent"],
        "perspective": row["perspective"],
        "indicator": row["indicator"],
        "tags": row["tags"],
        "target": target(target_on(targets_of(row), reading.valid_at.date())),
        "benchmarks": [_benchmark(one, values) for one in benchmarks],
        "latest": None if row["latest_on"] is None else {"on": row["latest_on"], "value": row["latest_value"]},
        "health": row["health"],
        "trend": row["trend"],
        "stale": stale(row["frequency"], row["latest_on"], reading.valid_at),
        "counter_metrics": row["counter_metrics"],
        "key_results": list(key_results),
        "state": row["state"],
    }


def _benchmark(one: Benchmark, values: Mapping[UUID, Decimal | None]) -> Shape:
    return benchmark(one, one.value if one.benchmark_kpi is None else values.get(one.benchmark_kpi))


def benchmark(one: Benchmark, value: Decimal | None) -> Shape:
    """A benchmark, with its value or that of the KPI that it is."""
    return {"name": one.name, "value": value, "benchmark_kpi": one.benchmark_kpi}


def target(one: Target | None) -> Shape | None:
    """A target."""
    if one is None:
        return None
    return {
        "from": one.since,
        "to": one.until,
        "target": one.target,
        "low": one.low,
        "high": one.high,
        "at_risk": one.at_risk,
    }


def link(row: Row) -> Shape:
    """What let a KPI drive a key result, from when to when."""
    return {
        "id": row["id"],
        "kpi": row["kpi"],
        "from": row["linked_at"],
        "to": row["ended_at"],
        "linked_by": row["linked_by"],
        "reason": text(row, "reason"),
        "ended_by": row["ended_by"],
        "ended_reason": text(row, "ended_reason"),
    }


def latest_values(reading: Reading, ids: set[UUID]) -> dict[UUID, Decimal | None]:
    """The values of the latest points of some KPIs."""
    if not ids:
        return {}
    return {row["id"]: row["value"] for row in reading.rows(HEALTH["at"], ids=list(ids))}


def targets_of(row: Row) -> list[Target]:
    """All targets that a KPI's row tells of, in the order in which they were set."""
    return [
        Target(
            since=date.fromisoformat(one["since"]),
            until=_day(one["until"]),
            target=_number(one["target"]),
            low=_number(one["low"]),
            high=_number(one["high"]),
            at_risk=_number(one["at_risk"]),
        )
        for one in row["targets"]
    ]


def benchmarks_of(row: Row) -> list[Benchmark]:
    """All benchmarks that a KPI's row tells of, in the order in which they were set."""
    return [
        Benchmark(
            name=one["name"],
            value=_number(one["value"]),
            benchmark_kpi=None if one["benchmark_kpi"] is None else UUID(one["benchmark_kpi"]),
            since=_day(one["since"]),
            until=_day(one["until"]),
        )
        for one in row["benchmarks"]
    ]


def _day(written: str | None) -> date | None:
    return None if written is None else date.fromisoformat(written)


def _number(written: Any) -> Decimal | None:
    """JSON has integers, too, which an answer could not write if they are large."""
    return None if written is None else Decimal(written)
