"""Reads of the past from a streaming replica: two real servers, and what each of them was asked."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from api.runtime import running
from api.setting_errors import SettingsError
from api.settings import Settings
from ledger.database import Database
from ledger.migrations import migrate
from tests.api.test_outages import eventually
from tests.support.builders import uid
from tests.support.http import ADMIN_KEY, HEAD, Answer, Api, company, done
from tests.support.replication import Pair, Server, replication

CHECK_INS = f"/key-results/{uid('revenue')}/check-ins"
BOARD = "/cycles/2026-Q1/board"
LAST = f"{BOARD}?as_of={HEAD}&valid_at=2026-12-31"


@pytest.fixture(scope="module")
def pair(data_folders: Path) -> Iterator[Pair]:
    with replication(data_folders / "pair") as pair:
        for server in (pair.primary, pair.standby):
            server.set(log_statement="all")
        yield pair


@pytest.fixture(scope="module")
def name(pair: Pair, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with the ledger of a small company."""
    url = empty_ledger(pair, "company")
    with serving(url, None, tmp_path_factory.mktemp("data")) as api:
        company(api)
    pair.caught_up()
    return "company"


def empty_ledger(pair: Pair, name: str) -> str:
    """The URL of a new database, on the primary."""
    with pair.primary.admin() as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
    migrate(Database(pair.primary.url(name)))
    return pair.primary.url(name)


@contextmanager
def serving(url: str, read_url: str | None, folder: Path) -> Iterator[Api]:
    settings = Settings(database_url=url, read_database_url=read_url, data=folder, admin_key=ADMIN_KEY)
    with running(settings, on_admin_key=lambda *_: None) as runtime, Api(runtime) as client:
        yield client


