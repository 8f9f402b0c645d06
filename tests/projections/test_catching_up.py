"""Books that are far behind catch up by a rebuild, once, and otherwise batch after batch."""

import logging

import psycopg
import pytest

from projections.rebuild import rebuild
from tests.support.books import projecting
from tests.support.patience import PATIENCE

LEAP = "Rebuilding to catch up"


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Batches of two; ten events are far."""
    monkeypatch.setattr("projections.projector.BATCH", 2)
    monkeypatch.setattr("projections.projector.FAR", 10)


def warnings(caplog):
    return [record.message for record in caplog.records if record.name == "quarterdeck.projector"]


def test_far_behind_they_are_rebuilt(company, caplog):
    head = [company.check_in(value) for value in range(12)][-1].position
    told: list[int] = []
    with projecting(company.database, company.recorder) as (projector, _):
        projector._on_progress = told.append
        assert projector.catch_up() == head
        assert warnings(caplog)[0] == LEAP
        assert told == [head]
        after = [company.check_in(value) for value in range(9)][-1].position
        assert projector.catch_up() == after
    assert warnings(caplog).count(LEAP) == 1, "nine events are not far"
    assert rebuild(company.database, company.recorder, verify=True).differences == {}


def test_what_is_a_small_part_of_the_ledger_is_not_far(company, caplog):
    for value in range(40):
        company.check_in(value)
    with projecting(company.database, company.recorder) as (projector, _):
        projector.catch_up()
        caplog.clear()
        for value in range(11):
            company.check_in(value)
        projector.catch_up()
    assert LEAP not in warnings(caplog)


def test_a_rebuild_that_fails_is_not_tried_again_and_leaves_nothing(company, caplog, monkeypatch):
    """As on a disk without room for the books a second time; batches go on from where it failed."""
    head = [company.check_in(value) for value in range(16)][-1].position
    with projecting(company.database, company.recorder) as (projector, books), monkeypatch.context() as full:
        full.setattr("projections.pipeline.shadow.write", _full)
        projector.start()
        books.wait_for(head, PATIENCE)
    assert warnings(caplog).count(LEAP) == 1
    with company.database.connection() as connection:
        left = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = %s", [company.database.shadow])
        assert left.fetchall() == [(0,)]
    assert rebuild(company.database, company.recorder, verify=True).differences == {}


def _full(*_: object) -> None:
    raise psycopg.errors.DiskFull("no space left on device")


def test_books_of_which_one_is_stopped_are_not_rebuilt(company, caplog):
    with projecting(company.database, company.recorder) as (projector, _):
        projector.catch_up()
        with company.database.owner_connection() as owner:
            owner.execute("UPDATE quarterdeck_books.books SET error = 'odd' WHERE name = 'teams'")
            owner.commit()
        projector._engine = None
        for value in range(30):
            company.check_in(value)
        caplog.clear()
        projector.catch_up()
    assert LEAP not in warnings(caplog)


def test_without_the_rebuild_it_goes_on_batch_after_batch(company, caplog):
    """Somebody else is rebuilding; it is not tried again and again."""
    caplog.set_level(logging.WARNING)
    head = [company.check_in(value) for value in range(16)][-1].position
    with company.database.dedicated() as other, projecting(company.database, company.recorder) as (projector, _):
        other.execute(
            "SELECT pg_advisory_lock(hashtext('quarterdeck rebuild'), hashtext(%s))", [company.database.schema]
        )
        assert projector.catch_up() == head
    assert [message.partition(":")[0] for message in warnings(caplog)] == [LEAP, "Going on batch after batch"]
    assert rebuild(company.database, company.recorder, verify=True).differences == {}
