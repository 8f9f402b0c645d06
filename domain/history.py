"""All that is known about one thing: its facts in the fold's order, and its state at any instant.

A history does not change, and many threads may ask the same; one with more facts is another, which takes over the
states that still hold. States share what they have in common (`domain.key_result.statements`), so a long history is as
large as its facts.
"""

from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from domain.kernel import Fact, Fold, Ref, fact_key

S = TypeVar("S")


class History(Generic[S]):
    """All that is known now about one thing: its facts in the fold's order, and the state at any instant."""

    __slots__ = ("_known", "facts", "fold", "position", "ref")

    def __init__(self, fold: Fold[S], ref: Ref, facts: Iterable[Fact[Any]]) -> None:
        self.fold = fold
        self.ref = ref
        self.facts = sorted(facts, key=fact_key)
        self.position = max((fact.position for fact in self.facts), default=0)
        """The ledger position of the stream's last event; 0 without one."""
        self._known: tuple[int, list[S]] = (0, [])
        """So many facts whose states were forgotten, and the states after those behind them that were asked for."""

    def with_facts(self, facts: Sequence[Fact[Any]]) -> "History[S]":
        """This history and the facts that were recorded after it."""
        grown: History[S] = History(self.fold, self.ref, ())
        grown.facts = list(self.facts)
        grown.position = max((self.position, *(fact.position for fact in facts)))
        kept = len(grown.facts)
        for fact in facts:
            kept = min(kept, bisect_right(grown.facts, fact.key, key=fact_key))
            insort(grown.facts, fact, key=fact_key)
        forgotten, states = self._known
        grown._known = (forgotten, states[: kept - forgotten]) if kept > forgotten else (0, [])
        return grown

    @property
    def version(self) -> int:
        """How many events the stream has; what a guard compares."""
        return len(self.facts)

    @property
    def exists(self) -> bool:
        """Whether anything was ever recorded of it."""
        return bool(self.facts)

    @property
    def first(self) -> Fact[Any]:
        """The fact that made the thing."""
        return self.facts[0]

    @property
    def now(self) -> S:
        """The state with everything that is known."""
        return self._upto(len(self.facts))

    def at(self, instant: datetime) -> S | None:
        """The state as it was in effect at the instant, by what is known now; `None` before the beginning."""
        count = bisect_right(self.facts, instant, key=_effective)
        return self._upto(count) if count else None

    def states_since(self, instant: datetime) -> Iterator[tuple[datetime, S]]:
        """The state in effect at the instant, if any, and each later one, with the instant it took effect."""
        facts = self.facts
        for count in range(max(1, bisect_right(facts, instant, key=_effective)), len(facts) + 1):
            at = facts[count - 1].effective_at
            overtaken = count < len(facts) and facts[count].effective_at <= max(instant, at)
            if not overtaken:
                yield at, self._upto(count)

    def only_now(self) -> None:
        """Forgets the states before the latest that was asked for. Who asks for them has them folded again."""
        forgotten, states = self._known
        if len(states) > 1:
            self._known = (forgotten + len(states) - 1, states[-1:])

    def _upto(self, count: int) -> S:
        forgotten, states = self._known
        if count <= forgotten:
            forgotten, states = 0, []
        if len(states) < count - forgotten:
            # In a list of its own: another thread may be folding the same facts just now.
            states = states.copy()
            for fact in self.facts[forgotten + len(states) : count]:
                states.append(self.fold.evolve(states[-1] if states else None, fact))
            self._known = (forgotten, states)
        return states[count - forgotten - 1]


def _effective(fact: Fact[Any]) -> datetime:
    return fact.effective_at
