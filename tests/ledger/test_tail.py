"""Following the ledger: nothing is lost at the tail, whatever becomes of notifications and connections."""

import queue
import threading
import time
from contextlib import contextmanager
from itertools import islice

import pytest

from domain.errors import NotReady
from ledger.append import to_json
from ledger.database import Database
from ledger.notify import Ear
from tests.support.ledger import (
    Measured,
    Slow,
    append,
    in_threads,
    is_gapless,
    objective,
    strictly_increasing,
)

COMMITS_HELD_BACK = """
    CREATE FUNCTION hold_back() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep(0.03); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER hold_back AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.type = 'test.slow') EXECUTE FUNCTION hold_back();
"""


@contextmanager
def writers(recorder, count=6):
    """Threads that append as long as the block lasts; yields the seconds that each append took."""
    stop, took = threading.Event(), []

    def write():
        while not stop.is_set():
            began = time.monotonic()
            recorder.append([append(objective(), 1)])
            took.append(time.monotonic() - began)

    threads = [threading.Thread(target=write) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield took
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def append_unannounced(owner, stream):
    """As another program might: nobody is told."""
    owner.execute("SELECT append_events(%s::jsonb)", [to_json([append(stream, 1)])])


def test_nothing_is_lost_while_commits_are_held_back(recorder, owner):
    """Many writers; each eighth commit takes 30 ms longer than the others, which is where readers of other
    designs pass over what is not committed yet. One follower subscribes, another reads page after page.
    """
    owner.execute(COMMITS_HELD_BACK)
    total = 8 * 40 * 2
    seen: list[int] = []
    paged: list[int] = []

    def follow():
        with recorder.subscribe() as subscription:
            seen.extend(notification.id for notification in islice(subscription, total))

    def page():
        while len(paged) < total:
            paged.extend(fact.position for fact in recorder.read_after(paged[-1] if paged else 0, 7))

    def write(_):
        for n in range(40):
            recorder.append([append(objective(), 1, 2, event=Slow(number=n) if n % 8 == 0 else None)])

    followers = [threading.Thread(target=work) for work in (follow, page)]
    for follower in followers:
        follower.start()
    in_threads(8, write)
    for follower in followers:
        follower.join(10)
    assert len(seen) == len(paged) == total
    assert is_gapless(seen)
    assert is_gapless(paged)
    assert strictly_increasing([fact.recorded_at for fact in recorder.iterate()])


def test_a_subscription_gets_what_was_there_and_what_comes(recorder):
    recorder.append([append(objective(), 1, 2, 3)])
    with recorder.subscribe(gt=1) as subscription:
        assert [next(subscription).id, next(subscription).id] == [2, 3]
        recorder.append([append(objective(), 1)])
        assert next(subscription).id == 4


def test_a_subscription_to_topics_passes_over_the_others(recorder):
    """More of them than a batch holds: they do not hold it up."""
    recorder.append([append(objective(), *range(1, 1201))])
    recorder.append([append(objective(), 1, event=Measured(title="a"))])
    with recorder.subscribe(topics=["test.measured"]) as subscription:
        assert next(subscription).id == 1201
        recorder.append([append(objective(), 1), append(objective(), 1, event=Measured(title="b"))])
        assert next(subscription).id == 1203


def test_a_subscription_can_be_stopped_from_another_thread(recorder):
    with recorder.subscribe() as subscription:
        threading.Timer(0.1, subscription.stop).start()
        assert list(subscription) == []


def test_what_nobody_announces_is_found_by_looking(recorder, owner):
    """More often than it looks without having waited: when it begins, and when its ear does."""
    with recorder.subscribe() as subscription:
        for position in range(1, 6):
            append_unannounced(owner, objective())
            assert next(subscription).id == position


def test_killed_connections_are_made_again(recorder, owner):
    """All of them, the one that listens included; then the next append is heard of again."""
    kill = (
        "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with recorder.subscribe() as subscription:
        for position in (1, 2, 3):
            append_unannounced(owner, objective())
            assert next(subscription).id == position
            owner.execute(kill)
        recorder.append([append(objective(), 1)])
        assert next(subscription).id == 4


def test_appends_of_another_process_are_heard_of(recorder, database_url):
    """By NOTIFY, sent after the commit; of another ledger's appends in the same database nobody wakes."""
    heard = threading.Event()
    with Database(database_url) as elsewhere:
        ear = Ear(elsewhere, lambda _: heard.set())
        assert heard.wait(5)  # it listens now
        heard.clear()
        with elsewhere.connection() as connection:
            connection.execute("SELECT pg_notify('quarterdeck', 'other_schema 1')")
        assert not heard.wait(0.2)
        recorder.append([append(objective(), 1)])
        assert heard.wait(5)
        ear.close()


def test_an_announcement_tells_the_position_and_nonsense_is_none(recorder, database):
    """Whoever may connect to the database may notify, and must not end the thread that hears."""
    told: queue.SimpleQueue[int] = queue.SimpleQueue()
    ear = Ear(database, told.put)
    assert told.get(timeout=5) == 0  # it listens now
    with database.connection() as connection:
        connection.execute("SELECT pg_notify('quarterdeck', %s)", [f"{database.schema} nonsense"])
    assert told.get(timeout=5) == 0
    recorder.append([append(objective(), 1)])
    assert told.get(timeout=5) == 1
    ear.close()


def test_where_the_books_are_is_heard_apart_from_where_the_ledger_is(recorder, database):
    appends: queue.SimpleQueue[int] = queue.SimpleQueue()
    books: queue.SimpleQueue[int] = queue.SimpleQueue()
    ear = Ear(database, appends.put, books.put)
    assert (appends.get(timeout=5), books.get(timeout=5)) == (0, 0)  # it listens now
    recorder.announce_books(3)
    assert books.get(timeout=5) == 3
    recorder.append([append(objective(), 1)])
    assert appends.get(timeout=5) == 1
    with database.connection() as connection:
        connection.execute("SELECT pg_notify('quarterdeck', %s)", [f"{database.schema} books nonsense"])
    assert books.get(timeout=5) == 0
    assert (appends.empty(), books.empty()) == (True, True)
    ear.close()


def test_an_ear_that_nobody_speaks_to_is_closed_at_once(database):
    """It waits without end, so that it ends at all shows that closing wakes it."""
    heard = threading.Event()
    ear = Ear(database, lambda _: heard.set())
    assert heard.wait(5)  # it listens now
    closing = threading.Thread(target=ear.close, daemon=True)
    closing.start()
    closing.join(20)
    assert not closing.is_alive()
    assert not ear._thread.is_alive()
    ear.close()


def test_an_ear_is_closed_while_the_database_is_away(database, monkeypatch):
    tried = threading.Event()

    def dedicated():
        tried.set()
        raise NotReady("away")

    monkeypatch.setattr("ledger.notify.RETRY", 1_000)
    monkeypatch.setattr(database, "dedicated", dedicated)
    ear = Ear(database, lambda _: None)
    assert tried.wait(5)
    ear.close()
    assert not ear._thread.is_alive()


def test_listeners_of_this_process_are_called_after_the_commit(recorder):
    """One that fails does not fail the append."""
    heard = []
    forget = recorder.on_append(lambda position: heard.append((position, recorder.head().position)))
    broken = recorder.on_append(lambda position: 1 / 0)
    recorder.append([append(objective(), 1, 2)])
    recorder.append([append(objective(), 5)])
    forget()
    broken()
    recorder.append([append(objective(), 1)])
    assert heard == [(2, 2)]


@pytest.mark.parametrize(
    "maintenance",
    [
        "VACUUM events, head",
        "ANALYZE events, head",
        "CREATE INDEX CONCURRENTLY ON events (actor)",
    ],
)
def test_maintenance_does_not_stop_writers(recorder, owner, maintenance):
    """The library's own recorder locks the whole table, and stands still for as long as these take."""
    with writers(recorder) as took:
        time.sleep(0.1)
        for _ in range(5):
            before = len(took)
            owner.execute(maintenance)
            while len(took) < before + 10:
                time.sleep(0.001)
    assert max(took) < 1
    assert recorder.head().position == len(took)


def test_a_writer_that_hangs_does_not_hold_up_the_others_for_ever(recorder, database):
    """Its transaction is ended by the server. Thirty seconds in earnest, here less."""
    with pytest.raises(NotReady, match="idle-in-transaction"), database.connection() as hanging:
        assert hanging.execute("SHOW idle_in_transaction_session_timeout").fetchone() == ("30s",)
        hanging.execute("SET idle_in_transaction_session_timeout = '100ms'")
        hanging.execute("BEGIN")
        hanging.execute("SELECT append_events(%s::jsonb)", [to_json([append(objective(), 1)])])
        recorder.append([append(objective(), 1)])
        assert recorder.head().position == 1
        hanging.execute("SELECT 1")
