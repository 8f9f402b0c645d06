"""A batch is written whole or not at all, and what is written is what was meant, to the digit."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from threading import Thread
from uuid import UUID

import pytest

from projections import store
from projections.batches import Writer
from projections.engine import Standing
from projections.kpis.book import BOOK as KPIS
from projections.measurements.book import BOOK as MEASUREMENTS
from projections.output import Output
from projections.preparing import prepare
from projections.rebuild import rebuild
from projections.shelf import BOOKS
from tests.support.books import projecting
from tests.support.patience import until

AT = datetime(2026, 3, 31, 23, 59, 59, 999999, tzinfo=UTC)
NASTY = [
    'say "hi"',
    "back\\slash",
    "{a,b}",
    "NULL",
    "null",
    "tab\there",
    "new\nline",
    " ",
    "",
    "ünïcödé ✓",
    "'",
    "%s %I",
]
NUMBERS = ["0", "-0.0", "0.30", "1E+2", "12345678901234567890.123456789012345678901234567890", "1E-30"]
BEFORE = {book.name: 0 for book in BOOKS}


@pytest.fixture
def writer(database):
    """Of the books of an empty ledger."""
    prepare(database)
    with database.dedicated() as connection:
        yield Writer(connection)


def standings(position):
    return [Standing(book, position) for book in BOOKS]


def output(**some):
    return {book.name: some.get(book.name, Output()) for book in BOOKS}


def said(number, at=AT, note=None):
    made = Output()
    made.open(UUID(int=5), (at, 7), 7, (UUID(int=9), at.date(), Decimal(number), note, None, None, at))
    return made


def kpi(tags, targets):
    made = Output()
    shown = ["a name", None, None, "€", "increase", "daily", None, None, None, None, None]
    made.open(UUID(int=5), (AT, 7), 7, (*shown, tags, None, "active", targets, "[]", [UUID(int=n) for n in (1, 2)]))
    return made


def rows(database, book):
    """All of a table as text, which shows each digit."""
    with database.connection() as connection:
        return [row for (row,) in connection.execute(f"SELECT t::text FROM {book.table} AS t ORDER BY 1")]


def copied(database, book, made):
    """The same, written by COPY."""
    with database.connection() as connection:
        connection.execute(f"TRUNCATE {book.table}")
        store.copy_rows(connection, book, made.opened)
    return rows(database, book)


def test_numbers_instants_and_texts_are_written_as_copy_writes_them(database, writer):
    made = Output()
    odd = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    for n, (number, note) in enumerate(zip(NUMBERS * 2, NASTY, strict=True)):
        made.opened += said(number, (odd if n % 2 else AT) + timedelta(days=2 * n), note).opened
    assert writer.write(output(measurements=made), standings(7), BEFORE)
    written = rows(database, MEASUREMENTS)
    assert len(written) == len(NASTY)
    assert written == copied(database, MEASUREMENTS, made)


@pytest.mark.parametrize("targets", ["[]", '[{"value": 0.10, "note": "\\"x\\""}]', "[12345678901234567890.10]"])
def test_lists_and_json_are_written_as_copy_writes_them(database, writer, targets):
    made = kpi(NASTY, targets)
    assert writer.write(output(kpis=made), standings(7), BEFORE)
    assert rows(database, KPIS) == copied(database, KPIS, made)


def test_books_that_are_elsewhere_are_left_alone(database, writer):
    """Whoever comes second writes nothing, be it one book alone that is not where its batch begins."""
    assert writer.write(output(), standings(7), BEFORE)
    for before in (BEFORE, dict.fromkeys(BEFORE, 7) | {"teams": 6}):
        assert not writer.write(output(measurements=said("1")), standings(8), before)
    assert rows(database, MEASUREMENTS) == []
    with database.connection() as connection:
        assert set(store.standings(connection).values()) == {(book.version, 7, None) for book in BOOKS}


def test_what_fails_leaves_nothing_behind(database, writer):
    made = said("1")
    made.opened *= 2  # a point cannot be said twice at one position
    with pytest.raises(Exception, match="duplicate key"):
        writer.write(output(measurements=made), standings(7), BEFORE)
    with pytest.raises(TypeError, match="set"):
        writer.write(output(kpis=kpi([{1}], "[]"), measurements=said("1")), standings(7), BEFORE)
    assert rows(database, MEASUREMENTS) == []
    assert writer.write(output(measurements=said("1")), standings(7), BEFORE)


def test_a_book_that_is_stopped_says_why(database, writer):
    stopped = [Standing(book, 7, "no luck" if book.name == "kpis" else None) for book in BOOKS]
    assert writer.write(output(), stopped, BEFORE)
    with database.connection() as connection:
        assert store.standings(connection)["kpis"] == (KPIS.version, 7, "no luck")


def test_a_batch_waits_for_a_rebuild_that_swaps_and_then_writes_nothing(database, writer):
    """While it waits for the bookmarks it holds no table, which the swap is about to drop."""
    answers = []
    batch = output(measurements=said("1"))
    assert writer.write(batch, standings(7), BEFORE)
    waiting = Thread(target=lambda: answers.append(writer.write(batch, standings(8), dict.fromkeys(BEFORE, 7))))
    with database.connection() as swapping, swapping.transaction():
        store.standings(swapping, hold=True)
        waiting.start()
        with database.owner_connection() as owner:
            waits = (
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            until(lambda: owner.execute(waits).fetchone() == (1,))
        swapping.execute("SET LOCAL lock_timeout = '100ms'")
        store.drop_tables(swapping)
        store.create_tables(swapping)
        store.place(swapping, BOOKS, 9)
    waiting.join()
    assert answers == [False]
    assert rows(database, MEASUREMENTS) == []
    assert writer.write(batch, standings(10), dict.fromkeys(BEFORE, 9))
    assert len(rows(database, MEASUREMENTS)) == 1


@pytest.mark.parametrize("most", [5_000, 0])
def test_late_events_close_what_they_make_untrue(company, monkeypatch, most):
    """Whether a batch is sent as JSON or copied."""
    monkeypatch.setattr("projections.batches.MOST", most)
    with projecting(company.database, company.recorder) as (projector, _):
        earlier = datetime.now(UTC)
        company.check_in(10)
        projector.catch_up()
        company.do("change_key_result", key_result=str(company.uid("revenue")), title="Sales", effective_at=earlier)
        projector.catch_up()
    with company.database.connection() as connection:
        closed = connection.execute("SELECT count(*) FROM key_result_versions WHERE known_to IS NOT NULL").fetchone()
    assert closed is not None
    assert closed[0] > 0
    assert rebuild(company.database, company.recorder, verify=True).differences == {}
