"""Where an event belongs besides its own stream: the cycles whose goals it changes, and what it attaches.

The ledger keeps both as indexes (`cycle_events`, `attachments`), so that a close can be held to the latest
event of its cycle and a roll-up finds its parts. They follow from the events: a restored ledger makes them
again with this same function.
"""

from dataclasses import dataclass
from typing import Protocol, TypeVar
from uuid import UUID

from domain.history import History
from domain.initiative.events import InitiativeStarted
from domain.initiative.state import INITIATIVE
from domain.kernel import Event, Fold, Kind, Ref
from domain.key_result.events import KeyResultAdded, KeyResultChanged, KpiLinked
from domain.key_result.state import KEY_RESULT
from domain.measurements.events import MeasurementRestated, MeasurementsRecorded
from domain.measurements.state import measurements_id, quarter_of
from domain.objective.events import ObjectiveMoved, ObjectiveSet
from domain.objective.state import OBJECTIVE

S = TypeVar("S")


class Looks(Protocol):
    """What `place` needs to know: the history of objectives, key results and initiatives."""

    def __call__(self, fold: Fold[S], id: UUID, /) -> History[S]:
        """The history of one thing; empty if there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """The cycles an event belongs to, and the (parent, child) pairs that begin with it."""

    cycles: tuple[UUID, ...] = ()
    attachments: tuple[tuple[Ref, Ref], ...] = ()


def place(stream: Ref, event: Event, look: Looks) -> Place:
    """The place of an event; `look` answers what was known before it."""
    match stream.kind:
        case Kind.CYCLE:
            return Place((stream.id,))
        case Kind.OBJECTIVE:
            return _objective(stream, event, look)
        case Kind.KEY_RESULT:
            return _key_result(stream, event, look)
        case Kind.INITIATIVE:
            return _initiative(stream, event, look)
        case Kind.MEASUREMENTS:
            return _measurements(stream, event)
        case _:
            return Place()


def _objective(stream: Ref, event: Event, look: Looks) -> Place:
    if isinstance(event, ObjectiveSet):
        return Place((event.cycle,), ((Ref(Kind.CYCLE, event.cycle), stream),))
    cycle = look(OBJECTIVE, stream.id).now.cycle
    if isinstance(event, ObjectiveMoved):
        return Place((cycle, event.cycle), ((Ref(Kind.CYCLE, event.cycle), stream),))
    return Place((cycle,))


def _key_result(stream: Ref, event: Event, look: Looks) -> Place:
    if isinstance(event, KeyResultAdded):
        parent = Ref(Kind.OBJECTIVE, event.objective)
        return Place((_cycle_of(event.objective, look),), ((parent, stream),))
    objective = look(KEY_RESULT, stream.id).now.objective
    if isinstance(event, KeyResultChanged) and "objective" in event.model_fields_set:
        cycles = tuple(dict.fromkeys((_cycle_of(objective, look), _cycle_of(event.objective, look))))
        return Place(cycles, ((Ref(Kind.OBJECTIVE, event.objective), stream),))
    attachments = ((Ref(Kind.KPI, event.kpi), stream),) if isinstance(event, KpiLinked) else ()
    return Place((_cycle_of(objective, look),), attachments)


def _measurements(stream: Ref, event: Event) -> Place:
    """Below the KPI, and below the measurements of every other quarter that the event says something of."""
    assert isinstance(event, MeasurementsRecorded | MeasurementRestated)  # noqa: S101
    days = [event.on] if isinstance(event, MeasurementRestated) else [point.on for point in event.points]
    quarters = {quarter_of(day): None for day in sorted(days)}
    streams = [Ref(Kind.MEASUREMENTS, measurements_id(event.kpi, quarter)) for quarter in quarters]
    above = (Ref(Kind.KPI, event.kpi), *(other for other in streams if other != stream))
    return Place((), tuple((parent, stream) for parent in above))


def _initiative(stream: Ref, event: Event, look: Looks) -> Place:
    if isinstance(event, InitiativeStarted):
        parent = Ref(Kind.KEY_RESULT, event.key_result)
        return Place((_cycle_through(event.key_result, look),), ((parent, stream),))
    return Place((_cycle_through(look(INITIATIVE, stream.id).now.key_result, look),))


def _cycle_through(key_result: UUID, look: Looks) -> UUID:
    return _cycle_of(look(KEY_RESULT, key_result).now.objective, look)


def _cycle_of(objective: UUID, look: Looks) -> UUID:
    return look(OBJECTIVE, objective).now.cycle
