"""What a decision sees: the ledger, and on top of it what the same batch has decided already.

A `Sight` answers `domain.kernel.Look` and keeps account of everything it was asked, because all of it guards the
append. A `Desk` is what several decisions of one batch share: the things as they stand after the drafts so far,
with provisional positions that only serve to keep the order.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypeVar, cast
from uuid import UUID

from domain.catalogue import FOLDS
from domain.history import History
from domain.kernel import Draft, Fact, Fold, Kind, Person, Ref, Texts
from domain.places import Place, place
from ledger.append import Children
from ledger.cache import Cache
from ledger.reader import Reader

S = TypeVar("S")

FAR = 2**62
"""Where provisional positions begin: after everything that is recorded."""

_AT_ONCE = 1_000


class Desk:
    """What a batch of decisions has laid out so far. `fresh`: nothing is taken from the cache."""

    def __init__(self, reader: Reader, cache: Cache, *, now: datetime, fresh: bool) -> None:
        self.reader = reader
        self.now = now
        self.fresh = fresh
        self.used_cache = False
        self.holders: dict[tuple[str, str], Ref] = {}
        self._named: Mapping[tuple[str, str], Ref | None] = {}
        self._children: Mapping[tuple[Ref, Kind], list[UUID]] = {}
        self.people: dict[UUID, Person] = {}
        self.attached: dict[tuple[Ref, Kind], dict[UUID, None]] = {}
        self.latest: dict[UUID, datetime] = {}
        self.laid: dict[Ref, list[Fact[Any]]] = {}
        self._cache = cache
        self._position = FAR
        self._unstated: set[int] = set()
        self._histories: dict[Ref, History[Any]] = {}
        self._before: dict[Ref, History[Any]] = {}

    def history(self, fold: Fold[S], id: UUID) -> History[S]:
        """A thing as it stands after the drafts so far."""
        ref = Ref(fold.kind, id)
        known = self._histories.get(ref)
        if known is None:
            known = None if self.fresh else self._cache.get(ref)
            if known is not None:
                self.used_cache = True
            else:
                known = History(fold, ref, self.reader.read_stream(ref))
                if known.exists:
                    self._cache.put(known)
            self._histories[ref] = known
        return cast("History[S]", known)

    def expect(
        self, refs: Iterable[Ref], names: Iterable[tuple[str, str]], parents: Iterable[tuple[Ref, Kind]]
    ) -> None:
        """Reads what a batch is going to ask for at once: streams, who holds unique names, and children."""
        self._named = self.reader.holders(list(dict.fromkeys(names)))
        self._children = self.reader.children_of(list(dict.fromkeys(parents)))
        wanted = [ref for ref in dict.fromkeys(refs) if self.fresh or self._cache.get(ref) is None]
        for start in range(0, len(wanted), _AT_ONCE):
            for ref, facts in self.reader.read_streams(wanted[start : start + _AT_ONCE]).items():
                self._histories.setdefault(ref, History(FOLDS[ref.kind], ref, facts))

    def holder(self, scope: str, value: str) -> Ref | None:
        """What holds a unique name after the drafts so far."""
        name = (scope, value)
        if name in self.holders:
            return self.holders[name]
        return self._named[name] if name in self._named else self.reader.holder(scope, value)

    def children(self, parent: Ref, kind: Kind) -> list[UUID]:
        """What was ever attached to a parent, the drafts so far included."""
        known = self._children.get((parent, kind))
        found = self.reader.children(parent, kind) if known is None else known
        laid = self.attached.get((parent, kind))
        return list(dict.fromkeys((*found, *laid))) if laid else found

    def lay(self, draft: Draft, actor: UUID, on_behalf_of: UUID | None) -> Place:
        """Takes a draft in, as if it had been recorded. Answers where it belongs."""
        fold = FOLDS[draft.stream.kind]
        history = self.history(fold, draft.stream.id)
        where = place(draft.stream, draft.event, self.history)
        self._position += 1
        effective_at = draft.effective_at
        if effective_at is None:  # after everything that is known of it, whatever the clocks say
            self._unstated.add(self._position)
            effective_at = max(self.now, history.facts[-1].effective_at) if history.exists else self.now
        fact = Fact(
            stream=draft.stream,
            version=history.version + 1,
            position=self._position,
            event=draft.event,
            effective_at=effective_at,
            recorded_at=self.now,
            actor=actor,
            on_behalf_of=on_behalf_of,
            reported_at=draft.reported_at,
        )
        self._before.setdefault(draft.stream, history)
        self._histories[draft.stream] = history.with_facts([fact])
        self.laid.setdefault(draft.stream, []).append(fact)
        for cycle in where.cycles:
            self.latest[cycle] = max(fact.effective_at, self.latest.get(cycle, fact.effective_at))
        for parent, child in where.attachments:
            self.attached.setdefault((parent, child.kind), {}).setdefault(child.id)
        self.holders |= {(claim.scope, claim.value): draft.stream for claim in draft.claims}
        if draft.person is not None:
            self.people[draft.stream.id] = draft.person
        return where

    def in_order(self) -> list[Fact[Any]]:
        """The drafts so far, as they were laid."""
        return sorted((fact for facts in self.laid.values() for fact in facts), key=lambda fact: fact.position)

    def version_before(self, ref: Ref) -> int:
        """The version that a thing which was looked at had before the drafts."""
        return (self._before.get(ref) or self._histories[ref]).version

    def is_outdated(self) -> bool:
        """Whether a thing that was looked at has changed since."""
        now = self.reader.versions(list(self._histories))
        return any(now.get(ref, 0) != self.version_before(ref) for ref in self._histories)

    def recorded(self, places: Sequence[tuple[int, datetime]]) -> list[Fact[Any]]:
        """The drafts were recorded, in the order they were laid, at these places: the cache learns of it.

        Answers the facts that they are now.
        """
        facts: list[Fact[Any]] = []
        real: dict[Ref, list[Fact[Any]]] = {}
        for fact, (position, recorded_at) in zip(self.in_order(), places, strict=True):
            effective_at = recorded_at if fact.position in self._unstated else fact.effective_at
            facts.append(fact._replace(position=position, recorded_at=recorded_at, effective_at=effective_at))
            real.setdefault(fact.stream, []).append(facts[-1])
        for ref, new in real.items():
            # The history from before the drafts has its states already; only the new facts are folded.
            self._cache.put(self._before[ref].with_facts(new))
        return facts


class Sight:
    """One decision's view of the desk. What it was asked is what guards the append."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._guards: dict[Ref, int] = {}
        self._children: dict[tuple[Ref, Kind], int] = {}
        self._not_before: list[UUID] = []

    def __call__(self, fold: Fold[S], id: UUID, /) -> History[S]:
        """The history of one thing; empty if there is none."""
        history = self._desk.history(fold, id)
        self._guards.setdefault(history.ref, history.version)
        return history

    def children(self, parent: Ref, kind: Kind, /) -> Sequence[UUID]:
        """Every thing of that kind that was ever attached to the parent, oldest first."""
        found = self._desk.children(parent, kind)
        self._children[parent, kind] = len(found)
        return found

    def last_effective_in(self, cycle: UUID, /) -> datetime | None:
        """The latest `effective_at` of any event in the cycle; the append holds it to that."""
        self._not_before.append(cycle)
        recorded, laid = self._desk.reader.last_effective_in(cycle), self._desk.latest.get(cycle)
        return max((at for at in (recorded, laid) if at is not None), default=None)

    def holder(self, scope: str, value: str, /) -> Ref | None:
        """What holds a unique name."""
        return self._desk.holder(scope, value)

    def person(self, member: UUID, /) -> Person | None:
        """A member's personal data."""
        return self._desk.people.get(member) or self._desk.reader.person(member)

    def key_beside(self, id: UUID, /) -> Literal["active", "revoked"] | None:
        """How a key stands that is kept beside the ledger."""
        return self._desk.reader.key_beside(id)

    def texts_at(self, position: int, /) -> Texts | None:
        """Where the free texts of a recorded event stand."""
        return self._desk.reader.texts_at(position)

    def guards(self) -> dict[str, Any]:
        """Everything that was looked at, as the fields of an append."""
        children = tuple(Children(*parent, count) for parent, count in self._children.items())
        return {"guards": self._guards, "children": children, "not_before": tuple(self._not_before)}
