"""The writer of the book of KPIs."""

from dataclasses import asdict

from domain.kpi.state import KPI, Kpi
from projections.output import Row
from projections.simple import StreamBook, texts, to_json

COLUMNS = (
    "name",
    "definition",
    "redactions",
    "unit",
    "direction",
    "frequency",
    "team",
    "owner",
    "parent",
    "perspective",
    "indicator",
    "tags",
    "external_id",
    "state",
    "targets",
    "benchmarks",
    "counter_metrics",
)


def show(kpi: Kpi) -> Row:
    """A KPI as a row."""
    return (
        *texts(name=kpi.name, definition=kpi.definition),
        kpi.unit,
        kpi.direction,
        kpi.frequency,
        kpi.team,
        kpi.owner,
        kpi.parent,
        kpi.perspective,
        kpi.indicator,
        list(kpi.tags),
        kpi.external_id,
        kpi.state,
        to_json([asdict(target) for target in kpi.targets]),
        to_json([asdict(benchmark) for benchmark in kpi.benchmarks]),
        list(kpi.counter_metrics),
    )


BOOK = StreamBook("kpis", 1, KPI, COLUMNS, show)
