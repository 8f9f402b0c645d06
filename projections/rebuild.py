"""The other driver: the whole ledger, folded anew into shadow tables beside the live ones.

    shares ─▶ fold each in memory, COPY into tables without indexes ─▶ index ─▶ catch up ─▶ compare, or swap

Of a share everything is known before a row is written, so no row is ever touched again; shares are folded by several
processes where there is enough to do, and no process holds more than its share. Readers and the live projector go
on meanwhile; they are held up only for the last step, in one transaction. A rebuild that dies leaves nothing but shadow
tables, which the next one removes.
"""

import gc
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context
from time import perf_counter, sleep
from typing import Any

from domain.catalogue import EVENTS
from domain.kernel import Ref
from ledger.database import Connection, Database
from ledger.mapper import EventMapper
from ledger.reader import Reader
from projections import store
from projections.engine import Engine, Standing
from projections.projector import prepare
from projections.shares import Share, shares
from projections.shelf import BOOKS
from projections.store import SQL
from projections.world import BLANK, World

SHARE = 4_000
"""Events of a share: enough to read and to copy them in one go, few enough to hold many shares at once."""
WORTH_PROCESSES = 20_000
"""From so many events on, starting processes costs less than it saves."""
MOST_PROCESSES = 8
_TRIES = 20
CHUNK = 2_000
SHOWN = 20
"""How many differing rows of a book are named."""

Progress = Callable[[int, int], None]
"""Called with the number of events taken, and of all."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a rebuild did. `differences`: book → rows only in the live table, rows only in the rebuilt one."""

    position: int
    seconds: float
    rows: Mapping[str, int]
    swapped: bool
    differences: Mapping[str, tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]] = field(default_factory=dict)


class RebuildFailed(Exception):
    """A book cannot take an event, or somebody else is rebuilding; the live books stay as they are."""


def rebuild(
    database: Database,
    reader: Reader,
    progress: Progress | None = None,
    *,
    verify: bool = False,
    processes: int | None = None,
) -> Report:
    """Makes all books anew and swaps them in; with `verify`, only compares them with the live ones.

    `processes`: how many fold at the same time, by default one a CPU where that pays.
    Raises `RebuildFailed`, `NotReady`.
    """
    started = perf_counter()
    prepare(database)
    connection = database.dedicated()
    try:
        _alone(connection, database.schema)
        head = reader.head().position
        with connection.transaction():
            store.use_schema(connection, database.shadow, database.schema)
            store.drop_tables(connection)
            store.create_tables(connection)
            todo = shares(connection, head, SHARE)
        rows = _fold(database, reader, todo, head, progress or _silent, processes)
        with connection.transaction():
            store.use_schema(connection, database.shadow, database.schema)
            store.create_indexes(connection)
            store.analyze(connection)
        with connection.transaction():
            return _finish(connection, database, reader, head, rows, started, verify=verify)
    finally:
        connection.close()


def _alone(connection: Connection, schema: str) -> None:
    """Takes the lock of rebuilds; one whose connection was closed just now may hold it for a moment still."""
    for _ in range(_TRIES):
        row = connection.execute(SQL["lock_rebuild"], {"schema": schema}).fetchone()
        if row is not None and row[0]:
            return
        sleep(0.1)
    raise RebuildFailed("Another rebuild of this ledger is running.")


def _silent(_done: int, _all: int) -> None:
    """Shows nothing."""


def _fold(
    database: Database, reader: Reader, todo: Sequence[Share], head: int, show: Progress, processes: int | None
) -> Counter[str]:
    total, done = sum(share.events for share in todo), 0
    if processes is None:
        worth = total >= WORTH_PROCESSES
        processes = min(os.cpu_count() or 1, MOST_PROCESSES, len(todo)) if worth else 1
    rows: Counter[str] = Counter()
    for share, written in _folded(database, reader, todo, head, processes):
        rows += written
        done += share.events
        show(done, total)
    return rows


