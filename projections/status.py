"""Where the ledger and its books are (`GET /ledger`), and whether all is well (`/readyz`)."""

from contextlib import suppress
from typing import Any

import psycopg

from ledger.sql import load
from projections import store
from projections.reading import Books
from projections.shapes import Shape
from projections.shelf import BOOKS

SQL = load("projections", "store.sql")


def ledger_status(books: Books) -> Shape:
    """The ledger's head and each book: `lag` in events; `state` live, behind or stopped; `error` why it stopped."""
    head = books.reader.head()
    known: dict[str, Any] = {}
    lease = None
    with suppress(psycopg.errors.UndefinedTable), books.database.connection() as connection:
        known = store.standings(connection)
        lease = connection.execute(SQL["lease"]).fetchone()
    return {
        "position": head.position,
        "recorded_at": head.recorded_at,
        "root": None,
        "checkpoint_position": None,
        "projector": {"holder": lease[0], "since": lease[1]} if lease else None,
        "books": [_book(book.name, book.version, known.get(book.name), head.position) for book in BOOKS],
    }


def _book(name: str, version: int, known: tuple[int, int, str | None] | None, head: int) -> Shape:
    stored, position, error = known or (version, 0, None)
    lag = head - position
    state = "stopped" if error else "live" if lag <= 0 else "behind"
    return {"name": name, "version": stored, "position": position, "lag": max(lag, 0), "state": state, "error": error}
