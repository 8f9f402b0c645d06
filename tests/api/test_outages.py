"""A database that is down at the start, goes away, or is of another program; and what a restart remembers."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.credentials import ADMIN_FILE
from api.runtime import running
from api.setting_errors import SettingsError
from api.settings import Settings
from domain.cycle.decisions import CloseCycle
from domain.errors import NotReady
from ledger.errors import DataFolderUnusable, NotMigrated, SchemaTooNew
from ledger.orders import Order
from tests.api.conftest import serving
from tests.support.builders import uid
from tests.support.http import ADMIN_KEY, Api, company, done
from tests.support.postgres import Postgres
from tests.support.proxy import Proxy

CLOSE = {"command": "close_cycle", "cycle": "2026-Q1"}
CHECK_INS = f"/key-results/{uid('revenue')}/check-ins"


def eventually(answer: Callable[[], Any], patience: float = 15.0) -> Any:
    """The first answer that is true."""
    deadline = time.monotonic() + patience
    while not (found := answer()):
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)
    return found


class Switch:
    """A way to a database that can be cut and restored."""

    def __init__(self, postgres: Postgres, database: str, folder: Path) -> None:
        self._postgres, self._database, self._folder = postgres, database, folder
        self._proxy = self._open()
        self.url = self._proxy.url

    def _open(self) -> Proxy:
        return Proxy(self._postgres.url_of(self._database), self._folder)

    def on(self) -> None:
        self._proxy = self._open()

    def off(self) -> None:
        self._proxy.close()
        (self._folder / ".s.PGSQL.5432").unlink()
        with self._postgres.admin() as admin:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [self._database])


@pytest.fixture
def switch(postgres: Postgres, company_database: str, tmp_path: Path) -> Iterator[Switch]:
    name = postgres.copy_of(company_database)
    (tmp_path / "s").mkdir()
    yield Switch(postgres, name, tmp_path / "s")
    postgres.drop(name)


def everything_is_503(api: Api) -> None:
    asked: list[Callable[[], Any]] = [
        lambda: api.get("/cycles"),
        lambda: api.get("/ledger"),
        lambda: api.post(CHECK_INS, value=1),
        lambda: api.get("/keys"),
        lambda: api.send("GET", "/readyz"),
    ]
    with ThreadPoolExecutor(len(asked)) as pool:  # each of them waits a while for a database
        answers = list(pool.map(lambda ask: ask(), asked))
    for answer in answers:
        assert (answer.status, answer.slug) == (503, "not_ready"), answer
        assert answer.headers["Retry-After"] == "1"
        for inside in ("Traceback", "PGSQL", "socket", "psycopg"):
            assert inside not in answer.raw.decode()
    assert api.send("GET", "/healthz").status == 200
    assert api.send("GET", "/openapi.json").status == 200


def test_a_database_that_is_down_at_the_start_is_waited_for(switch: Switch, tmp_path: Path):
    switch.off()
    with serving(switch.url, tmp_path / "data") as api:
        everything_is_503(api)
        assert api.with_key(None).get("/cycles").status == 503
        switch.on()
        eventually(lambda: api.send("GET", "/readyz").status == 200)
        assert done(api.post(CHECK_INS, value=1))["value"] == 1


def test_a_database_that_goes_away_is_503_until_it_is_back(switch: Switch, tmp_path: Path):
    with serving(switch.url, tmp_path / "data") as api:
        before = done(api.get("/ledger"))["position"]
        switch.off()
        pool = api.runtime.database._pool
        pool.timeout, patience = 0.5, pool.timeout
        everything_is_503(api)
        pool.timeout = patience
        switch.on()
        eventually(lambda: api.send("GET", "/readyz").status == 200)
        eventually(lambda: api.post(CHECK_INS, {"Idempotency-Key": "k"}, value=7).status == 201)
        assert done(api.get("/ledger"))["position"] == before + 1


def test_the_command_line_does_not_wait_for_a_database(switch: Switch, tmp_path: Path):
    switch.off()
    with pytest.raises(NotReady), running(Settings(database_url=switch.url, data=tmp_path)):
        pass


def test_a_schema_newer_than_the_program_is_refused(database_url: str, tmp_path: Path):
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO quarterdeck.migrations (number, name, sha256) VALUES (9999, 'later', '')")
    settings = Settings(database_url=database_url, data=tmp_path)
    with pytest.raises(SchemaTooNew, match="run the newer program"), running(settings, on_admin_key=print):
        pass


def test_a_schema_that_was_never_migrated_is_refused(empty_url: str, tmp_path: Path):
    settings = Settings(database_url=empty_url, data=tmp_path)
    with pytest.raises(NotMigrated, match="quarterdeck migrate"), running(settings, on_admin_key=print):
        pass


@pytest.mark.parametrize("url", ["nonsense", "postgresql:///x?colour=red"])
def test_a_url_that_names_no_database_is_refused(url: str, tmp_path: Path):
    with pytest.raises(SettingsError, match="names no database"), running(Settings(database_url=url, data=tmp_path)):
        pass


def test_a_schema_with_an_odd_name_is_refused(database_url: str, tmp_path: Path):
    with pytest.raises(SettingsError), running(Settings(database_url=database_url, data=tmp_path, schema="a b")):
        pass


def test_a_data_folder_that_cannot_be_written_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataFolderUnusable), running(Settings(data=tmp_path / "file")):
        pass


def test_without_a_url_it_brings_its_own_database(data_folder: Path):
    with running(Settings(data=data_folder, admin_key=ADMIN_KEY), on_admin_key=print) as runtime, Api(runtime) as api:
        company(api)
        assert api.send("GET", "/readyz").body == {"status": "ready"}
    with running(Settings(data=data_folder, admin_key=ADMIN_KEY), on_admin_key=print) as runtime, Api(runtime) as api:
        assert done(api.get("/cycles/2026-Q1"))["score"] is not None


# --- what a restart remembers


@pytest.fixture
def url(postgres: Postgres, company_database: str) -> Iterator[str]:
    name = postgres.copy_of(company_database)
    yield postgres.url_of(name)
    postgres.drop(name)


def test_an_idempotency_key_holds_across_a_restart(url: str, tmp_path: Path):
    answers = []
    for _ in range(2):
        with serving(url, tmp_path) as api:
            answers.append(api.post(CHECK_INS, {"Idempotency-Key": "k"}, value=5))
            head = done(api.get("/ledger"))["position"]
    assert answers[0].raw == answers[1].raw
    assert answers[0].status == answers[1].status == 201
    assert head == answers[0].position


def test_a_server_that_died_before_it_sealed_does_so_when_it_is_back(url: str, tmp_path: Path):
    with serving(url, tmp_path) as api:
        closed = api.runtime.ledger.execute(Order(CloseCycle(cycle="2026-Q1"), uid("ada")))
        assert done(api.get("/events?type=cycle.sealed"))["items"] == []
    with serving(url, tmp_path) as api:
        (sealed,) = eventually(lambda: done(api.get("/events?type=cycle.sealed"))["items"])
        assert sealed["data"]["closed_position"] == closed.position


def test_what_is_recorded_is_no_refusal_though_the_books_are_behind(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("projections.reading.PATIENCE", 0.1)
    with serving(url, tmp_path) as api:
        api.runtime.projector.stop()
        answer = api.post(CHECK_INS, value=3)
        assert (answer.status, set(answer.body)) == (201, {"id", "kind", "position", "recorded_at", "advice"})
        assert "Preference-Applied" not in answer.headers
        assert answer.position == answer.body["position"]
        assert api.get(answer.headers["Location"].removeprefix("/v1")).slug == "not_found"


def test_a_read_shows_no_less_than_was_answered_though_a_crash_set_the_books_back(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Found by torture: PostgreSQL was killed right after an answer, and a plain read showed what was before it."""
    monkeypatch.setattr("projections.reading.PATIENCE", 0.1)
    with serving(url, tmp_path) as api:
        api.runtime.projector.stop()
        head = done(api.get("/ledger"))["position"]
        answer = api.post(CHECK_INS, value=3)
        said = answer.headers["Location"].removeprefix("/v1")
        api.runtime.books.reached(answer.position)  # they were there, and a crash has taken the last moment of them
        assert (api.get(said).status, api.get(said).slug) == (503, "books_behind")
        assert api.get(f"/objectives?as_of={head}").status == 200
        with serving(url, tmp_path):  # whose projector brings the books on
            eventually(lambda: api.get(said).status == 200)
        assert done(api.get(said))["value"] == 3


