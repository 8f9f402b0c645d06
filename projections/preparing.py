"""Which books are there: before any of them is written, and again by whoever takes over from another program."""

from domain.errors import NotReady
from ledger.database import Database
from projections import store
from projections.shelf import BOOKS


def prepare(database: Database) -> list[str]:
    """Makes the books of a ledger that has none. Answers the names of those that are of an older program.

    Raises `NotReady` if one is of a newer program, which this one must not touch.
    """
    with database.connection() as connection, connection.transaction():
        store.create_bookmarks(connection)
        known = store.standings(connection, hold=True)
        if not known:
            store.create_tables(connection)
            store.create_indexes(connection)
            store.place(connection, BOOKS, 0)
            return []
    newer = [book.name for book in BOOKS if book.name in known and known[book.name][0] > book.version]
    if newer:
        raise NotReady(f"The books are of a newer program: {', '.join(newer)}.", slug="books_newer")
    return [book.name for book in BOOKS if book.name not in known or known[book.name][0] < book.version]
