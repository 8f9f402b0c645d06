"""What a batch of commands is going to look at, as far as their fields say: read at once, not one after the other.

Nothing depends on it but speed. What is not foreseen here is read when it is asked for.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from domain.kernel import Command, Kind, Ref
from domain.key_result.check_ins import CHECK_INS
from domain.measurements.decisions import RecordMeasurements, RestateMeasurement
from domain.measurements.state import quarter_of, stream_of

_NAMES = {
    "cycle": Kind.CYCLE,
    "team": Kind.TEAM,
    "member": Kind.MEMBER,
    "owner": Kind.MEMBER,
    "objective": Kind.OBJECTIVE,
    "key_result": Kind.KEY_RESULT,
    "initiative": Kind.INITIATIVE,
    "kpi": Kind.KPI,
    "other": Kind.KPI,
    "benchmark_kpi": Kind.KPI,
}
_MAKES = {
    "set_objective": Kind.OBJECTIVE,
    "add_key_result": Kind.KEY_RESULT,
    "register_member": Kind.MEMBER,
    "form_team": Kind.TEAM,
    "start_initiative": Kind.INITIATIVE,
    "define_kpi": Kind.KPI,
    "check_in": Kind.CHECK_IN,
    "plan_cycle": Kind.CYCLE,
}


class Given(Protocol):
    """As much of an order as tells what it will look at."""

    @property
    def command(self) -> Command:
        """The command."""
        ...

    @property
    def source(self) -> str:
        """Where it comes from."""
        ...


class Expectations(NamedTuple):
    """Streams, unique names as (scope, value), and parents with the kind of children that is asked for."""

    refs: list[Ref]
    names: list[tuple[str, str]]
    parents: list[tuple[Ref, Kind]]


def looks_at_many(command: Command) -> bool:
    """Whether a command by itself looks at so many things that it is worth to read them at once."""
    return isinstance(command, RecordMeasurements) and len(command.points) > 1


def expectations(orders: Iterable[Given]) -> Expectations:
    """What the orders are going to look at."""
    found = Expectations([], [], [])
    for order in orders:
        command = order.command
        made = _MAKES.get(command.NAME)
        for name in command.model_fields_set:
            _expect(found, made, name, getattr(command, name), order.source)
        _expect_measurements(found, command)
    return found


def _expect_measurements(found: Expectations, command: Command) -> None:
    """The quarters that are measured, and what else was said of them (`domain.measurements.reading`)."""
    match command:
        case RecordMeasurements():
            days = [point.on for point in command.points]
        case RestateMeasurement():
            days = [command.on]
        case _:
            return
    quarters = {quarter_of(day): day for day in days}
    streams = [stream_of(command.kpi, day) for day in quarters.values()]
    found.refs.extend(streams)
    found.parents.extend((stream, Kind.MEASUREMENTS) for stream in streams)


def _expect(found: Expectations, made: Kind | None, name: str, value: Any, source: str) -> None:
    if name in _NAMES and isinstance(value, UUID):
        found.refs.append(Ref(_NAMES[name], value))
    elif made is not None and name == "external_id" and value is not None:
        found.names.append((f"external_id:{made.value}:{source}", value))
    elif made is Kind.CHECK_IN and name == "id" and value is not None:
        found.names.append((CHECK_INS, str(value)))
    elif made is not None and name == "id" and isinstance(value, UUID):
        found.refs.append(Ref(made, value))
