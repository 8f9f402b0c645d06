"""The other driver: the whole ledger, folded anew into shadow tables beside the live ones.

    shares ─▶ fold each in memory, COPY into tables without indexes ─▶ index ─▶ catch up ─▶ compare ─▶ swap

Of a share everything is known before a row is written, so no row is ever touched again; shares are folded by several
processes where there is enough to do, and no process holds more than one of them. Readers and the live projector go
on meanwhile; they are held up only for the last step, in one transaction. A rebuild that dies leaves its shares to the
next one (`projections.shadow`).

The rebuilt books must say what the live ones of the same version say. If they do not, one of both is wrong: nothing is
swapped, and the rows are named.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from ledger.database import Connection, Database
from ledger.reader import Reader
from projections import shadow, store
from projections.crew import ALL_HANDS, Crew
from projections.engine import Book, Engine, Standing
from projections.pipeline import FoldFailed, Line, check
from projections.preparing import prepare
from projections.renewal import redacted, renew
from projections.shares import Share, shares
from projections.shelf import BOOKS
from projections.world import BLANK, World

SHARE = 4_000
"""Events of a share: enough to read and to copy them in one go, few enough to hold a share for each process."""
SHARES = 16
"""So many of them at least, so that nobody has much to do when the others have nothing left, unless they were tiny."""
LEAST = 2_000
CHUNK = 2_000
SHOWN = 20
"""How many differing rows of a book are named."""

Show = Callable[[int, int], None]
"""Called with the number of events taken, and of all."""

Differences = Mapping[str, tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]]
"""Book → rows only in the live table, rows only in the rebuilt one."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a rebuild did. `compared`: the books that were held against the live ones; `taken_up`: the events that one
    which died had done already."""

    position: int
    seconds: float
    rows: Mapping[str, int]
    swapped: bool
    compared: Sequence[str] = ()
    differences: Differences = field(default_factory=dict)
    taken_up: int = 0


class RebuildFailed(Exception):
    """A book cannot take an event, or somebody else is rebuilding; the live books stay as they are."""


def rebuild(
    database: Database,
    reader: Reader,
    show: Show | None = None,
    *,
    verify: bool = False,
    compare: bool = True,
    crew: Crew = ALL_HANDS,
) -> Report:
    """Makes all books anew and swaps them in, unless they differ from live ones of the same version.

    `verify`: only compares, and begins from nothing whatever a dead rebuild left. `compare=False`: swaps whatever the
    live ones say. `crew`: who folds. Raises `RebuildFailed`, `NotReady`.
    """
    with database.watch.span("rebuild", verify=int(verify)):
        return _rebuilt(database, reader, show or _silent, verify=verify, compare=compare, crew=crew)


def _rebuilt(database: Database, reader: Reader, show: Show, *, verify: bool, compare: bool, crew: Crew) -> Report:
    started = perf_counter()
    prepare(database)
    connection = database.dedicated()
    try:
        if not shadow.lock(connection, database.schema):
            raise RebuildFailed("Another rebuild of this ledger is running.")
        with connection.transaction():
            head = reader.head().position
            sizes = f"{LEAST} to {SHARE}, {SHARES} of them"
            progress = None if verify else shadow.take_up(connection, database, head, sizes)
            progress = progress or shadow.begin(connection, database, head, sizes)
            todo = shares(connection, progress.head, min(SHARE, max(LEAST, progress.head // SHARES)))
        taken_up, rows = _fold(database, reader, todo, progress, show, crew)
        if not progress.indexed:
            with connection.transaction():
                shadow.finish_tables(connection, database)
        with connection.transaction():
            ending = _Ending(connection, database, reader, rows)
            report = ending.verify(progress.head) if verify else ending.swap(progress.head, compare=compare)
    except FoldFailed as error:
        raise RebuildFailed(str(error)) from None
    finally:
        connection.close()
    return report(perf_counter() - started, taken_up)


def _silent(_done: int, _all: int) -> None:
    """Shows nothing."""


def _fold(
    database: Database,
    reader: Reader,
    every: Sequence[Share],
    progress: shadow.Progress,
    show: Show,
    crew: Crew,
) -> tuple[int, Counter[str]]:
    """Folds the shares that are left. Answers the events that were done before, and all rows."""
    rows: Counter[str] = sum(progress.done.values(), Counter())
    todo = [share for share in every if shadow.name_of(share) not in progress.done]
    total, left = (sum(share.events for share in some) for some in (every, todo))
    done = taken_up = total - left
    line = Line(database, reader, progress.head)
    for share, written in crew.fold(line, todo):
        rows += written
        done += share.events
        show(done, total)
    return taken_up, rows


_Reported = Callable[[float, int], Report]
"""A report that still wants to be told how long it took, and how much was taken up."""


class _Ending:
    """The last step of a rebuild, in one transaction: what was recorded meanwhile, the comparison, the swap."""

    def __init__(self, connection: Connection, database: Database, reader: Reader, rows: Counter[str]) -> None:
        self._connection = connection
        self._database = database
        self._reader = reader
        self._rows = rows
        store.use_schema(connection, database.shadow, database.books, database.schema)
        self._live = store.standings(connection, hold=True)

    def verify(self, built: int) -> _Reported:
        """Compares all books, and removes the rebuilt ones."""
        positions = {position for _, position, _ in self._live.values()}
        if any(self._live[book.name][0] != book.version for book in BOOKS):
            raise RebuildFailed("The live books are of another version of the program.")
        if len(positions) != 1 or max(positions) < built:
            raise RebuildFailed(f"The live books are behind: {sorted(positions)}, the ledger is at {built} or later.")
        position = positions.pop()
        self._catch_up(built, position)
        differing = self._differences(BOOKS)
        shadow.remove(self._connection)
        return self._report(position, BOOKS, differing, swapped=False)

    def swap(self, built: int, *, compare: bool) -> _Reported:
        """Swaps, unless books differ that should not: those of the same version that are at the same position."""
        position = max(built, *(place for _, place, _ in self._live.values()))
        self._catch_up(built, position)
        same = [book for book in BOOKS if compare and self._live.get(book.name) == (book.version, position, None)]
        differing = self._differences(same)
        if not differing:
            shadow.swap(self._connection, self._database, position)
        return self._report(position, same, differing, swapped=not differing)

    def _catch_up(self, built: int, target: int) -> None:
        engine = Engine([Standing(book, built) for book in BOOKS], World(BLANK))
        engine.world = World(store.source(self._reader, lambda: engine.position))
        while facts := self._reader.read_after(engine.position, CHUNK, target):
            written = engine.take(facts)
            check(engine)
            store.write(self._connection, ((book, written[book.name]) for book in BOOKS))
            self._rows += Counter({name: len(of.opened) for name, of in written.items()})
            for ref in redacted(facts):  # its share may have been read before
                renew(self._connection, self._reader, ref, engine.position)
                engine.forget()

    def _differences(self, books: Sequence[Book]) -> Differences:
        live, rebuilt = self._database.books, self._database.shadow
        found = {}
        for book in books:
            if store.differ(self._connection, book, live, rebuilt):
                only_live = store.differences(self._connection, book, live, rebuilt, SHOWN)
                only_new = store.differences(self._connection, book, rebuilt, live, SHOWN)
                if only_live or only_new:
                    found[book.name] = (only_live, only_new)
        return found

    def _report(self, position: int, compared: Sequence[Book], differing: Differences, *, swapped: bool) -> _Reported:
        names = [book.name for book in compared]
        return lambda seconds, taken_up: Report(position, seconds, self._rows, swapped, names, differing, taken_up)
