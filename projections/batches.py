"""How the live projector writes a batch: all books by one call of one function, in autocommit.

The rows go as JSON, a text a book: a statement a row cost several times as much on this side, and more on the other.
Nothing is lost on the way: numbers go as texts that PostgreSQL reads as `numeric`, instants to the microsecond, and
what is JSON already as it is. A batch of very many rows is better copied, and a redaction writes more than its batch,
so these take a transaction of several statements; what is held and compared in it is the same.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson
from psycopg import sql

from ledger.database import Connection
from ledger.sql import load
from projections import store
from projections.engine import Book, Standing
from projections.output import Output
from projections.shelf import BOOKS

SQL = load("projections", "batches.sql")
MOST = 5_000
"""Up to so many rows go as JSON."""


class Writer:
    """Writes batches on a connection, which is the caller's. The books must be there, in this program's versions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        connection.execute(SQL["own_settings"])
        connection.execute(_function())
        self._call = sql.SQL(SQL["call"]).format(rows=sql.SQL(", ").join([sql.Placeholder()] * len(BOOKS))).as_bytes()
        tables = {"tables": [book.table for book in BOOKS]}
        json = connection.execute(SQL["json_columns"], tables).fetchall()
        self._json = {book.name: [name for table, name in json if table == book.table] for book in BOOKS}

    def write(
        self,
        output: Mapping[str, Output],
        standings: Sequence[Standing],
        before: Mapping[str, int],
        more: Callable[[Connection], None] | None = None,
    ) -> bool:
        """Writes what comes out of a batch, and where the books are now; and what `more` writes, in one transaction.

        Writes nothing, and answers `False`, if the books are not where they were `before` (book → position).
        """
        if more is None and sum(len(one.opened) + len(one.closed) for one in output.values()) <= MOST:
            return self._call_function(output, standings, before)
        with self._connection.transaction():
            known = store.standings(self._connection, hold=True)
            if {name: position for name, (_, position, _) in known.items() if name in before} != before:
                return False
            store.write(self._connection, ((standing.book, output[standing.book.name]) for standing in standings))
            store.advance(self._connection, standings)
            if more is not None:
                more(self._connection)
        return True

    def _call_function(
        self, output: Mapping[str, Output], standings: Sequence[Standing], before: Mapping[str, int]
    ) -> bool:
        moves = [
            {"name": one.book.name, "before": before[one.book.name], "position": one.position, "error": one.error}
            for one in standings
        ]
        closed = {
            one.book.table: [ended._asdict() for ended in output[one.book.name].closed]
            for one in standings
            if output[one.book.name].closed
        }
        rows = {one.book.name: self._rows(one.book, output[one.book.name]) for one in standings}
        given = (_text(moves), _text(closed) if closed else None, *(rows.get(book.name) for book in BOOKS))
        answer = self._connection.execute(self._call, given, prepare=True).fetchone()
        return answer is not None and bool(answer[0])

    def _rows(self, book: Book, output: Output) -> str | None:
        """The rows of a book as JSON; `None` without any."""
        if not output.opened:
            return None
        names = (*store.PLACE, *book.columns)
        rows = [
            dict(zip(names, (one.id, one.key[1], one.key[0], one.known_from, one.known_to, *one.row), strict=True))
            for one in output.opened
        ]
        for name in self._json[book.name]:
            for row in rows:
                if row[name] is not None:
                    row[name] = orjson.Fragment(row[name])
        return _text(rows)


def _function() -> sql.Composed:
    """The books differ only in their tables, so the function is composed of their names."""
    insertion = sql.SQL(SQL["insertion"])
    insertions = [insertion.format(number=n, table=sql.Identifier(book.table)) for n, book in enumerate(BOOKS, 1)]
    return sql.SQL(SQL["function"]).format(insertions=sql.SQL("").join(insertions))


def _text(value: Any) -> str:
    return orjson.dumps(value, default=_exact).decode()


def _exact(value: Any) -> str:
    """A decimal, digit by digit."""
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"a book cannot show a {type(value).__name__}")
