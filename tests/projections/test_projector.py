"""The live driver: one at a time, never dependent on a notification, stopped by nothing but a book's own fault."""

import time
from decimal import Decimal
from threading import Thread

import pytest

from domain.errors import NotReady
from domain.kernel import Kind
from projections import questions
from projections.batches import Writer
from projections.objectives.book import Objectives
from projections.projector import LostLease, Projector
from projections.reading import Books
from projections.rebuild import rebuild
from projections.shelf import BOOKS
from tests.support.books import projecting, score_of_the_company
from tests.support.patience import PATIENCE, until


def test_a_started_projector_follows_what_is_written(company):
    with projecting(company.database, company.recorder) as (projector, books):
        projector.start()
        executed = company.check_in(30)
        books.wait_for(executed.position, PATIENCE)
        assert score_of_the_company(books) == Decimal("0.3")


def test_of_two_projectors_one_writes_and_the_other_takes_over(company):
    with projecting(company.database, company.recorder) as (first, books):
        first.start()
        books.wait_for(company.check_in(10).position, PATIENCE)
        with projecting(company.database, company.recorder) as (second, later):
            second.start()
            later.wait_for(company.check_in(20).position, PATIENCE)
            assert second._lock is None
            first.stop()
            later.wait_for(company.check_in(50).position, PATIENCE)
            assert second._lock is not None
            assert score_of_the_company(later) == Decimal("0.5")
            second.stop()
    assert rebuild(company.database, company.recorder, verify=True).differences == {}


def test_two_projectors_that_both_believe_to_lead_cannot_write_twice(company, monkeypatch):
    """Even with the lease gone wrong, the bookmarks let one through; the other starts over."""
    with projecting(company.database, company.recorder) as (one, _):
        one.catch_up()
        with projecting(company.database, company.recorder) as (other, _):
            monkeypatch.setattr(other, "_leads", lambda: True)
            other._engine = other._open_engine()
            other._lock = company.database.dedicated()
            other._writer = Writer(other._lock)
            company.check_in(60)
            one.catch_up()
            with pytest.raises(LostLease):
                other.step()
            other.step()
        assert rebuild(company.database, company.recorder, verify=True).differences == {}


def test_killed_connections_hold_it_up_and_nothing_more(company):
    """Every connection of the server is cut, the lease's and the pool's, while it follows."""
    with projecting(company.database, company.recorder) as (projector, books):
        projector.start()
        books.wait_for(company.check_in(10).position, PATIENCE)
        for value in (20, 30):
            with company.database.owner_connection() as owner:
                owner.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE pid <> pg_backend_pid() AND datname = current_database()"
                )
            position = _insisting(company, value)
            _until_shown(books, position, Decimal(value) / 100)
    assert rebuild(company.database, company.recorder, verify=True).differences == {}


def _insisting(company, value):
    while True:
        try:
            return company.check_in(value).position
        except NotReady:
            time.sleep(0.05)


def _until_shown(books, position, score):
    until(lambda: _reached(books) >= position)
    until(lambda: _score(books) == score)


def _reached(books):
    try:
        return books.position()
    except NotReady:
        return 0


def _score(books):
    try:
        return score_of_the_company(books)
    except NotReady:
        return None


