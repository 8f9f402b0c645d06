"""Facts go in, in the order of recording; the rows of the books that change come out.

The engine is the one fold behind both drivers. For each fact a book names the things that it changes. What those
looked like from the fact's place in the fold on is compared before and after it was taken in: versions that came
out different are no longer known from this position on, and new ones are. In order, that is one new row and no
other touched; a backdated fact rewrites what follows from it and nothing else.

A book that cannot take a fact stops at the position before it, with the error, and the others go on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from domain.kernel import Fact, Kind, Ref
from projections.track import Key
from projections.world import World

Row = tuple[Any, ...]


class Thing(NamedTuple):
    """What a row is about, and the stream that tells of it. `new`: it begins with the fact, so it has no past."""

    id: UUID
    stream: Ref
    new: bool = False


class Book(Protocol):
    """A read model. `version` is raised whenever its rows would come out differently."""

    @property
    def name(self) -> str:
        """What `GET /ledger` calls it."""
        ...

    @property
    def version(self) -> int:
        """Which rows it makes."""
        ...

    @property
    def table(self) -> str:
        """Where they lie."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """What they are made of, besides id, place and times."""
        ...

    @property
    def kinds(self) -> frozenset[Kind]:
        """The kinds of streams that tell of its things."""
        ...

    def things(self, fact: Fact[Any], world: World) -> Iterable[Thing]:
        """The things that the fact may change, known before it is taken in."""
        ...

    def keys_from(self, thing: Thing, key: Key, world: World) -> Sequence[Key]:
        """Where versions of the thing may begin, from a place in the fold on."""
        ...

    def row(self, thing: Thing, key: Key, world: World) -> Row | None:
        """The thing as it looked after everything up to a place in the fold."""
        ...


@dataclass(slots=True)
class Opened:
    """A version to insert; `known_to` if it was closed again before it was written."""

    id: UUID
    key: Key
    known_from: int
    row: Row
    known_to: int | None = None


class Closed(NamedTuple):
    """A version that is no longer known from a position on."""

    known_to: int
    id: UUID
    valid_from: datetime
    position: int
    known_from: int | None
    """`None` for the one that is known now; a rebuild, which closes at its end, says which."""


class Output:
    """What to write of one book. `whole`: it is kept for a whole rebuild, and drained now and then."""

    def __init__(self, *, whole: bool = False) -> None:
        self.opened: list[Opened] = []
        self.closed: list[Closed] = []
        self._whole = whole
        self._pending: dict[tuple[UUID, Key], Opened] = {}
        # Versions that were not known from their own position on: those that a late fact wrote anew.
        self._rewritten: dict[tuple[UUID, Key], int] = {}

    def open(self, id: UUID, key: Key, known_from: int, row: Row) -> None:
        """A version begins to be known."""
        opened = self._pending[id, key] = Opened(id, key, known_from, row)
        self.opened.append(opened)
        if self._whole and known_from != key[1]:
            self._rewritten[id, key] = known_from

    def close(self, id: UUID, key: Key, known_to: int) -> None:
        """A version is no longer known."""
        pending = self._pending.pop((id, key), None)
        if pending is not None:
            pending.known_to = known_to
            return
        known_from = self._rewritten.pop((id, key), key[1]) if self._whole else None
        self.closed.append(Closed(known_to, id, *key, known_from))

    def drain(self) -> list[Opened]:
        """Hands over the versions opened so far; what closes them later is in `closed`."""
        opened, self.opened = self.opened, []
        self._pending.clear()
        return opened


@dataclass(slots=True)
class Standing:
    """Where a book is: the position it has taken, and why it goes no further if it is stopped."""

    book: Book
    position: int = 0
    error: str | None = None


Known = list[tuple[Thing, Row | None, dict[Key, Row]]]
"""For each thing that a fact may change: the row just before the fact's place, and the versions from there on."""

_MOST_LAST = 100_000


class Engine:
    """Feeds facts to books."""

    def __init__(self, standings: Sequence[Standing], world: World) -> None:
        self.standings = standings
        self.world = world
        self._last: dict[tuple[str, UUID], tuple[Key, Row | None]] = {}

    @property
    def position(self) -> int:
        """Where to go on: at the book that is the furthest behind and not stopped."""
        running = [standing.position for standing in self.standings if standing.error is None]
        return min(running, default=max((s.position for s in self.standings), default=0))

    def forget(self) -> None:
        """Forgets what is held of the streams; they are read again when they are needed."""
        self.world.forget()
        self._last.clear()

    def take(self, facts: Sequence[Fact[Any]], onto: Mapping[str, Output] | None = None) -> Mapping[str, Output]:
        """Takes the next facts, which follow on `position`. Answers what to write of each book."""
        output = onto or {standing.book.name: Output() for standing in self.standings}
        if self.world.shrink() or len(self._last) > _MOST_LAST:
            self._last.clear()
        self.world.load(facts)
        for fact in facts:
            self._take(fact, output)
        return output

    def _take(self, fact: Fact[Any], output: Mapping[str, Output]) -> None:
        kind = fact.stream.kind
        running = [s for s in self.standings if s.error is None and s.position < fact.position]
        concerned = [s for s in running if kind in s.book.kinds]
        if kind is not Kind.EVENT:
            known = [(standing, self._before(standing, fact)) for standing in concerned]
            self.world.add(fact)
            for standing, before in known:
                if before is not None:
                    self._after(standing, fact, before, output[standing.book.name])
        for standing in running:
            if standing.error is None:
                standing.position = fact.position

    def _before(self, standing: Standing, fact: Fact[Any]) -> Known | None:
        """Each thing's row just before the fact's place, and its versions from there on, without the fact."""
        book = standing.book
        known: Known = []
        try:
            for thing in book.things(fact, self.world):
                if thing.new:
                    known.append((thing, None, {}))
                    continue
                cached = self._last.get((book.name, thing.id))
                if cached is not None and cached[0] < fact.key:
                    known.append((thing, cached[1], {}))
                    continue
                row = book.row(thing, (fact.effective_at, fact.position - 1), self.world)
                known.append((thing, row, dict(self._versions(book, thing, fact.key, row))))
        except Exception as error:  # whatever it is, it stops this book, and is shown
            _stop(standing, fact, error)
            return None
        return known

    def _versions(self, book: Book, thing: Thing, key: Key, before: Row | None) -> list[tuple[Key, Row]]:
        versions = []
        for place in book.keys_from(thing, key, self.world):
            row = book.row(thing, place, self.world)
            if row is not None and row != before:
                versions.append((place, row))
                before = row
        return versions

    def _after(self, standing: Standing, fact: Fact[Any], known: Known, output: Output) -> None:
        book = standing.book
        try:
            changes = [(*one, self._versions(book, one[0], fact.key, one[1])) for one in known]
        except Exception as error:  # the same; nothing of this fact is written of this book
            _stop(standing, fact, error)
            return
        for thing, before, old, versions in changes:
            if old:
                new = dict(versions)
                for key, row in old.items():
                    if new.get(key) != row:
                        output.close(thing.id, key, fact.position)
            for key, row in versions:
                if old.get(key) != row:
                    output.open(thing.id, key, fact.position, row)
            last = versions[-1] if versions else (fact.key, before)
            self._last[book.name, thing.id] = (max(last[0], fact.key), last[1])


def _stop(standing: Standing, fact: Fact[Any], error: Exception) -> None:
    standing.error = f"{type(error).__name__} at position {fact.position}: {error}"
