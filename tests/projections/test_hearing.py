"""How the projector hears of what others have written, and finds what it does not hear of."""

from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from threading import Event

import pytest

from domain.errors import NotReady
from ledger.application import Ledger
from ledger.database import Database
from ledger.notify import Announcer
from tests.support.books import projecting, recording, score_of_the_company
from tests.support.patience import PATIENCE, until


@contextmanager
def elsewhere(company):
    """The same ledger as another process has it open: of its appends nobody here is told but by NOTIFY."""
    with Database(company.database.url) as database, recording(database) as recorder:
        database._pool.timeout = PATIENCE
        yield replace(company, database=database, recorder=recorder, ledger=Ledger(recorder))


@pytest.fixture
def never_looks(monkeypatch):
    """Looks by itself so rarely that what the projector finds was told to it."""
    monkeypatch.setattr("projections.projector.POLL", 100 * PATIENCE)


LOOKS = 3
"""How often a started projector looks without being told of an append: two batches, and when it begins to listen."""


def ears(company):
    """The processes of the server that serve those who listen."""
    with company.database.owner_connection() as owner:
        found = owner.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE %s AND state = 'idle'",
            ["%LISTEN quarterdeck%"],
        )
        return [pid for (pid,) in found if owner.info.backend_pid != pid]


def test_it_hears_of_the_appends_of_other_processes(company, never_looks):
    with projecting(company.database, company.recorder) as (projector, books), elsewhere(company) as other:
        projector.start()
        for value in range(LOOKS + 2):
            books.wait_for(other.check_in(value).position, PATIENCE)
        assert score_of_the_company(books) == Decimal("0.04")


def test_what_it_does_not_hear_of_it_finds(company, monkeypatch):
    """Every announcement is lost: the look every 250 ms finds what there is."""
    monkeypatch.setattr(Announcer, "_send", lambda _: None)
    with projecting(company.database, company.recorder) as (projector, books), elsewhere(company) as other:
        projector.start()
        for value in range(LOOKS + 2):
            books.wait_for(other.check_in(value).position, PATIENCE)
        assert score_of_the_company(books) == Decimal("0.04")


def test_what_was_announced_while_it_was_deaf_it_finds_when_it_hears_again(company, never_looks, monkeypatch):
    """The connection that listens is killed; it makes another, and looks, and hears what comes then."""
    deaf = Event()
    monkeypatch.setattr("ledger.notify.RETRY", 0.01)
    with projecting(company.database, company.recorder) as (projector, books), elsewhere(company) as other:
        projector.start()
        books.wait_for(other.check_in(10).position, PATIENCE)
        until(lambda: ears(company))
        (killed,) = ears(company)
        with company.database.owner_connection() as owner, monkeypatch.context() as away:
            away.setattr(company.database, "dedicated", _away(deaf))
            owner.execute("SELECT pg_terminate_backend(%s, 10000)", [killed])
            assert deaf.wait(PATIENCE)
            missed = other.check_in(20).position
        books.wait_for(missed, PATIENCE)
        for value in range(30, 30 + LOOKS + 2):
            books.wait_for(other.check_in(value).position, PATIENCE)
        assert ears(company) != [killed]
        assert score_of_the_company(books) == Decimal("0.34")


def _away(tried):
    def dedicated():
        tried.set()
        raise NotReady("away")

    return dedicated


def test_it_stops_listening_when_it_stops(company):
    with projecting(company.database, company.recorder) as (projector, _):
        projector.catch_up()
        assert ears(company) == []
        projector.start()
        until(lambda: ears(company))
        ear = projector._ear
        assert ear is not None
        projector.stop()
        assert not ear._thread.is_alive()
        until(lambda: not ears(company))


def test_an_announcement_of_what_was_taken_already_is_no_reason_to_look(company):
    """A process hears of its own appends twice: from itself, and later by NOTIFY."""
    with projecting(company.database, company.recorder) as (projector, _):
        head = projector.catch_up()
        projector._woken.clear()
        projector.wake(head)
        assert not projector._woken.is_set()
        projector.wake(head + 1)
        assert projector._woken.is_set()
