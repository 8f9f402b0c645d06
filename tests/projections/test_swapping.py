"""What a rebuild does at its end, and what one that died leaves to the next."""

from decimal import Decimal
from threading import Thread

import pytest

from domain.errors import NotReady
from projections import pipeline, questions
from projections.objectives.book import Objectives
from projections.projector import Projector
from projections.rebuild import RebuildFailed, rebuild
from projections.shares import Share
from projections.shelf import BOOKS
from tests.support.books import projecting

PATIENCE = 20.0


class Broken(Objectives):
    """A book that cannot take the seventh event."""

    def row(self, thing, key, world):
        if key[1] == 7:
            raise ValueError("no such luck")
        return super().row(thing, key, world)


class Killed(BaseException):
    """What ends a rebuild in a test."""


@pytest.fixture
def live(company):
    """Eight events in live books."""
    for value in (10, 20, 30):
        company.check_in(value)
    with projecting(company.database, company.recorder) as (projector, books):
        projector.catch_up()
        yield company, projector, books


def score(books):
    with books.reading() as reading:
        return questions.board(reading, reading.cycle_named("2026-Q1"))["score"]


def with_objectives(book):
    """The books, with another in the place of that of objectives."""
    return tuple(book if known.name == "objectives" else known for known in BOOKS)


def versions(books):
    return {book["name"]: book["version"] for book in questions.ledger_status(books)["books"]}


def left_in(database):
    """The tables of the shadow schema."""
    with database.connection() as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [database.shadow])
        return {name for (name,) in rows}


def test_an_event_that_a_book_cannot_take_leaves_the_live_books_alone(live, monkeypatch):
    company, _, books = live
    monkeypatch.setattr("projections.pipeline.BOOKS", with_objectives(Broken()))
    with pytest.raises(RebuildFailed, match="objectives stops: ValueError at position 7"):
        rebuild(company.database, company.recorder)
    assert score(books) == Decimal("0.3")


def test_verify_names_the_rows_that_differ(live):
    company, *_ = live
    tamper(company.database)
    only_live, only_new = rebuild(company.database, company.recorder, verify=True).differences["objectives"]
    assert [row[0] for row in only_live] == [row[0] for row in only_new] == [company.uid("grow")]
    assert left_in(company.database) == set()


def test_books_that_differ_from_the_live_ones_are_not_swapped_in(live):
    """One of both is wrong, so the live ones stay, and the rows are named."""
    company, _, books = live
    tamper(company.database)
    report = rebuild(company.database, company.recorder)
    assert not report.swapped
    assert set(report.differences) == {"objectives"}
    assert score(books) == Decimal("0.9")


def test_they_are_if_that_is_asked_for(live):
    company, _, books = live
    tamper(company.database)
    assert rebuild(company.database, company.recorder, compare=False).swapped
    assert score(books) == Decimal("0.3")
    assert rebuild(company.database, company.recorder, verify=True).differences == {}


def tamper(database):
    with database.connection() as connection:
        connection.execute("UPDATE objective_versions SET score = 0.9 WHERE score = 0.3")


def test_the_live_projector_goes_on_after_a_swap(live):
    company, projector, books = live
    projector.start()
    assert rebuild(company.database, company.recorder).swapped
    books.wait_for(company.check_in(70).position, PATIENCE)
    assert score(books) == Decimal("0.7")
    assert rebuild(company.database, company.recorder, verify=True).differences == {}


def die_after(monkeypatch, shares):
    """Has a rebuild in shares of one family die once so many are folded."""
    monkeypatch.setattr("projections.rebuild.SHARE", 1)
    fold = pipeline.fold
    folded: list[Share] = []

    def dying(share, facts):
        if len(folded) == shares:
            raise Killed
        folded.append(share)
        return fold(share, facts)

    monkeypatch.setattr("projections.pipeline.fold", dying)
    return folded


