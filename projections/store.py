"""Writing books: rows and bookmark in one transaction.

The statements below differ only in the table and its columns, so they are composed from the book's own
names (psycopg.sql quotes them) and not written out once a book in a `.sql` file.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.resources import files
from itertools import chain
from typing import Any, LiteralString
from uuid import UUID

from psycopg import sql

from domain.kernel import Kind, Ref
from domain.lean import lean
from ledger.database import Connection
from ledger.reader import Reader
from ledger.sql import load
from projections.dumping import adapt
from projections.engine import Book, Standing
from projections.output import Closed, Opened, Output
from projections.shelf import BOOKS, PACKAGES
from projections.world import Source, Statement

SQL = load("projections", "store.sql")
PLACE = ("id", "position", "valid_from", "known_from", "known_to")


def create_tables(connection: Connection, books: Iterable[Book] = BOOKS) -> None:
    """Makes the tables of some books, without indexes, in the first schema of the search path."""
    connection.execute(_all(books, "tables.sql"))


def create_indexes(connection: Connection, books: Iterable[Book] = BOOKS) -> None:
    """Makes their indexes."""
    connection.execute(_all(books, "indexes.sql"))


def create_bookmarks(connection: Connection) -> None:
    """Makes the table of bookmarks, unless it is there."""
    connection.execute(_file("projections", "tables.sql"))


def _all(books: Iterable[Book], name: str) -> LiteralString:
    """A file of each of some books, sent in one go: there are many small statements in them."""
    return "\n".join([_file(PACKAGES[book.name], name) for book in books])


def _file(package: str, name: str) -> LiteralString:
    text: LiteralString = files(package).joinpath(name).read_text("utf-8")
    return text


def drop_tables(connection: Connection, books: Iterable[Book] = BOOKS) -> None:
    """Removes the tables of some books."""
    connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(_tables(books)))


def place(connection: Connection, books: Iterable[Book], position: int) -> None:
    """Notes that books are there in their present version, at a position."""
    for book in books:
        connection.execute(SQL["place_book"], {"name": book.name, "version": book.version, "position": position})
    connection.execute(SQL["forget_others"], {"names": [book.name for book in BOOKS]})


def standings(connection: Connection, *, hold: bool = False) -> dict[str, tuple[int, int, str | None]]:
    """Book → (version, position, error)."""
    rows = connection.execute(SQL["lock_standings" if hold else "standings"]).fetchall()
    return {name: (version, position, error) for name, version, position, error in rows}


def write(connection: Connection, changes: Iterable[tuple[Book, Output]]) -> None:
    """Writes what a batch changed of some books. The caller's transaction makes it whole."""
    for book, output in changes:
        close_rows(connection, book, output.closed)
        copy_rows(connection, book, output.opened)


def close_rows(connection: Connection, book: Book, closed: Sequence[Closed]) -> None:
    """Ends versions that are no longer known."""
    if closed:
        connection.execute(_close(book), [list(column) for column in zip(*closed, strict=True)])


def copy_rows(connection: Connection, book: Book, opened: Sequence[Opened]) -> None:
    """Adds versions by COPY."""
    if not opened:
        return
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(book.table), _names(book))
    with connection.cursor() as cursor:
        adapt(cursor)
        with cursor.copy(statement) as copy:
            for one in opened:
                copy.write_row(_values(one))


def _values(one: Opened) -> tuple[Any, ...]:
    return (one.id, one.key[1], one.key[0], one.known_from, one.known_to, *one.row)


def _names(book: Book) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, (*PLACE, *book.columns)))


def delete(connection: Connection, book: Book, ids: Sequence[UUID]) -> None:
    """Removes every version of some things, to be written anew (a redaction)."""
    statement = sql.SQL("DELETE FROM {} WHERE id = ANY (%s)").format(sql.Identifier(book.table))
    connection.execute(statement, [list(ids)])


