"""What a batch of commands is going to look at, as far as their fields say: read at once, not one after the other.

Nothing depends on it but speed. What is not foreseen here is read when it is asked for.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from domain.kernel import Command, Kind, Ref
from domain.key_result.check_ins import CHECK_INS

_NAMES = {
    "cycle": Kind.CYCLE,
    "team": Kind.TEAM,
    "member": Kind.MEMBER,
    "owner": Kind.MEMBER,
    "objective": Kind.OBJECTIVE,
    "key_result": Kind.KEY_RESULT,
    "initiative": Kind.INITIATIVE,
}
_MAKES = {
    "set_objective": Kind.OBJECTIVE,
    "add_key_result": Kind.KEY_RESULT,
    "register_member": Kind.MEMBER,
    "form_team": Kind.TEAM,
    "start_initiative": Kind.INITIATIVE,
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
    """Streams, and unique names as (scope, value)."""

    refs: list[Ref]
    names: list[tuple[str, str]]


def expectations(orders: Iterable[Given]) -> Expectations:
    """What the orders are going to look at."""
    found = Expectations([], [])
    for order in orders:
        command = order.command
        made = _MAKES.get(command.NAME)
        for name in command.model_fields_set:
            _expect(found, made, name, getattr(command, name), order.source)
    return found


def _expect(found: Expectations, made: Kind | None, name: str, value: Any, source: str) -> None:
    if name in _NAMES and isinstance(value, UUID):
        found.refs.append(Ref(_NAMES[name], value))
    elif made is not None and name == "external_id" and value is not None:
        found.names.append((f"external_id:{made.value}:{source}", value))
    elif made is Kind.CHECK_IN and name == "id" and value is not None:
        found.names.append((CHECK_INS, str(value)))
    elif made is not None and name == "id" and isinstance(value, UUID):
        found.refs.append(Ref(made, value))