def test_a_rebuild_that_died_is_taken_up_by_the_next(live, monkeypatch):
    """What was written is not folded again; what was recorded since is caught up with."""
    company, projector, books = live
    with monkeypatch.context() as dying:
        die_after(dying, 2)
        with pytest.raises(Killed):
            rebuild(company.database, company.recorder)
    company.check_in(80)
    projector.catch_up()
    with monkeypatch.context() as counting:
        folded = die_after(counting, 100)
        report = rebuild(company.database, company.recorder)
    assert report.swapped
    assert 0 < report.taken_up < 8
    assert sum(share.events for share in folded) == 8 - report.taken_up
    assert score(books) == Decimal("0.8")
    assert rebuild(company.database, company.recorder, verify=True).differences == {}


def test_what_is_verified_is_not_taken_from_a_rebuild_that_died(live, monkeypatch):
    company, *_ = live
    with monkeypatch.context() as dying:
        die_after(dying, 2)
        with pytest.raises(Killed):
            rebuild(company.database, company.recorder)
    assert rebuild(company.database, company.recorder, verify=True).taken_up == 0


def test_another_plan_begins_anew(live, monkeypatch):
    """Shares of another size, or other versions of the books: what is there does not fit."""
    company, *_ = live
    with monkeypatch.context() as dying:
        die_after(dying, 2)
        with pytest.raises(Killed):
            rebuild(company.database, company.recorder)
    assert rebuild(company.database, company.recorder).taken_up == 0


def test_a_text_that_is_redacted_while_a_rebuild_goes_on_is_not_in_it(live):
    """The share had been read before, with the text."""
    company, projector, books = live
    said = company.check_in(50, note="Bob was ill")

    def show(done, of):
        if done == of:
            company.do("redact_text", position=said.position, field="note", reason="private")
            projector.catch_up()

    assert rebuild(company.database, company.recorder, show).swapped
    with books.reading() as reading:
        assert questions.find(reading, said.subject)["note"]["redacted"] is True
    with books.database.connection() as connection:
        assert connection.execute("SELECT note FROM check_in_versions WHERE note IS NOT NULL").fetchall() == []


def newer():
    """A later version of the book of objectives, that shows other rows."""
    book = Objectives()
    book.version = Objectives.version + 1
    return book


def test_a_new_version_of_a_book_is_made_while_the_old_one_answers(live, monkeypatch):
    company, projector, books = live
    projector.stop()
    seen = []

    def fold(share, facts, fold=pipeline.fold):
        seen.append((score(books), versions(books)["objectives"]))
        return fold(share, facts)

    books_ = with_objectives(newer())
    for module in ("projector", "preparing", "pipeline", "shadow", "store", "rebuild"):
        monkeypatch.setattr(f"projections.{module}.BOOKS", books_)
    monkeypatch.setattr("projections.pipeline.fold", fold)
    following = Projector(company.database, company.recorder)
    try:
        following.catch_up()
    finally:
        following.stop()
    assert set(seen) == {(Decimal("0.3"), Objectives.version)}
    assert versions(books)["objectives"] == Objectives.version + 1
    assert score(books) == Decimal("0.3")


def test_books_of_a_newer_program_are_not_touched(live):
    company, projector, books = live
    projector.stop()
    with company.database.connection() as connection:
        connection.execute("UPDATE books SET version = version + 1 WHERE name = 'teams'")
    older = Projector(company.database, company.recorder)
    with pytest.raises(NotReady, match="newer program: teams"):
        older.catch_up()
    older.stop()
    with pytest.raises(NotReady):
        rebuild(company.database, company.recorder)
    assert score(books) == Decimal("0.3")


def test_writers_go_on_during_a_rebuild(live):
    """And what they write meanwhile is in the books that are swapped in."""
    company, projector, books = live
    projector.start()
    writer = Thread(target=lambda: [company.check_in(n) for n in range(40, 60)])
    writer.start()
    for _ in range(3):
        assert rebuild(company.database, company.recorder).swapped
    writer.join()
    books.wait_for(company.recorder.head().position, PATIENCE)
    assert score(books) == Decimal("0.59")
    assert rebuild(company.database, company.recorder, verify=True).differences == {}
