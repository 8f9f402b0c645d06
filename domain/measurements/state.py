"""The measurements of one KPI in one quarter, and where they are kept.

A batch is one event, in the stream of the quarter of its earliest day. Where it reaches into later quarters it is
attached to theirs (`domain.places`), so all that was ever said of a day is found in the stream of its own quarter
and in those attached to that.
"""

from bisect import insort
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import assert_never
from uuid import UUID, uuid5

from domain.kernel import Fact, Fold, Kind, Ref
from domain.measurements.events import MeasurementRestated, MeasurementsEvent, MeasurementsRecorded
from domain.scoring import end_of
from domain.values import Redacted


@lru_cache(maxsize=4096)  # the points of many KPIs are of the same days
def quarter_of(day: date) -> str:
    """The quarter of the calendar that a day lies in: `2016-Q2`."""
    return f"{day.year:04}-Q{(day.month + 2) // 3}"


def measurements_id(kpi: UUID, quarter: str) -> UUID:
    """The id of a KPI's measurements that begin in a quarter."""
    return uuid5(kpi, quarter)


def stream_of(kpi: UUID, day: date) -> Ref:
    """The stream of a KPI's measurements that begin in the day's quarter."""
    return Ref(Kind.MEASUREMENTS, measurements_id(kpi, quarter_of(day)))


@dataclass(frozen=True, slots=True)
class Stated:
    """One statement on a day's value. `effective_at`: when the day's point took effect, as far as this stream
    tells; if another stream holds the day's first statement, `domain.kpi.series` knows better."""

    position: int
    value: Decimal
    note: str | Redacted | None
    reason: str | Redacted | None
    recorded_at: datetime
    effective_at: datetime
    actor: UUID


@dataclass(frozen=True, slots=True)
class Measurements:
    """Measurements of a KPI: all statements of each day by position, so that the last holds."""

    kpi: UUID
    points: Mapping[date, tuple[Stated, ...]]


def evolve(measurements: Measurements | None, fact: Fact[MeasurementsEvent]) -> Measurements:
    """The measurements after the fact. Batches come in any order, and a stream may begin with a restatement."""
    points = dict(measurements.points) if measurements else {}
    for day, said in _statements(fact):
        points[day] = _with(points.get(day, ()), day, said)
    return Measurements(fact.event.kpi, points)


def _statements(fact: Fact[MeasurementsEvent]) -> Iterator[tuple[date, Stated]]:
    event = fact.event
    match event:
        case MeasurementsRecorded():
            for point in event.points:
                yield point.on, _stated(fact, point.value, note=point.note)
        case MeasurementRestated():
            yield event.on, _stated(fact, event.value, reason=event.reason)
        case _:
            assert_never(event)


def _stated(
    fact: Fact[MeasurementsEvent],
    value: Decimal,
    note: str | Redacted | None = None,
    reason: str | Redacted | None = None,
) -> Stated:
    return Stated(fact.position, value, note, reason, fact.recorded_at, fact.effective_at, fact.actor)


def _with(known: tuple[Stated, ...], day: date, said: Stated) -> tuple[Stated, ...]:
    """The statements and one more, by position. The first of them says when all of them took effect."""
    statements = list(known)
    insort(statements, said, key=_position)
    effective_at = point_effective_at(day, statements[0].recorded_at)
    return tuple(
        one if one.effective_at == effective_at else replace(one, effective_at=effective_at) for one in statements
    )


def _position(stated: Stated) -> int:
    return stated.position


def point_effective_at(day: date, recorded_at: datetime) -> datetime:
    """When a point takes effect that was first recorded then: at the end of its day or, for today's, at once."""
    return min(end_of(day), recorded_at)


MEASUREMENTS = Fold(Kind.MEASUREMENTS, evolve)
