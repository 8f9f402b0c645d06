"""The other driver: the whole ledger, folded anew into shadow tables beside the live ones.

    COPY into tables without indexes ─▶ index ─▶ catch up ─▶ hold the bookmarks ─▶ compare, or swap

Readers and the live projector go on meanwhile; they are held up only for the last step, in one transaction. A
rebuild that dies leaves nothing but shadow tables, which the next one removes.
"""

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from ledger.database import Connection, Database
from ledger.reader import Reader
from projections import store
from projections.engine import Engine, Output, Standing
from projections.projector import prepare
from projections.shelf import BOOKS
from projections.world import BLANK, World

CHUNK = 2_000
SHOWN = 20
"""How many differing rows of a book are named."""

Progress = Callable[[int, int], None]
"""Called with the position reached and the one to reach."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a rebuild did. `differences`: book → rows only in the live table, rows only in the rebuilt one."""

    position: int
    seconds: float
    rows: Mapping[str, int]
    swapped: bool
    differences: Mapping[str, tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]] = field(default_factory=dict)


class RebuildFailed(Exception):
    """A book cannot take an event; the live books stay as they are."""


def rebuild(database: Database, reader: Reader, progress: Progress | None = None, *, verify: bool = False) -> Report:
    """Makes all books anew and swaps them in; with `verify`, only compares them with the live ones.

    Raises `RebuildFailed`, `NotReady`.
    """
    started = perf_counter()
    prepare(database)
    show = progress or (lambda position, head: None)  # noqa: ARG005
    engine = Engine([Standing(book) for book in BOOKS], World(BLANK))
    output = {book.name: Output(whole=True) for book in BOOKS}
    rows = {book.name: 0 for book in BOOKS}
    connection = database.dedicated()
    try:
        with connection.transaction():
            store.use_schema(connection, database.shadow, database.schema)
            store.drop_tables(connection)
            store.create_tables(connection)
            _fill(connection, reader, engine, output, rows, show)
            store.create_indexes(connection)
            for book in BOOKS:
                store.close_rows(connection, book, output[book.name].closed)
                output[book.name].closed.clear()
            store.analyze(connection)
        with connection.transaction():
            return _finish(connection, database, reader, engine, rows, started, verify=verify)
    finally:
        connection.close()


def _fill(
    connection: Connection,
    reader: Reader,
    engine: Engine,
    output: Mapping[str, Output],
    rows: dict[str, int],
    show: Progress,
) -> None:
    head = reader.head().position
    # Everything that is made here is kept to the end, and hardly any of it in cycles: looking for garbage among it
    # again and again took a third of the time.
    gc.disable()
    try:
        _take_all(connection, reader, engine, output, rows, show, head)
    finally:
        gc.enable()


def _take_all(
    connection: Connection,
    reader: Reader,
    engine: Engine,
    output: Mapping[str, Output],
    rows: dict[str, int],
    show: Progress,
    head: int,
) -> None:
    while facts := reader.read_after(engine.position, CHUNK, head):
        engine.take(facts, output)
        _check(engine)
        for book in BOOKS:
            opened = output[book.name].drain()
            rows[book.name] += len(opened)
            store.copy_rows(connection, book, opened)
        show(engine.position, head)


def _check(engine: Engine) -> None:
    for standing in engine.standings:
        if standing.error is not None:
            raise RebuildFailed(f"The book of {standing.book.name} stops: {standing.error}")


def _finish(
    connection: Connection,
    database: Database,
    reader: Reader,
    engine: Engine,
    rows: dict[str, int],
    started: float,
    *,
    verify: bool,
) -> Report:
    store.use_schema(connection, database.shadow, database.books, database.schema)
    live = store.standings(connection, hold=True)
    target = max(engine.position, *(position for _, position, _ in live.values()))
    if verify:
        target = _common(live, engine.position)
    while facts := reader.read_after(engine.position, CHUNK, target):
        written = engine.take(facts)
        _check(engine)
        for book in BOOKS:
            rows[book.name] += len(written[book.name].opened)
            store.write(connection, book, written[book.name])
    differing = {}
    if verify:
        for book in BOOKS:
            only_live = store.differences(connection, book, database.books, database.shadow, SHOWN)
            only_new = store.differences(connection, book, database.shadow, database.books, SHOWN)
            if only_live or only_new:
                differing[book.name] = (only_live, only_new)
        store.drop_tables(connection)
    else:
        _swap(connection, database, engine.position)
    return Report(engine.position, perf_counter() - started, rows, not verify, differing)


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
