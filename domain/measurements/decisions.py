"""Measuring a KPI, and putting measurements right.

A measurement is of a day, not of the moment somebody tells of it: a point takes effect at the end of its day (today's
when it is recorded), and whatever is said of that day later takes effect when the point did. `effective_at` is
only kept, as when it was reported.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_after_validator_function

from domain.errors import Fault, Invalid, missing
from domain.kernel import Command, Context, Decision, Draft
from domain.kpi.decisions import not_retired
from domain.kpi.series import Series
from domain.kpi.state import KPI
from domain.measurements.events import MeasurementRestated, MeasurementsRecorded
from domain.measurements.reading import series_of_days
from domain.measurements.state import stream_of
from domain.rules import KpiRef, existing
from domain.scoring import end_of
from domain.values import Day, Label, Note, Number

MOST_POINTS = 10_000


class PointInput(BaseModel):
    """What a KPI was on a day: the last day of the period that the point measures."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    on: Day
    value: Number
    note: Note | None = None


class _NotEmpty:
    """At least one item. pydantic's own `min_length` also finds a list empty in which every item is wrong."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_after_validator_function(_some, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return handler(core) | {"minItems": 1}


def _some(points: tuple[PointInput, ...]) -> tuple[PointInput, ...]:
    if not points:
        raise ValueError("must have at least one point")
    return points


class RecordMeasurements(Command):
    """Say what a KPI was, on one day or many; another value for a day restates it."""

    NAME: ClassVar[str] = "record_measurements"

    kpi: KpiRef
    points: Annotated[tuple[PointInput, ...], Field(max_length=MOST_POINTS), _NotEmpty()]
    source: Label | None = None


class RestateMeasurement(Command):
    """Say what a KPI's value on a day should have been."""

    NAME: ClassVar[str] = "restate_measurement"

    kpi: KpiRef
    on: Day
    value: Number
    reason: Note


def record_measurements(command: RecordMeasurements, context: Context) -> Decision:
    """Records the points that say something new, in one event."""
    history, _ = existing(context, command, KPI, command.kpi)
    today = context.now.date()
    _each_day_once(command.points, today)
    known = series_of_days(context, command.kpi, (point.on for point in command.points))
    new = [point for point in command.points if known.value(point.on) != point.value]
    if not new:
        return Decision(history.ref)
    not_retired(history.now)
    event = _recorded(command, new)
    times = [_effective_at(known, point.on, today) for point in new]
    draft = Draft(
        stream_of(command.kpi, min(point.on for point in new)),
        event,
        min((at for at in times if at is not None), default=None),
        reported_at=command.effective_at,
    )
    return Decision(history.ref, (draft,))


def _each_day_once(points: Sequence[PointInput], today: date) -> None:
    """Refuses a day that has not come yet, or that comes twice."""
    late = [Fault(f"/points/{n}/on", "lies in the future") for n, point in enumerate(points) if point.on > today]
    if late:
        raise _refused(late, "effective_in_future")
    seen: set[date] = set()
    twice: list[Fault] = []
    for n, point in enumerate(points):
        if point.on in seen:
            twice.append(Fault(f"/points/{n}/on", f"{point.on} comes twice"))
        seen.add(point.on)
    if twice:
        raise _refused(twice, None)


def _refused(faults: Sequence[Fault], slug: str | None) -> Invalid:
    return Invalid(f"{faults[0].pointer.lstrip('/')}: {faults[0].reason}", slug=slug, faults=faults)


def _recorded(command: RecordMeasurements, points: Sequence[PointInput]) -> MeasurementsRecorded:
    """The event. There may be thousands of points, and made all at once they cost a quarter less than one by one."""
    kept = [{"on": p.on, "value": p.value} | ({} if p.note is None else {"note": p.note}) for p in points]
    return MeasurementsRecorded.model_validate({"kpi": command.kpi, "points": kept, "source": command.source})


def _effective_at(known: Series, on: date, today: date) -> datetime | None:
    """When a statement on a day takes effect; `None` for when it is recorded, as the first of today is."""
    return known.effective_at(on) or (end_of(on) if on < today else None)


def restate_measurement(command: RestateMeasurement, context: Context) -> Decision:
    """Restates the value of a day that has one."""
    history, _ = existing(context, command, KPI, command.kpi)
    known = series_of_days(context, command.kpi, [command.on])
    value = known.value(command.on)
    if value is None:
        raise missing("/on", "measurement on", command.on)
    if value == command.value:
        return Decision(history.ref)
    not_retired(history.now)
    event = MeasurementRestated(kpi=command.kpi, on=command.on, value=command.value, reason=command.reason)
    at = known.effective_at(command.on)
    return Decision(
        history.ref, (Draft(stream_of(command.kpi, command.on), event, at, reported_at=command.effective_at),)
    )
