"""The writer of the book of measurements: each statement as it was made. What was said of a point stays said."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any, assert_never
from uuid import UUID

from domain.kernel import Fact, Kind
from domain.measurements.events import MeasurementRestated, MeasurementsEvent, MeasurementsRecorded
from projections.engine import LogBook
from projections.output import Row
from projections.simple import texts
from projections.track import Key
from projections.world import World


class Measurements(LogBook):
    """The book."""

    name = "measurements"
    version = 1
    kinds = frozenset({Kind.MEASUREMENTS})
    table = "measurement_versions"
    columns = ("kpi", "on", "value", "note", "reason", "redactions", "recorded_at")

    def entries(self, fact: Fact[Any], world: World) -> Iterable[tuple[UUID, Key, Row]]:
        """A row a point, each at its own time."""
        event, id, position = fact.event, fact.stream.id, fact.position
        series = world.series(event.kpi)
        for day, value, words in _said(event):
            effective_at = series.effective_at(day)
            assert effective_at is not None  # noqa: S101  # the fact is taken in
            yield id, (effective_at, position), (event.kpi, day, value, *words, fact.recorded_at)


def _said(event: MeasurementsEvent) -> Iterator[tuple[date, Decimal, tuple[str | None, ...]]]:
    match event:
        case MeasurementsRecorded():
            for point in event.points:
                yield point.on, point.value, texts(note=point.note, reason=None)
        case MeasurementRestated():
            yield event.on, event.value, texts(note=None, reason=event.reason)
        case _:
            assert_never(event)


BOOK = Measurements()
