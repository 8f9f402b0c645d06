"""The measurements of a KPI, by day: with all that was said of each, and with the target and benchmark of the day.

However many points there are, it takes one query a kind: statements come sorted, and what held on which days is worked
out once for all days between two changes.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any, Protocol, TypeVar
from uuid import UUID

from domain.errors import NotFound, invalid
from domain.kernel import Kind
from domain.kpi.state import Benchmark, benchmarks_on, target_on
from domain.rules import spoken
from domain.values import _DAY
from ledger.sql import load
from projections.kpi_shapes import (
    KPIS,
    benchmark,
    benchmarks_of,
    link,
    target,
    targets_of,
)
from projections.kpi_shapes import LINKS as KPI_LINKS
from projections.pages import Page
from projections.reading import Reading
from projections.shapes import Row, Shape, text

MEASUREMENTS = load("projections.measurements", "queries.sql")
T = TypeVar("T")
_ONE_DAY = timedelta(days=1)


class _Dated(Protocol):
    """What holds from one day to another, both included; `None`: since ever, or for ever."""

    @property
    def since(self) -> date | None: ...

    @property
    def until(self) -> date | None: ...


def kpi_row(reading: Reading, kpi: UUID) -> Row:
    """One KPI's row. Raises `NotFound`."""
    rows = reading.rows(KPIS["at"], ids=[kpi])
    if not rows:
        raise NotFound(f"There is no {spoken(Kind.KPI)} {kpi} at these clocks.")
    return rows[0]


def kpi_series(reading: Reading, kpi: UUID) -> Shape:
    """All points of a KPI with the target and the benchmark that held on their days. Raises `NotFound`."""
    row = kpi_row(reading, kpi)
    targets, benchmarks = targets_of(row), benchmarks_of(row)
    days, statements = _by_day(reading.rows(MEASUREMENTS["statements"], kpi=kpi))
    target_of = _holding(days, targets, lambda day: target(target_on(targets, day)))
    compared = _holding(days, benchmarks, lambda day: next(iter(benchmarks_on(benchmarks, day)), None))
    value_of = _values(reading, benchmarks)
    return {
        "points": [
            {
                "on": day,
                "value": said[-1]["value"],
                "note": _note(said),
                "target": held,
                "benchmark": None if against is None else benchmark(against, value_of(against, day)),
                "known": [_known(one) for one in said],
            }
            for day, said, held, against in zip(days, statements, target_of, compared, strict=True)
        ]
    }


def measurements(
    reading: Reading, kpi: UUID, limit: int, after: str | None, from_on: date | None = None, to_on: date | None = None
) -> Page:
    """A page of a KPI's points, by day. Raises `NotFound`, and `Invalid` for a bad cursor."""
    kpi_row(reading, kpi)
    days, statements = _by_day(
        reading.rows(MEASUREMENTS["page"], kpi=kpi, after=_cursor(after), from_on=from_on, to_on=to_on, limit=limit + 1)
    )
    items = [_measurement(kpi, day, said) for day, said in zip(days[:limit], statements, strict=False)]
    return Page(items, days[limit - 1].isoformat() if len(days) > limit else None)


def kpi_links(reading: Reading, key_result: UUID) -> Page:
    """Every link to a KPI that a key result ever had, oldest first."""
    rows = reading.rows(KPI_LINKS["of_key_result"], key_result=key_result)
    return Page([link(row) for row in rows], None)


def _cursor(after: str | None) -> date | None:
    if after is None:
        return None
    try:
        if _DAY.fullmatch(after):
            return date.fromisoformat(after)
    except ValueError:
        pass
    raise invalid("/after", "is no cursor of this list")


def _by_day(rows: Sequence[Row]) -> tuple[list[date], list[list[Row]]]:
    """The days of some statements, which are sorted by day, and the statements of each."""
    days: list[date] = []
    statements: list[list[Row]] = []
    for day, said in groupby(rows, lambda row: row["on"]):
        days.append(day)
        statements.append(list(said))
    return days, statements


def _measurement(kpi: UUID, day: date, said: Sequence[Row]) -> Shape:
    last = said[-1]
    return {
        "kpi": kpi,
        "on": day,
        "value": last["value"],
        "note": _note(said),
        "restated": len(said) > 1,
        "reason": text(last, "reason"),
        "position": last["position"],
        "effective_at": last["valid_from"],
        "recorded_at": last["recorded_at"],
    }


def _note(said: Sequence[Row]) -> Any:
    """The last note that was given: a restatement has none, and leaves it."""
    notes = (text(one, "note") for one in reversed(said))
    return next((note for note in notes if note is not None), None)


def _known(said: Row) -> Shape:
    return {
        "value": said["value"],
        "position": said["position"],
        "recorded_at": said["recorded_at"],
        "reason": text(said, "reason"),
    }


def _holding(days: Sequence[date], spans: Sequence[_Dated], on: Callable[[date], T]) -> Iterator[T]:
    """What holds on each of some days, in order; `on` is asked once for all days between two ends of spans."""
    begins = {one.since for one in spans if one.since is not None}
    begins |= {one.until + _ONE_DAY for one in spans if one.until is not None and one.until < date.max}
    changes = sorted(begins)
    at, held = -1, None
    for day in days:
        now = bisect_right(changes, day)
        if now != at or held is None:
            at, held = now, [on(day)]
        yield held[0]


def _values(reading: Reading, benchmarks: Sequence[Benchmark]) -> Callable[[Benchmark, date], Decimal | None]:
    """The value that a benchmark has on a day: its own, or that of its KPI's latest point by then."""
    kpis = {one.benchmark_kpi for one in benchmarks if one.benchmark_kpi is not None}
    points: dict[UUID, tuple[list[date], list[Decimal]]] = {kpi: ([], []) for kpi in kpis}
    for row in reading.rows(MEASUREMENTS["values"], kpis=list(kpis)) if kpis else ():
        days, values = points[row["kpi"]]
        days.append(row["on"])
        values.append(row["value"])

    def value(one: Benchmark, day: date) -> Decimal | None:
        if one.benchmark_kpi is None:
            return one.value
        days, values = points[one.benchmark_kpi]
        at = bisect_right(days, day)
        return values[at - 1] if at else None

    return value
