"""One stream as a projection holds it: its facts in the fold's order and the states between them.

A track grows in place, fact by fact in the order of recording. A fact that arrives in order adds one state; one
that belongs earlier (backdated, a correction, a retraction) makes the states after it be folded again.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar, cast

from domain.kernel import Fact, Fold, Ref, fact_key

D = TypeVar("D")
S = TypeVar("S")
Key = tuple[datetime, int]
"""A place in the fold: (`effective_at`, `position`)."""

BEGINNING: Key = (datetime.min.replace(tzinfo=UTC), 0)


class Track(Generic[S]):
    """The facts of one stream and the state after each."""

    __slots__ = ("_derived", "_states", "facts", "fold", "keys", "number", "ref")

    def __init__(self, fold: Fold[S], ref: Ref) -> None:
        self.fold = fold
        self.ref = ref
        self.number = ref.id.int
        self.facts: list[Fact[Any]] = []
        self.keys: list[Key] = []
        self._states: list[S] = []
        self._derived: list[Any] = []

    def add(self, fact: Fact[Any]) -> None:
        """Takes the next recorded fact in, wherever it belongs."""
        key = fact_key(fact)
        if not self.keys or key > self.keys[-1]:
            self.keys.append(key)
            self.facts.append(fact)
            return
        at = bisect_left(self.keys, key)
        self.keys.insert(at, key)
        self.facts.insert(at, fact)
        del self._states[at:], self._derived[at:]

    def after(self, key: Key) -> S | None:
        """The state after everything up to and with the key; `None` before the beginning."""
        index = self._index(key)
        if index < 0:
            return None
        return self._states[index] if index < len(self._states) else self._state(index)

    @property
    def latest(self) -> S:
        """The state after everything. There must be something."""
        return self._state(len(self.facts) - 1)

    def derived(self, key: Key, derive: Callable[[S], D]) -> D | None:
        """What follows from that state, worked out once. A fold has one such function, always the same."""
        keys, derived = self.keys, self._derived
        index = len(keys) - 1
        if index < 0 or key < keys[-1]:
            index = self._index(key)
            if index < 0:
                return None
        if index < len(derived):
            return cast("D", derived[index])
        while len(derived) <= index:
            derived.append(derive(self._state(len(derived))))
        return cast("D", derived[index])

    def _index(self, key: Key) -> int:
        keys = self.keys
        if not keys or key >= keys[-1]:
            return len(keys) - 1
        return bisect_right(keys, key) - 1

    def _state(self, index: int) -> S:
        states = self._states
        while len(states) <= index:
            states.append(self.fold.evolve(states[-1] if states else None, self.facts[len(states)]))
        return states[index]

    def keys_from(self, key: Key) -> Sequence[Key]:
        """The keys from one on."""
        if not self.keys or key > self.keys[-1]:
            return ()
        if key == self.keys[-1]:
            return self.keys[-1:]
        return self.keys[bisect_left(self.keys, key) :]
