"""What was said of a key result: its check-ins as they read now, kept so that thousands of them cost no more each.

A history keeps the state after every fact, and each state has all check-ins so far. A tuple for each would grow with
the square of their number, so every state shares those of the state before it: a `CheckIns` is the newest one and a
reference to those before.

    state 3 ──▶ third ──▶ second ──▶ first ──▶ none
    state 2 ────────────────┘

It also says what the check-ins so far amount to, so nobody goes back through them to find a confidence that was stated
long ago or never. It does not change once it is made: a correction makes those from the corrected one on anew, which is
mostly the newest alone, since a correction takes effect when its check-in did.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple
from uuid import UUID

from domain.kernel import Key
from domain.key_result.events import Said
from domain.measures import Value
from domain.values import Redacted


class CheckIn(NamedTuple):
    """One check-in as it reads now. `key` is the place of the first statement in the fold; `field` is the
    measure's field that gives the value."""

    id: UUID
    key: Key
    field: str | None
    value: Value | None
    confidence: Decimal | None
    status: Said | None
    note: str | Redacted | None
    progress: str | Redacted | None
    plans: str | Redacted | None
    problems: str | Redacted | None
    external_id: str | None
    actor: UUID
    state: Literal["active", "corrected", "retracted"] = "active"

    @property
    def effective_at(self) -> datetime:
        """When the statement took effect."""
        return self.key[0]


class CheckIns:
    """Check-ins in the fold's order; equal to others that say the same, whether or not they share them.

    `last`: the latest that was not retracted; `confidence`: what the latest of those that stated one stated. Begins
    with `NONE`.
    """

    __slots__ = ("_before", "_count", "_newest", "_valued", "confidence", "last")

    _count: int
    _newest: CheckIn
    """The newest and those before it: only where there are any."""
    _before: "CheckIns"
    _valued: "CheckIns"
    """These up to the latest that gives a value and was not retracted."""

    def __init__(self) -> None:
        self._count = 0
        self._valued = self
        self.last: CheckIn | None = None
        self.confidence: Decimal | None = None

    def plus(self, said: CheckIn) -> "CheckIns":
        """These and one more."""
        more = CheckIns.__new__(CheckIns)
        more._count = self._count + 1
        more._newest = said
        more._before = self
        if said.state == "retracted":
            more._valued, more.last, more.confidence = self._valued, self.last, self.confidence
        else:
            more._valued = self._valued if said.field is None else more
            more.last = said
            more.confidence = self.confidence if said.confidence is None else said.confidence
        return more

    def revised(self, id: UUID, revise: Callable[[CheckIn], CheckIn]) -> "CheckIns":
        """The same, one of them revised; nothing but the same if that is not among them."""
        later: list[CheckIn] = []
        number, these = id.int, self
        while these._count:
            if these._newest.id.int == number:
                return _all(reversed(later), these._before.plus(revise(these._newest)))
            later.append(these._newest)
            these = these._before
        return self

    def valued(self, field: str, since: Key) -> CheckIn | None:
        """The latest that was not retracted and gives a value in a field, from a place in the fold on."""
        these = self._valued
        while these._count:
            said = these._newest
            if said.key < since:
                return None
            if said.field == field:
                return said
            these = these._before._valued
        return None

    def find(self, id: UUID) -> CheckIn | None:
        """The one with that id. Nearly always the newest is asked for."""
        number, these = id.int, self
        while these._count:
            if these._newest.id.int == number:
                return these._newest
            these = these._before
        return None

    def __len__(self) -> int:
        return self._count

    def __reversed__(self) -> Iterator[CheckIn]:
        these = self
        while these._count:
            yield these._newest
            these = these._before

    def __iter__(self) -> Iterator[CheckIn]:
        return reversed(list(reversed(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CheckIns):
            return NotImplemented
        these, those = self, other
        if these._count != those._count:
            return False
        while these is not those and these._count:
            if these._newest != those._newest:
                return False
            these, those = these._before, those._before
        return True

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"CheckIns({list(self)})"

    def __reduce__(self) -> tuple[Any, ...]:
        # As a list: one within the other, thousands would be too deep for pickle.
        return _all, (list(self),)


NONE = CheckIns()


def _all(said: Iterable[CheckIn], these: CheckIns = NONE) -> CheckIns:
    for one in said:
        these = these.plus(one)
    return these
