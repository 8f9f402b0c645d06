"""The tables that a rebuild fills beside the live ones, and how far it has come with them.

Every share is noted as done in the transaction that writes its rows, so a rebuild that died is taken up by the next
one: it reads up to the same head, makes the same shares, and leaves out those that are there. That holds only for the
same plan: the books' versions and the sizes of shares. Whatever else is found there is removed.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from time import sleep

import orjson

from ledger.database import Connection, Database
from ledger.sql import load
from projections import store
from projections.engine import Book
from projections.output import Output
from projections.shares import Share
from projections.shelf import BOOKS

SQL = load("projections", "shadow.sql")
_TRIES = 20


@dataclass(slots=True)
class Progress:
    """Up to which position the shares are read, and which of them are done, with their rows book by book."""

    head: int
    indexed: bool = False
    done: dict[str, Counter[str]] = field(default_factory=dict)


def lock(connection: Connection, schema: str) -> bool:
    """Takes the lock of rebuilds, for as long as the connection lives. A closed one may hold it for a moment still."""
    for _ in range(_TRIES):
        row = connection.execute(SQL["lock_rebuild"], {"schema": schema}).fetchone()
        if row is not None and row[0]:
            return True
        sleep(0.1)
    return False


def take_up(connection: Connection, database: Database, head: int, sizes: str) -> Progress | None:
    """What a rebuild that died has done of the same plan; `None` if there is nothing of use. In a transaction."""
    store.use_schema(connection, database.shadow, database.schema)
    left = connection.execute(SQL["left"], {"schema": f'"{database.shadow}"'}).fetchone()
    if left is None or not left[0]:
        return None
    found = connection.execute(SQL["progress"]).fetchone()
    if found is None or found[0] != _plan(sizes) or found[1] > head:
        return None
    done: dict[str, Counter[str]] = {share: Counter(rows) for share, rows in connection.execute(SQL["done"])}
    return Progress(found[1], found[2], done)


def begin(connection: Connection, database: Database, head: int, sizes: str) -> Progress:
    """Empty tables, without indexes. In a transaction."""
    store.use_schema(connection, database.shadow, database.schema)
    remove(connection)
    store.create_tables(connection)
    connection.execute(SQL["make_progress"])
    connection.execute(SQL["make_done"])
    connection.execute(SQL["begin"], {"plan": _plan(sizes), "head": head})
    return Progress(head)


def remove(connection: Connection) -> None:
    """Removes all of it, from the first schema of the search path."""
    store.drop_tables(connection)
    connection.execute(SQL["drop_progress"])


def give_up(database: Database) -> None:
    """Removes what a rebuild that failed has left, unless another one is at it."""
    with database.dedicated() as connection:
        if lock(connection, database.schema):
            with connection.transaction():
                store.use_schema(connection, database.shadow, database.schema)
                remove(connection)


def write(database: Database, share: Share, output: Iterable[tuple[Book, Output]]) -> Counter[str]:
    """Writes the rows of a share, and that it is done, in a transaction. Answers how many rows of each book."""
    rows: Counter[str] = Counter()
    with database.connection() as connection, connection.transaction():
        store.use_schema(connection, database.shadow, database.schema)
        connection.execute(SQL["need_not_wait"])
        for book, of in output:
            store.copy_rows(connection, book, of.opened)
            rows[book.name] = len(of.opened)
        note = {"share": name_of(share), "rows": orjson.dumps(rows).decode()}
        connection.execute(SQL["note_done"], note)
    return rows


def finish_tables(connection: Connection, database: Database) -> None:
    """Indexes, and statistics, so that the planner knows at once what is there. In a transaction."""
    store.use_schema(connection, database.shadow, database.schema)
    store.create_indexes(connection)
    connection.execute(SQL["few_samples"])
    store.analyze(connection)
    connection.execute(SQL["note_indexed"])


def swap(connection: Connection, database: Database, position: int) -> None:
    """Puts the tables in the place of the live ones, which are dropped. In a transaction."""
    store.use_schema(connection, database.books, database.schema)
    store.drop_tables(connection)
    store.use_schema(connection, database.shadow, database.books, database.schema)
    connection.execute(SQL["drop_progress"])
    store.move_tables(connection, database.books)
    store.place(connection, BOOKS, position)


def name_of(share: Share) -> str:
    """What tells a share from others: a hash of its streams."""
    return sha256("\n".join(share.streams).encode()).hexdigest()


def _plan(sizes: str) -> str:
    versions = " ".join(f"{book.name}:{book.version}" for book in BOOKS)
    return f"shares of {sizes}; {versions}"
