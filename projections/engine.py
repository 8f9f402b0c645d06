"""Facts go in, in the order of recording; the rows of the books that change come out.

The engine is the one fold behind both drivers. For each fact a book names the things that it changes. What those
looked like from the fact's place in the fold on is compared before and after it was taken in: versions that came
out different are no longer known from this position on, and new ones are. In order, that is one new row and no
other touched; a backdated fact rewrites what follows from it and nothing else.

A book that cannot take a fact stops at the position before it, with the error, and the others go on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from domain.kernel import Event, Fact, Kind, Ref
from projections.output import Output, Row
from projections.track import Key
from projections.world import World


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

    @property
    def events(self) -> tuple[type[Event], ...]:
        """Those events alone that do, if not all of these streams do; of all: none."""
        ...

    def things(self, fact: Fact[Any], world: World) -> Iterable[Thing]:
        """The things that the fact may change, known before it is taken in."""
        ...

    def keys_from(self, thing: Thing, key: Key, world: World) -> Sequence[Key]:
        """Where versions of the thing may begin, from a place in the fold on."""
        ...

    def row(self, thing: Thing, key: Key, world: World) -> Row | None:
        """The thing as it looked after everything up to a place in the fold: its columns, and after them whatever else
        makes a new version of it where it changes, though no column shows it."""
        ...


class LogBook:
    """A book of what was said, a row a statement: nothing that comes later ever changes a row of it."""

    events: tuple[type[Event], ...] = ()

    def things(self, fact: Fact[Any], world: World) -> Iterable[Thing]:  # noqa: ARG002
        """None that have versions."""
        return ()

    def keys_from(self, thing: Thing, key: Key, world: World) -> Sequence[Key]:
        """Never asked for."""
        raise NotImplementedError

    def row(self, thing: Thing, key: Key, world: World) -> Row | None:
        """Never asked for."""
        raise NotImplementedError

    def entries(self, fact: Fact[Any], world: World) -> Iterable[tuple[UUID, Key, Row]]:
        """The rows that a fact, which is taken in, makes: each with its id and its place in the fold."""
        raise NotImplementedError


@dataclass(slots=True)
class Standing:
    """Where a book is: the position it has taken, and why it goes no further if it is stopped."""

    book: Book
    position: int = 0
    error: str | None = None


class _Shelf:
    """A book at work: where it stands, and each thing's last row with its place in the fold."""

    __slots__ = ("book", "last", "standing", "width")

    def __init__(self, standing: Standing) -> None:
        self.book = standing.book
        self.standing = standing
        self.width = len(self.book.columns)
        self.last: dict[int, tuple[Key, Row | None]] = {}


_MOST_LAST = 100_000