def _folded(
    database: Database, reader: Reader, todo: Sequence[Share], head: int, processes: int
) -> Iterator[tuple[Share, Counter[str]]]:
    if processes <= 1:
        for share in todo:
            yield share, fold_share(database, reader, share, head)
        return
    pool = ProcessPoolExecutor(processes, get_context("spawn"), _open, (database.url, database.schema))
    try:
        futures = {pool.submit(_fold_apart, share, head): share for share in todo}
        for future in as_completed(futures):
            yield futures[future], future.result()
    finally:
        pool.shutdown(cancel_futures=True)


_opened: Reader | None = None
"""What a process that folds shares reads from; set once, when it starts."""


def _open(url: str, schema: str) -> None:
    global _opened  # noqa: PLW0603  # a pool's processes have no other place to keep something
    _opened = Reader(Database(url, schema).open(), EventMapper(EVENTS))


def _fold_apart(share: Share, head: int) -> Counter[str]:
    assert _opened is not None  # noqa: S101
    return fold_share(_opened.database, _opened, share, head)


def fold_share(database: Database, reader: Reader, share: Share, head: int) -> Counter[str]:
    """Folds a share and writes its rows into the shadow tables. Answers how many, book by book."""
    # Everything that is made here is kept to the end, and hardly any of it in cycles: looking for garbage among it
    # again and again took a third of the time.
    gc.disable()
    try:
        refs = [Ref.parse(name) for name in (*share.streams, *share.beside)]
        facts = [fact for stream in reader.read_streams(refs, head).values() for fact in stream]
        facts.sort(key=_position)
        books = [book for book in BOOKS if not (share.goals and book.name == "cycles")]
        engine = Engine([Standing(book) for book in books], World(BLANK))
        output = engine.take(facts)
        _check(engine)
        with database.connection() as connection, connection.transaction():
            store.use_schema(connection, database.shadow, database.schema)
            for book in books:
                store.copy_rows(connection, book, output[book.name].opened)
        return Counter({name: len(of.opened) for name, of in output.items()})
    finally:
        gc.enable()


def _position(fact: Any) -> int:
    return int(fact.position)


def _check(engine: Engine) -> None:
    for standing in engine.standings:
        if standing.error is not None:
            raise RebuildFailed(f"The book of {standing.book.name} stops: {standing.error}")


def _finish(
    connection: Connection,
    database: Database,
    reader: Reader,
    head: int,
    rows: Counter[str],
    started: float,
    *,
    verify: bool,
) -> Report:
    store.use_schema(connection, database.shadow, database.books, database.schema)
    live = store.standings(connection, hold=True)
    target = _common(live, head) if verify else max(head, *(position for _, position, _ in live.values()))
    engine = Engine([Standing(book, head) for book in BOOKS], World(BLANK))
    engine.world = World(store.source(reader, lambda: engine.position))
    while facts := reader.read_after(engine.position, CHUNK, target):
        written = engine.take(facts)
        _check(engine)
        store.write(connection, ((book, written[book.name]) for book in BOOKS))
        rows += Counter({name: len(of.opened) for name, of in written.items()})
    differing = _differences(connection, database) if verify else {}
    if verify:
        store.drop_tables(connection)
    else:
        _swap(connection, database, engine.position)
    return Report(engine.position, perf_counter() - started, rows, not verify, differing)


def _differences(
    connection: Connection, database: Database
) -> dict[str, tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]]:
    differing = {}
    for book in BOOKS:
        only_live = store.differences(connection, book, database.books, database.shadow, SHOWN)
        only_new = store.differences(connection, book, database.shadow, database.books, SHOWN)
        if only_live or only_new:
            differing[book.name] = (only_live, only_new)
    return differing


def _common(live: Mapping[str, tuple[int, int, str | None]], built: int) -> int:
    positions = {position for _, position, _ in live.values()}
    if len(positions) != 1 or max(positions) < built:
        raise RebuildFailed(f"The live books are behind: {sorted(positions)}, the ledger is at {built} or later.")
    return positions.pop()


def _swap(connection: Connection, database: Database, position: int) -> None:
    store.use_schema(connection, database.books, database.schema)
    store.drop_tables(connection)
    store.use_schema(connection, database.shadow, database.books, database.schema)
    for book in BOOKS:
        store.move_table(connection, book, database.books)
    store.place(connection, BOOKS, position)