def test_a_server_that_heard_nothing_for_a_while_shows_no_less_than_others_may_have_answered(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Where PostgreSQL crashed, what another server had answered is in the ledger, and may be gone from the books."""
    monkeypatch.setattr("projections.reading.PATIENCE", 0.1)
    with serving(url, tmp_path) as api:
        done(api.get("/ledger"))
        api.runtime.projector.stop()
        answer = api.post(CHECK_INS, value=3)
        said = answer.headers["Location"].removeprefix("/v1")
        assert api.get(said).slug == "not_found"
        api.runtime.books.told(0)  # as when the connection that it hears by is broken
        api.runtime.books.told(0)  # the first may have been the one when it began to listen
        assert (api.get(said).status, api.get(said).slug) == (503, "books_behind")
        with serving(url, tmp_path):
            eventually(lambda: api.get(said).status == 200)


def test_a_close_that_cannot_be_sealed_yet_is_sealed_later(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("projections.sealing.PATIENCE", 0.1)
    with serving(url, tmp_path) as api:
        api.runtime.projector.stop()
        closed = api.post("/cycles/2026-Q1/close", {"Idempotency-Key": "c"})
        assert (closed.status, closed.slug) == (503, "seal_pending")
        again = [{"command": "reopen_cycle", "cycle": "2026-Q1", "reason": "too early"}, CLOSE]
        batch = api.post("/commands", {"Idempotency-Key": "b"}, commands=again)
        assert (batch.status, batch.slug) == (503, "seal_pending")
        without_key = api.post("/commands", commands=again)  # to ask again would be to do it again
        assert [item["position"] for item in done(without_key)["items"]] == [19, 20]
        with serving(url, tmp_path):  # whose projector brings the books on
            seals = "/events?type=cycle.sealed"
            sealed, *_ = eventually(lambda: found if len(found := done(api.get(seals))["items"]) == 3 else [])
            later = api.post("/cycles/2026-Q1/close", {"Idempotency-Key": "c"})
        assert f"at position {sealed['data']['closed_position']} " in closed.body["detail"]
        assert (later.status, later.position, later.body["state"]) == (200, sealed["position"], "closed")


def test_the_app_opens_and_closes_the_ledger_of_its_settings(
    url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    app = create_app(Settings(database_url=url, data=tmp_path))
    with TestClient(app) as client:
        key = (tmp_path / ADMIN_FILE).read_text().strip()
        assert client.get("/v1/cycles", auth=("", key)).status_code == 200
        assert client.get("/", follow_redirects=False).headers["Location"] == "docs"
    assert str(tmp_path / ADMIN_FILE) in caplog.text
    assert key not in caplog.text


def test_a_book_that_is_stopped_is_not_ready(url: str, tmp_path: Path):
    with serving(url, tmp_path) as api:
        with psycopg.connect(url) as connection:
            connection.execute("UPDATE quarterdeck_books.books SET error = 'odd event' WHERE name = 'teams'")
        answer = api.send("GET", "/readyz")
        assert (answer.status, answer.body["reasons"]) == (503, ["The book teams is stopped: odd event"])