def _close(book: Book) -> sql.Composed:
    return sql.SQL(
        "UPDATE {} AS v SET known_to = c.known_to"
        " FROM unnest(%s::bigint[], %s::uuid[], %s::timestamptz[], %s::bigint[])"
        " AS c (known_to, id, valid_from, position)"
        " WHERE v.id = c.id AND v.valid_from = c.valid_from AND v.position = c.position AND v.known_to IS NULL"
    ).format(sql.Identifier(book.table))


def advance(connection: Connection, moved: Iterable[Standing]) -> None:
    """Moves the bookmarks of books."""
    names, positions, errors = zip(*((s.book.name, s.position, s.error) for s in moved), strict=True)
    marks = {"names": list(names), "positions": list(positions), "errors": list(errors)}
    connection.execute(SQL["advance"], marks)


def source(reader: Reader, upto: Callable[[], int]) -> Source:
    """Streams as they were recorded up to where the books are."""

    def kin(refs: Sequence[Ref]) -> Iterable[tuple[Ref, Ref]]:
        with reader.database.connection() as connection:
            names = [str(ref) for ref in refs]
            rows = connection.execute(SQL["kin"], {"refs": names, "upto": upto()}).fetchall()
        return [(Ref.parse(parent), Ref.parse(child)) for parent, child in rows]

    def statements(kpis: Sequence[UUID]) -> Iterable[Statement]:
        with reader.database.connection() as connection:
            names = [f"{Kind.KPI.value}/{kpi}" for kpi in kpis]
            rows = connection.execute(SQL["statements"], {"kpis": names, "upto": upto()}, binary=True).fetchall()
        return map(Statement._make, rows)

    def facts(refs: Sequence[Ref]) -> Mapping[Ref, list[Any]]:
        found = reader.read_streams(refs, upto())
        for fact in chain.from_iterable(found.values()):
            lean(fact.event)
        return found

    return Source(facts, kin, statements)


def analyze(connection: Connection, books: Iterable[Book] = BOOKS) -> None:
    """Lets the planner know what is in the tables, now and not when PostgreSQL gets round to it."""
    connection.execute(sql.SQL("ANALYZE {}").format(_tables(books)))


def _tables(books: Iterable[Book]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(book.table) for book in books)


def differ(connection: Connection, book: Book, one: str, other: str) -> bool:
    """Whether a book's tables in two schemas may have other rows; if not, they have the same.

    They are joined by what names a row, which is half as dear as to look for each table's rows in the other. No row
    stands twice in one (their unique indexes); where two have one name, they count as other rows.
    """
    statement = sql.SQL(
        "SELECT EXISTS (SELECT FROM {} AS a FULL JOIN {} AS b USING (id, valid_from, position, known_from)"
        " WHERE (a.*) IS DISTINCT FROM (b.*))"
    ).format(sql.Identifier(one, book.table), sql.Identifier(other, book.table))
    row = connection.execute(statement).fetchone()
    return bool(row and row[0])


def differences(connection: Connection, book: Book, one: str, other: str, limit: int) -> list[tuple[Any, ...]]:
    """Up to `limit` rows of a book's table that stand in schema `one` and not in `other`."""
    table = book.table
    statement = sql.SQL("SELECT * FROM {} EXCEPT ALL SELECT * FROM {} LIMIT %s").format(
        sql.Identifier(one, table), sql.Identifier(other, table)
    )
    return connection.execute(statement, [limit]).fetchall()


def move_tables(connection: Connection, to: str, books: Iterable[Book] = BOOKS) -> None:
    """Moves the tables of some books, with their indexes, from the first schema of the search path into another."""
    move = sql.SQL("ALTER TABLE {} SET SCHEMA {}")
    moves = [move.format(sql.Identifier(book.table), sql.Identifier(to)) for book in books]
    connection.execute(sql.SQL("; ").join(moves))


def use_schema(connection: Connection, *schemas: str) -> None:
    """Sets the search path for the rest of the transaction."""
    connection.execute("SELECT set_config('search_path', %s, true)", [", ".join(f'"{s}"' for s in schemas)])
