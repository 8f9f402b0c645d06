"""What is measured of a KPI: batches of points, and points put right."""

from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from domain.kernel import Event
from domain.values import Day, Label, Number, Text


class Point(BaseModel):
    """The KPI's value on a day, the last of the period that it measures; a note is left unset if there is none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    on: Day
    value: Number
    note: Text | None = None


class MeasurementsRecorded(Event):
    """The KPI was measured, on one day or many. Each point takes effect at the end of its day, or when recorded."""

    TOPIC: ClassVar[str] = "measurements.recorded"

    kpi: UUID
    points: tuple[Point, ...]
    source: Label | None


class MeasurementRestated(Event):
    """The value of a day was put right, for a reason, from when the day's point took effect."""

    TOPIC: ClassVar[str] = "measurements.restated"

    kpi: UUID
    on: Day
    value: Number
    reason: Text


MeasurementsEvent = MeasurementsRecorded | MeasurementRestated