def test_many_writers_and_a_follower_leave_books_that_equal_a_rebuild(company):
    with projecting(company.database, company.recorder) as (projector, books):
        projector.start()
        writers = [Thread(target=lambda n=n: [company.check_in(n + i) for i in range(15)]) for n in range(6)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        head = company.recorder.head().position
        books.wait_for(head, PATIENCE)
        assert head == 5 + 6 * 15
        assert rebuild(company.database, company.recorder, verify=True).differences == {}


class Broken(Objectives):
    """A book that cannot take the seventh event."""

    def row(self, thing, key, world):
        if key[1] == 7:
            raise ValueError("no such luck")
        return super().row(thing, key, world)


def test_a_book_that_cannot_take_an_event_stops_and_the_others_go_on(company, monkeypatch):
    """The stopped book names the position; a program that can take the event goes on from there."""
    company.check_in(10)
    company.check_in(20)
    company.check_in(30)
    with monkeypatch.context() as broken:
        books_ = [Broken() if book.name == "objectives" else book for book in BOOKS]
        broken.setattr("projections.projector.BOOKS", tuple(books_))
        with projecting(company.database, company.recorder) as (projector, books):
            projector.catch_up()
            shown = {book["name"]: book for book in questions.ledger_status(books)["books"]}
            assert shown["objectives"]["state"] == "stopped"
            assert shown["objectives"]["position"] == 6
            assert shown["objectives"]["error"] == "ValueError at position 7: no such luck"
            assert {b["position"] for b in shown.values() if b["name"] != "objectives"} == {8}
    with projecting(company.database, company.recorder) as (projector, books):
        projector.catch_up()
        assert {b["state"] for b in questions.ledger_status(books)["books"]} == {"live"}
        assert score_of_the_company(books) == Decimal("0.3")
        assert rebuild(company.database, company.recorder, verify=True).differences == {}


def test_catching_up_behind_another_projector_waits_for_it(company):
    company.check_in(10)
    with projecting(company.database, company.recorder) as (leader, _):
        leader.start()
        until(lambda: leader._lock is not None)
        follower = Projector(company.database, company.recorder)
        assert follower.catch_up(PATIENCE) == company.recorder.head().position
        follower.stop()


def test_waiting_for_what_does_not_come_is_not_ready(company):
    books = Books(company.database, company.recorder)
    with pytest.raises(NotReady) as refused:
        books.wait_for(1, 0.1)
    assert refused.value.slug == "books_behind"


def test_a_redacted_text_leaves_every_version_in_the_books(company):
    """Also those that are no longer known; everything else of the rows stays as it was."""
    company.do("change_objective", objective=str(company.uid("grow")), title="Grow fast")
    company.do("change_objective", objective=str(company.uid("grow")), description="secret plan")
    said = company.check_in(10, note="Bob was ill")
    with projecting(company.database, company.recorder) as (projector, books):
        projector.catch_up()
        with books.reading() as reading:
            before = questions.board(reading, reading.cycle_named("2026-Q1"))
        company.do("redact_text", position=said.position, field="note", reason="private")
        company.do("redact_text", position=7, field="description", reason="private")
        projector.catch_up()
        with books.reading() as reading:
            after = questions.board(reading, reading.cycle_named("2026-Q1"))
            note = questions.find(reading, said.subject)["note"]
        assert note["reason"] == "private"
        assert note["redacted"] is True
        (old,), (new,) = before["objectives"], after["objectives"]
        assert new["description"]["reason"] == "private"
        assert {k: v for k, v in new.items() if k != "description"} == {
            k: v for k, v in old.items() if k != "description"
        }
        with company.database.connection() as connection:
            for table, column in (("objective_versions", "description"), ("check_in_versions", "note")):
                texts = connection.execute(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL").fetchall()
                assert texts == []
        assert rebuild(company.database, company.recorder, verify=True).differences == {}


def test_the_events_of_a_thing_are_its_history_with_what_each_changed(company):
    company.check_in(10)
    company.do("drop_key_result", key_result=str(company.uid("revenue")), reason="no use")
    with projecting(company.database, company.recorder) as (projector, books):
        projector.catch_up()
        with books.reading() as reading:
            items = questions.history(reading, company.ref(Kind.KEY_RESULT, "revenue"), 10, None).items
    assert [item["type"] for item in items] == ["key_result.dropped", "key_result.checked_in", "key_result.added"]
    assert items[0]["changes"] == [{"field": "state", "old": "active", "new": "dropped"}]
    assert items[0]["reason"] == "no use"
    assert {"field": "value", "old": None, "new": Decimal(10)} in items[1]["changes"]
