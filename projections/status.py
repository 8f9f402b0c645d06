"""Where the ledger and its books are (`GET /ledger`), and whether all is well (`/readyz`)."""

from contextlib import suppress
from dataclasses import asdict
from typing import Any

import psycopg

from ledger.proofs import store as store_of_tree
from ledger.sql import load
from projections import store
from projections.reading import Books
from projections.replica import Standing
from projections.shapes import Shape
from projections.shelf import BOOKS

SQL = load("projections", "store.sql")


def ledger_status(
    books: Books, upto: int | None = None, unsealed: str | None = None, replica: Standing | None = None
) -> Shape:
    """The ledger's head and each book: `lag` in events; `state` live, behind or stopped; `error` why it stopped.

    `root` is the newest checkpoint's, or the newest's at or before a position. `unsealed`: why the sealer is stopped;
    `replica`: how the replica is, if there is one.
    """
    head = books.reader.head()
    with books.database.connection() as connection:
        newest, shown = store_of_tree.newest(connection), store_of_tree.newest(connection, upto)
    sealed = newest.size if newest else 0
    lag = max(head.position - sealed, 0)
    known: dict[str, Any] = {}
    lease = None
    with suppress(psycopg.errors.UndefinedTable), books.database.connection() as connection:
        known = store.standings(connection)
        lease = connection.execute(SQL["lease"]).fetchone()
    return {
        "position": head.position,
        "recorded_at": head.recorded_at,
        "root": shown.root.hex() if shown else None,
        "checkpoint_position": shown.size if shown else None,
        "projector": {"holder": lease[0], "since": lease[1]} if lease else None,
        "sealer": {
            "state": "stopped" if unsealed else "behind" if lag else "live",
            "position": sealed,
            "lag": lag,
            "error": unsealed,
        },
        "replica": asdict(replica) if replica else None,
        "books": [_book(book.name, book.version, known.get(book.name), head.position) for book in BOOKS],
    }


def _book(name: str, version: int, known: tuple[int, int, str | None] | None, head: int) -> Shape:
    stored, position, error = known or (version, 0, None)
    lag = head - position
    state = "stopped" if error else "live" if lag <= 0 else "behind"
    return {"name": name, "version": stored, "position": position, "lag": max(lag, 0), "state": state, "error": error}
