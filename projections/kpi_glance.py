"""The last points of many KPIs: as much as a small line beside each of them shows, in one query."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from ledger.sql import load
from projections.reading import Reading
from projections.shapes import Shape

GLANCE = load("projections.measurements", "glance.sql")


def recent_points(reading: Reading, kpis: Iterable[UUID], count: int) -> Mapping[UUID, list[Shape]]:
    """Up to `count` points of each KPI, `{on, value}`, oldest first."""
    found: dict[UUID, list[Shape]] = {kpi: [] for kpi in kpis}
    for row in reading.rows(GLANCE["recent"], kpis=list(found), count=count) if found else ():
        found[row["kpi"]].append({"on": row["on"], "value": row["value"]})
    return found