class Engine:
    """Feeds facts to books."""

    def __init__(self, standings: Sequence[Standing], world: World) -> None:
        self.standings = standings
        self.world = world
        self._shelves = [_Shelf(standing) for standing in standings]
        self._concerned: dict[type[Event], list[_Shelf]] = {}

    @property
    def position(self) -> int:
        """Where to go on: at the book that is the furthest behind and not stopped."""
        running = [standing.position for standing in self.standings if standing.error is None]
        return min(running, default=max((s.position for s in self.standings), default=0))

    def forget(self) -> None:
        """Forgets what is held of the streams; they are read again when they are needed."""
        self.world.forget()
        for shelf in self._shelves:
            shelf.last.clear()

    def take(self, facts: Sequence[Fact[Any]]) -> Mapping[str, Output]:
        """Takes the next facts, which follow on `position`. Answers what to write of each book."""
        output = {standing.book.name: Output() for standing in self.standings}
        if self.world.shrink() or sum(len(shelf.last) for shelf in self._shelves) > _MOST_LAST:
            self.forget()
        self.world.load(facts)
        for fact in facts:
            self._take(fact, output)
        for standing in self.standings:
            if facts and standing.error is None:
                standing.position = max(standing.position, facts[-1].position)
        return output

    def _take(self, fact: Fact[Any], output: Mapping[str, Output]) -> None:
        kind = fact.stream.kind
        if kind is Kind.EVENT:
            return
        begin = self.world.begin(fact)
        if begin > self.world.newest and kind is not Kind.MEASUREMENTS:
            self._take_newest(fact, begin, output)
            return
        concerned = []
        for shelf in self._concerned_by(fact):
            if shelf.standing.error is None and shelf.standing.position < fact.position:
                try:
                    concerned.append((shelf, self._before(shelf, fact, begin)))
                except Exception as error:  # whatever it is, it stops this book, and is shown
                    _stop(shelf.standing, fact, error)
        self.world.add(fact)
        for shelf, known in concerned:
            try:
                self._after(shelf, fact, begin, known, output[shelf.book.name])
            except Exception as error:  # the same; nothing of this fact is written of this book
                _stop(shelf.standing, fact, error)

    def _take_newest(self, fact: Fact[Any], begin: Key, output: Mapping[str, Output]) -> None:
        """Takes a fact in that no other follows in the fold, as nearly all are: it makes one new version of a thing."""
        world = self.world
        concerned = []
        for shelf in self._concerned_by(fact):
            if shelf.standing.error is None and shelf.standing.position < fact.position:
                try:
                    concerned.append((shelf, _latest(shelf, fact, world)))
                except Exception as error:  # as in `_take`
                    _stop(shelf.standing, fact, error)
        world.add(fact)
        for shelf, things in concerned:
            book, written = shelf.book, output[shelf.book.name]
            try:
                if isinstance(book, LogBook):
                    for entry in list(book.entries(fact, world)):
                        written.enter(*entry)
                    continue
                rows = [(thing.id, before, book.row(thing, begin, world)) for thing, before in things]
            except Exception as error:
                _stop(shelf.standing, fact, error)
                continue
            for id, before, row in rows:
                if row is None or row == before:
                    shelf.last[id.int] = (begin, before)
                else:
                    shelf.last[id.int] = (begin, row)
                    written.open(id, begin, fact.position, row[: shelf.width])

    def _concerned_by(self, fact: Fact[Any]) -> "list[_Shelf]":
        """The books that an event of this class may change."""
        found = self._concerned.get(type(fact.event))
        if found is None:
            kind, cls = fact.stream.kind, type(fact.event)
            found = [s for s in self._shelves if kind in s.book.kinds and issubclass(cls, s.book.events or Event)]
            self._concerned[cls] = found
        return found

    def _before(self, shelf: _Shelf, fact: Fact[Any], begin: Key) -> "list[_Known]":
        """Each thing that the fact may change, with its row just before the fact's place, without the fact."""
        book, last, world = shelf.book, shelf.last, self.world
        known: list[_Known] = []
        for thing in book.things(fact, world):
            if thing.new:
                known.append((thing, None, None))
                continue
            cached = last.get(thing.id.int)
            if cached is not None and cached[0] < begin:
                known.append((thing, cached[1], None))
                continue
            row = book.row(thing, (begin[0], begin[1] - 1), world)
            known.append((thing, row, dict(_versions(book, thing, begin, row, world))))
        return known

    def _after(self, shelf: _Shelf, fact: Fact[Any], begin: Key, known: "list[_Known]", output: Output) -> None:
        """Writes what came out different once the fact was taken in."""
        book, world, position = shelf.book, self.world, fact.position
        if isinstance(book, LogBook):
            for entry in list(book.entries(fact, world)):
                output.enter(*entry)
            return
        changes = [(*one, _versions(book, one[0], begin, one[1], world)) for one in known]
        for thing, before, old, versions in changes:
            new, stay = dict(versions), set()
            for key, row in old.items() if old else ():
                if new.get(key) == row:
                    stay.add(key)
                else:
                    output.close(thing.id, key, position)
            for key, row in versions:
                if key not in stay:
                    output.open(thing.id, key, position, row[: shelf.width])
            last = versions[-1] if versions else (begin, before)
            shelf.last[thing.id.int] = last if last[0] > begin else (begin, last[1])


_Known = tuple[Thing, Row | None, dict[Key, Row] | None]
"""A thing, its row just before a fact, and, where the fact comes late, the versions that were there from then on."""


def _versions(book: Book, thing: Thing, key: Key, before: Row | None, world: World) -> list[tuple[Key, Row]]:
    versions = []
    for place in book.keys_from(thing, key, world):
        row = book.row(thing, place, world)
        if row is not None and row != before:
            versions.append((place, row))
            before = row
    return versions


def _latest(shelf: _Shelf, fact: Fact[Any], world: World) -> list[tuple[Thing, Row | None]]:
    """What the fact may change, each thing with its row as it is after everything that was taken in."""
    found: list[tuple[Thing, Row | None]] = []
    book, last = shelf.book, shelf.last
    for thing in book.things(fact, world):
        if thing.new:
            found.append((thing, None))
            continue
        cached = last.get(thing.id.int)
        found.append((thing, book.row(thing, world.newest, world) if cached is None else cached[1]))
    return found


def _stop(standing: Standing, fact: Fact[Any], error: Exception) -> None:
    standing.position = max(standing.position, fact.position - 1)
    standing.error = f"{type(error).__name__} at position {fact.position}: {error}"
