"""How decisions find measurements, without reading more than they need."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from domain.kernel import Context, Fact, Key, Kind, Ref
from domain.kpi.series import Latest, Series
from domain.measurements.state import MEASUREMENTS, stream_of

_QUARTERS_BACK = 8
"""How many quarters are looked at one by one for the latest point, before all of them are."""


def series_of_days(context: Context, kpi: UUID, days: Iterable[date]) -> Series:
    """All that was said of a KPI on these days. The series has more of the same quarters, but not all of others."""
    streams: dict[UUID, None] = {}
    first_days = {(day.year, (day.month - 1) // 3): day for day in days}  # a name is dear, and there may be many days
    for quarter in (stream_of(kpi, day) for day in first_days.values()):
        streams[quarter.id] = None
        streams |= dict.fromkeys(context.look.children(quarter, Kind.MEASUREMENTS))
    return _series(context, streams)


def latest_point(context: Context, kpi: UUID, key: Key, until: date) -> Latest | None:
    """The latest point of a KPI that was in effect at a place in the fold, no later than the day `until`.

    Quarter by quarter backwards, since the point is mostly in the first; of a quarter the series has everything.
    """
    streams = context.look.children(Ref(Kind.KPI, kpi), Kind.MEASUREMENTS)
    day = min(until, key[0].date())
    for _ in range(_QUARTERS_BACK if streams else 0):
        first = _first_of_quarter(day)
        found = series_of_days(context, kpi, [day]).latest(key, until)
        if found is not None and found[0] >= first:
            return found
        if first == date.min:
            return None
        day = first - timedelta(days=1)
    return _series(context, streams).latest(key, until)


def _first_of_quarter(day: date) -> date:
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


def _series(context: Context, streams: Iterable[UUID]) -> Series:
    facts: list[Fact[Any]] = []
    for id in streams:
        facts += context.look(MEASUREMENTS, id).facts
    series = Series()
    for fact in sorted(facts, key=_position):
        series.add_fact(fact)
    return series


def _position(fact: Fact[Any]) -> int:
    return fact.position
