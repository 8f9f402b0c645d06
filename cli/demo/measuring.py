"""KPIs as a page tells of them → requests, in the days around three quarters.

What was kept in a spreadsheet before there was a ledger comes in one piece, when a KPI is defined; then come the
points as they are measured, each at the end of its period, some of them late.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import islice
from uuid import UUID
from zlib import crc32

from cli.demo.asking import Request, asked, at_hour, id_of
from cli.demo.kpis import DEEDS, KPIS
from cli.demo.plot import Followed

Dates = Sequence[tuple[str, date, date]]
"""Three quarters, oldest first: label, first day, last day."""

_Points = list[tuple[date, str]]
_BEGAN = timedelta(days=6)
_WEEKS = 13


def kpi_id(key: str) -> UUID:
    """The id of a KPI of the demo's."""
    return id_of(f"kpi:{key}")


def measuring(dates: Dates) -> Iterator[Request]:
    """Everything that happens to the KPIs."""
    began = at_hour(dates[0][1], 8) - _BEGAN
    days = _Days(dates)
    for n, kpi in enumerate(KPIS):
        at = began + timedelta(minutes=7 * n)
        yield _defined(at, kpi)
        yield from _measured(at, kpi, dates)
    for n, deed in enumerate(DEEDS):
        at = at_hour(dates[deed.quarter][1], 10) + timedelta(weeks=deed.week, minutes=n)
        body = {name: days.filled(value) for name, value in deed.body.items()}
        path = str(days.filled(deed.path))
        yield asked(at, f"kpi-deed:{n}", id_of(deed.by), deed.method, path, body)


def _defined(at: datetime, kpi: Followed) -> Request:
    body = {
        "id": kpi_id(kpi.key),
        "name": kpi.name,
        "unit": kpi.unit,
        "direction": kpi.direction,
        "frequency": kpi.frequency,
        "team": id_of(kpi.team),
        "owner": id_of(kpi.owner),
        **kpi.more,
    }
    if kpi.part_of is not None:
        body["parent"] = kpi_id(kpi.part_of)
    return asked(at, f"kpi:{kpi.key}", id_of(kpi.owner), "POST", "kpis", body)


def _measured(defined_at: datetime, kpi: Followed, dates: Dates) -> Iterator[Request]:
    points = _points(kpi, dates)
    before = [point for point in points if point[0] < defined_at.date()]
    if before:
        at = defined_at + timedelta(hours=2)
        yield _recorded(at, kpi, "before", before, source="spreadsheet")
    rest = iter(points[len(before) :])
    told = 0
    while some := list(islice(rest, kpi.told)):
        told += len(some)
        minute = crc32(kpi.key.encode()) % 180
        at = at_hour(some[-1][0], 7) + timedelta(days=1 + kpi.late.get(told, kpi.always_late), minutes=minute)
        yield _recorded(at, kpi, str(told), some)


def _recorded(at: datetime, kpi: Followed, name: str, points: _Points, **more: str) -> Request:
    said = [{"on": on, "value": value} for on, value in points]
    path = f"kpis/{kpi_id(kpi.key)}/measurements"
    return asked(at, f"measured:{kpi.key}@{name}", id_of(kpi.owner), "POST", path, {"points": said, **more})


def _points(kpi: Followed, dates: Dates) -> _Points:
    """The values with their days; those before the first quarter, too."""
    before = kpi.before.split()
    ends = list(_ends(kpi.frequency, dates, len(before)))
    skipped = len(before) + kpi.skipped
    return list(zip([*ends[: len(before)], *ends[skipped:]], [*before, *kpi.values.split()], strict=False))


def _ends(frequency: str, dates: Dates, before: int) -> Iterator[date]:
    """The last days of the periods: so many before the first quarter, then all of the three."""
    first = dates[0][1]
    if frequency == "weekly":
        yield from (first - timedelta(weeks=n) for n in range(before, 0, -1))
        for _, starts_on, ends_on in dates:
            yield from (min(starts_on + timedelta(weeks=n, days=-1), ends_on) for n in range(1, _WEEKS + 1))
        return
    months = 3 if frequency == "quarterly" else 1
    for n in range(-before, 9 // months):
        yield _months_after(first, months * (n + 1)) - timedelta(days=1)


def _months_after(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


class _Days(dict[str, str]):
    """What a page calls days and KPIs: `{q2}` the first day of the second quarter, `{q2_end}` its last one,
    `{q2@5}` the last day of its fifth week, `{customers}` a KPI."""

    def __init__(self, dates: Dates) -> None:
        super().__init__({kpi.key: str(kpi_id(kpi.key)) for kpi in KPIS})
        for n, (_, starts_on, ends_on) in enumerate(dates, 1):
            self[f"q{n}"], self[f"q{n}_end"] = str(starts_on), str(ends_on)
            for week in range(1, _WEEKS + 1):
                self[f"q{n}@{week}"] = str(min(starts_on + timedelta(weeks=week, days=-1), ends_on))
            for month in range(1, 4):
                self[f"q{n}_month{month}"] = str(_months_after(starts_on, month) - timedelta(days=1))

    def filled(self, value: object) -> object:
        """The value with days and ids in the place of their names."""
        return value.format_map(self) if isinstance(value, str) else value
