"""Accidents between a writer and the database: what was acknowledged is there, and nothing is there twice."""

import os
import signal
import threading
import time
from uuid import UUID, uuid4

import pytest

from domain.errors import NotReady
from ledger.append import Appended, Replayed
from ledger.database import Database
from ledger.embedded import embedded
from ledger.migrations import migrate
from ledger.recorder import LedgerRecorder
from tests.support.ledger import MAPPER, append, in_threads, is_gapless, key, objective
from tests.support.proxy import Proxy


@pytest.fixture
def proxy(database_url, tmp_path):
    proxy = Proxy(database_url, tmp_path)
    yield proxy
    proxy.close()


@pytest.mark.parametrize(("all_or_nothing", "words"), [(False, b"append_runs"), (True, b"COMMIT")])
def test_a_commit_whose_answer_is_lost_is_found_by_its_key(proxy, all_or_nothing, words):
    """It is not sent again by itself, or it might be recorded twice; asked again, the answer is as before."""
    stream = objective()
    with Database(proxy.url) as database:
        recorder = LedgerRecorder(database, MAPPER)
        proxy.lose_answer_to(words)
        with pytest.raises(NotReady):
            recorder.append([append(stream, 1, idempotency=key("k"))], all_or_nothing=all_or_nothing)
        assert proxy.lost.is_set()
        (again,) = recorder.append([append(stream, 1, idempotency=key("k"))], all_or_nothing=all_or_nothing)
        assert isinstance(again, Replayed)
        assert [fact.position for fact in recorder.iterate()] == [1]
        recorder.close()


def test_a_database_that_is_away_is_not_ready(tmp_path):
    with Database(f"postgresql:///x?host={tmp_path}") as database:
        with pytest.raises(NotReady, match="cannot be reached"):
            database.dedicated()
        with pytest.raises(NotReady), database.owner_connection():
            pass


def test_connections_that_broke_in_the_pool_are_not_handed_out(recorder, owner):
    """As after a restart of PostgreSQL: the next append just works, on every connection of the pool."""
    in_threads(12, lambda _: recorder.append([append(objective(), 1)]))
    owner.execute(
        "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    in_threads(12, lambda _: recorder.append([append(objective(), 1)]))
    assert recorder.head().position == 24


def test_killing_postgresql_in_mid_load_loses_nothing_and_doubles_nothing(disk_folder):
    """A durable cluster of its own, killed with SIGKILL while writers write, and started again.

    Writers ask again, under the same key, for what was not acknowledged. In the end everything is there exactly once,
    where it was said to be, without gaps; and a follower has seen all of it.
    """
    servers = [embedded(disk_folder)]
    migrate(Database(servers[0].url))
    acknowledged: dict[UUID, int] = {}
    unsure: list[UUID] = []
    followed: list[int] = []
    loaded, restarted = threading.Event(), threading.Event()
    deadline = time.monotonic() + 60

    def write(recorder):
        more = 20
        while more and time.monotonic() < deadline:
            one = append(objective(), 1, idempotency=key(str(uuid4())))
            event = one.events[0].event_id
            while event not in acknowledged and time.monotonic() < deadline:
                try:
                    (outcome,) = recorder.append([one])
                except NotReady:
                    unsure.append(event)
                    time.sleep(0.05)
                else:
                    assert isinstance(outcome, Appended | Replayed)
                    acknowledged[event] = outcome.position
            if len(acknowledged) > 100:
                loaded.set()
            more -= restarted.is_set()

    def kill():
        assert loaded.wait(30)
        (postmaster, *_) = (disk_folder / "postgres" / "postmaster.pid").read_text().splitlines()
        os.kill(int(postmaster), signal.SIGKILL)
        while not unsure and time.monotonic() < deadline:  # one that is back at once would be missed by nobody
            time.sleep(0.01)
        servers.append(embedded(disk_folder))
        restarted.set()

    def follow(subscription):
        followed.extend(notification.id for notification in subscription)

    with Database(servers[0].url) as database:
        recorder = LedgerRecorder(database, MAPPER)
        with recorder.subscribe() as subscription:
            follower = threading.Thread(target=follow, args=[subscription])
            follower.start()
            in_threads(7, lambda n: write(recorder) if n else kill())
            facts = list(recorder.iterate())
            while len(followed) < len(facts) and time.monotonic() < deadline:
                time.sleep(0.01)
            subscription.stop()
            follower.join()
        recorder.close()
    for server in servers:
        server.stop()
    assert unsure
    assert is_gapless([fact.position for fact in facts])
    assert {fact.id: fact.position for fact in facts} == acknowledged
    assert followed == [fact.position for fact in facts]
