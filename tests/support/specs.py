"""What the specs of the domain are written in: `given(…).when(…).then(…)`.

    given(*MEASURED, on("2026-02-10")).when(check_in("revenue", value=5)).then(like(CheckedIn, value=5))

A step is a command, or an instant until which time passes. Commands are built in `tests.support.builders`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from domain.errors import Refusal
from domain.kernel import Command, Decision, Event, Kind
from domain.kpi.series import Series
from tests.support.builders import on, uid
from tests.support.memory import MemoryLedger


@dataclass(frozen=True, slots=True)
class Like:
    """An event of a class, of which only some fields matter."""

    event: type[Event]
    fields: dict[str, Any]


def like(event: type[Event], **fields: Any) -> Like:
    """An event of a class that has these fields, whatever the others are."""
    return Like(event, fields)


class World:
    """A ledger, and its things by name: as they stand, or as they stood at an instant.

    Untyped, since a spec knows which of several shapes it has made.
    """

    def __init__(self, ledger: MemoryLedger) -> None:
        self.ledger = ledger

    def cycle(self, label: str = "2026-Q1", at: str | None = None) -> Any:
        return self._state(Kind.CYCLE, label, at)

    def team(self, name: str = "core", at: str | None = None) -> Any:
        return self._state(Kind.TEAM, name, at)

    def member(self, name: str = "ada", at: str | None = None) -> Any:
        return self._state(Kind.MEMBER, name, at)

    def key(self, name: str = "laptop", at: str | None = None) -> Any:
        return self._state(Kind.KEY, name, at)

    def objective(self, name: str = "grow", at: str | None = None) -> Any:
        return self._state(Kind.OBJECTIVE, name, at)

    def key_result(self, name: str = "revenue", at: str | None = None) -> Any:
        return self._state(Kind.KEY_RESULT, name, at)

    def initiative(self, name: str = "campaign", at: str | None = None) -> Any:
        return self._state(Kind.INITIATIVE, name, at)

    def kpi(self, name: str = "signups", at: str | None = None) -> Any:
        return self._state(Kind.KPI, name, at)

    def series(self, name: str = "signups") -> Series:
        """All that was measured of a KPI."""
        series = Series()
        for fact in self.ledger.facts:
            if fact.stream.kind is Kind.MEASUREMENTS and fact.event.kpi == uid(name):
                series.add_fact(fact)
        return series

    def check_in(self, name: str = "monday", key_result: str = "revenue") -> Any:
        found = self.key_result(key_result).check_in(uid(name))
        assert found is not None
        return found

    def _state(self, kind: Kind, name: str, at: str | None) -> Any:
        return self.ledger.state(kind, uid(name), None if at is None else on(at))


class Given(World):
    """What has happened so far."""

    def when(self, command: Command) -> "Outcome":
        """Asks for what the spec is about."""
        try:
            return Outcome(self.ledger, self.ledger.execute(command), None)
        except Refusal as refusal:
            return Outcome(self.ledger, None, refusal)


class Outcome(World):
    """What became of the command."""

    def __init__(self, ledger: MemoryLedger, decision: Decision | None, refusal: Refusal | None) -> None:
        super().__init__(ledger)
        self._decision = decision
        self.refusal = refusal

    @property
    def decision(self) -> Decision:
        """The decision; raises what the command was refused with, if it was."""
        if self._decision is None:
            assert self.refusal is not None
            raise self.refusal
        return self._decision

    @property
    def events(self) -> list[Any]:
        """What happened."""
        return [draft.event for draft in self.decision.drafts]

    def then(self, *expected: Event | Like) -> "Outcome":
        """Just these events happened."""
        assert [type(event) for event in self.events] == [e.event if isinstance(e, Like) else type(e) for e in expected]
        for event, wanted in zip(self.events, expected, strict=True):
            given = event.given()
            if isinstance(wanted, Like):
                assert {name: given[name] for name in wanted.fields} == wanted.fields
            else:
                assert given == wanted.given()
        return self

    def nothing(self) -> None:
        """It was so already: nothing happened."""
        assert self.events == []
        assert not self.decision.created

    def refused(self, kind: type[Refusal], slug: str, *pointers: str) -> None:
        """It was refused, for this reason, with the fault at these places."""
        assert self.refusal is not None, f"taken: {self.events}"
        faults = tuple(fault.pointer for fault in self.refusal.faults)
        assert (type(self.refusal), self.refusal.slug, faults) == (kind, slug, pointers)


def given(*steps: Command | datetime, source: str = "http") -> Given:
    """The world after these steps, none of which is refused."""
    ledger = MemoryLedger(source=source)
    for step in steps:
        if isinstance(step, datetime):
            ledger.passes(step)
        else:
            ledger.execute(step)
    return Given(ledger)


def unreadable(builder: Callable[..., Command], *args: Any, **fields: Any) -> list[str]:
    """Where the payload breaks the command's schema, as pointers; none if it does not."""
    try:
        builder(*args, **fields)
    except ValidationError as error:
        return ["/" + "/".join(map(str, fault["loc"])) for fault in error.errors()]
    return []