@pytest.fixture(scope="module")
def beside(pair: Pair, name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A server that reads from both, for all of these tests."""
    with serving(pair.primary.url(name), pair.standby.url(name), tmp_path_factory.mktemp("data")) as client:
        yield client


@pytest.fixture
def api(beside: Api) -> Api:
    """The same when all is well."""
    is_("live", beside)
    return beside


def is_(state: str, api: Api) -> None:
    """Waits until the server says so of its replica."""
    eventually(lambda: done(api.get("/ledger"))["replica"]["state"] == state, 30)


def asked(server: Server, api: Api, path: str, **headers: str) -> tuple[bool, Answer]:
    """Whether the server's log tells that it was asked for objectives, and the answer."""
    told = server.log.stat().st_size
    answer = api.get(path, {name.replace("_", "-"): value for name, value in headers.items()})
    assert answer.status == 200, answer
    with server.log.open("rb") as log:
        log.seek(told)
        return b"FROM objective_versions" in log.read(), answer


def test_a_read_as_of_the_past_is_the_replicas_and_a_read_of_now_the_primarys(pair: Pair, api: Api):
    assert asked(pair.standby, api, f"{BOARD}?as_of={HEAD}")[0]
    assert not asked(pair.primary, api, f"{BOARD}?as_of={HEAD}")[0]
    assert asked(pair.primary, api, BOARD)[0]
    assert not asked(pair.standby, api, BOARD)[0]
    today = time.strftime("%Y-%m-%d", time.gmtime())
    assert not asked(pair.standby, api, f"{BOARD}?as_of={today}")[0], "today is now"
    assert asked(pair.standby, api, f"/cycles/2026-Q1/diff?from=9&to={HEAD}")[0]


def test_the_replica_answers_byte_for_byte_what_the_primary_does(pair: Pair, name: str, api: Api, tmp_path: Path):
    clocks = f"as_of={HEAD - 1}&valid_at=2026-06-30"
    reads = [f"/{kind}?{clocks}" for kind in ("cycles", "teams", "members", "objectives", "key-results", "kpis")]
    reads += [f"/check-ins?{clocks}", f"/initiatives?{clocks}", f"/events?as_of={HEAD}", f"/audit?{clocks}", LAST]
    reads += [f"/cycles/2026-Q1/{what}?{clocks}" for what in ("board", "series", "replay", "goalposts", "history")]
    reads += [f"/objectives/{uid('grow')}?{clocks}", f"/kpis/{uid('signups')}/series?{clocks}"]
    reads += [f"/teams/{uid('core')}/board?cycle=2026-Q1&{clocks}"]
    reads += [f"/cycles/2026-Q1?as_of={bad}" for bad in (HEAD + 99, "soon", "2999-01-01")]
    with serving(pair.primary.url(name), None, tmp_path / "alone") as alone:
        for read in reads:
            one, other = api.get(read), alone.get(read)
            assert (one.status, one.raw) == (other.status, other.raw), read
            assert one.headers.get("ETag") == other.headers.get("ETag")


def test_what_the_replica_has_not_replayed_is_read_from_the_primary(pair: Pair, api: Api):
    pair.standby.pause()
    try:
        latest = api.post(CHECK_INS, value=70).position
        recorded_at = done(api.get("/ledger"))["recorded_at"]
        for as_of in (latest, recorded_at):
            from_standby, answer = asked(pair.standby, api, f"{BOARD}?as_of={as_of}")
            assert not from_standby
            assert answer.body["objectives"][0]["key_results"][0]["value"] == 70
        from_standby, answer = asked(pair.primary, api, f"{BOARD}?as_of={HEAD}", Min_Position=str(latest))
        assert from_standby, "Min-Position is more than the replica has"
        assert answer.body["objectives"][0]["key_results"][0]["value"] == 40
        is_("behind", api)
        standing = done(api.get("/ledger"))["replica"]
        assert (standing["position"], standing["lag"]) == (latest - 1, 1)
        assert api.send("GET", "/readyz").body["note"] == "The replica is 1 event behind."
        assert asked(pair.standby, api, LAST)[0], "what it has replayed, it still answers"
    finally:
        pair.standby.resume()
    is_("live", api)
    assert asked(pair.standby, api, f"{BOARD}?as_of={latest}", Min_Position=str(latest))[0]


def test_what_was_redacted_is_not_read_from_a_replica_that_still_has_it(pair: Pair, api: Api):
    at = next(e["position"] for e in done(api.get("/events?type=objective.set"))["items"])
    pair.standby.pause()
    try:
        done(api.post(f"/events/{at}/redact", field="title", reason="a name"))
        from_standby, answer = asked(pair.standby, api, LAST)
        assert not from_standby
        assert answer.body["objectives"][0]["title"]["redacted"] is True
    finally:
        pair.standby.resume()


def test_a_read_that_a_recovery_conflict_ends_is_made_again_on_the_primary(pair: Pair, name: str, api: Api):
    pair.standby.set(max_standby_streaming_delay="0")
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    try:
        with ThreadPoolExecutor(1) as pool, pair.primary.admin(name) as one, pair.primary.admin(name) as other:
            with one.transaction():
                lock(one, "objective_versions")
                pair.caught_up()
                # It has read the cycle, and waits for its objectives: on the replica, which keeps the same locks.
                answer = pool.submit(api.get, LAST)
                with pair.standby.admin(name) as standby:
                    eventually(lambda: standby.execute(waiting.encode()).fetchone() == (1,))
                with other.transaction():
                    lock(other, "cycle_versions")
                    pair.caught_up()
                    assert not answer.done(), "now it waits for the primary"
            assert answer.result(60).status == 200
        assert done(api.get("/ledger"))["replica"]["state"] == "live", "it was the read alone"
    finally:
        pair.standby.set(max_standby_streaming_delay="30s")


def lock(connection: psycopg.Connection, table: str) -> None:
    connection.execute(f"LOCK TABLE quarterdeck_books.{table} IN ACCESS EXCLUSIVE MODE".encode())


def test_a_replica_killed_in_the_middle_of_a_read_is_nothing_that_a_client_notices(pair: Pair, name: str, api: Api):
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with ThreadPoolExecutor(1) as pool, pair.primary.admin(name) as one:
        with one.transaction():
            lock(one, "objective_versions")
            pair.caught_up()
            answer = pool.submit(api.get, LAST)
            with pair.standby.admin(name) as standby:
                eventually(lambda: standby.execute(waiting.encode()).fetchone() == (1,))
            pair.standby.kill()
        assert answer.result(60).status == 200
    is_("unreachable", api)
    ready = api.send("GET", "/readyz")
    assert (ready.status, ready.body["note"]) == (200, "The replica cannot be reached.")
    assert asked(pair.primary, api, LAST)[0]
    pair.standby.start()
    is_("live", api)
    assert asked(pair.standby, api, LAST)[0]


def test_a_server_that_follows_another_ledger_is_not_read(pair: Pair, name: str, tmp_path: Path):
    with serving(empty_ledger(pair, "other"), None, tmp_path / "other") as other:
        company(other)
    pair.caught_up()
    with serving(pair.primary.url(name), pair.standby.url("other"), tmp_path / "data") as api:
        is_("other_ledger", api)
        assert asked(pair.primary, api, LAST)[0]


def test_a_url_that_names_no_database_is_refused_without_showing_it(tmp_path: Path):
    settings = Settings(database_url="postgresql:///x", read_database_url="nonsense=a secret", data=tmp_path)
    with pytest.raises(SettingsError) as refused, running(settings, on_admin_key=print):
        pass
    assert "secret" not in str(refused.value)


def test_a_replica_that_was_promoted_is_not_read_any_more(pair: Pair, api: Api):
    pair.standby.promote()
    assert asked(pair.primary, api, LAST)[0]
    is_("not_a_replica", api)
    assert asked(pair.primary, api, LAST)[0]
