"""A server of several processes: one keeps the books and the tree, the others serve; to its clients it is one."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import httpx
import psutil  # type: ignore[import-untyped]
import pytest

from api.link import Link
from api.serve import GRACE, serve
from api.setting_errors import SettingsError
from api.settings import Settings
from ledger.errors import LedgerError
from tests.api.test_outages import eventually
from tests.api.test_server import Server, started
from tests.api.test_shutdown import write
from tests.support.postgres import Postgres

KEY = "qd_an-admin-of-tests"
AUTH = ("any", KEY)
TEAMS = "/v1/teams"


@pytest.fixture(scope="module")
def server(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Three processes: one keeps, two serve."""
    name = postgres.migrated_database()
    with started(
        QUARTERDECK_DATABASE_URL=postgres.url_of(name),
        QUARTERDECK_DATA=str(tmp_path_factory.mktemp("data")),
        QUARTERDECK_ADMIN_KEY=KEY,
        QUARTERDECK_PROCESSES="3",
    ) as running:
        yield running
    postgres.drop(name)


def processes(server: Server) -> list[psutil.Process]:
    """The one that keeps, and those that serve, in the order in which they were begun."""
    return sorted(psutil.Process(server.process.pid).children(), key=lambda each: each.create_time())


def form(server: Server, name: str) -> httpx.Response:
    """A team, over a connection of its own: whoever serves takes it."""
    return httpx.post(f"{server.url}{TEAMS}", json={"name": name}, auth=AUTH, timeout=30)


def counted(server: Server, what: str) -> float:
    """A figure, by whoever answers."""
    lines = httpx.get(f"{server.url}/metrics", auth=AUTH, timeout=30).text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.split("{")[0].split()[0] == what)


def test_what_one_wrote_the_others_show_at_once(server: Server):
    """Twenty times over fresh connections, which the system shares out among those that serve."""
    for n in range(20):
        formed = form(server, f"Team {n}")
        assert formed.status_code == 201
        position = formed.headers["Ledger-Position"]
        shown = httpx.get(f"{server.url}{formed.headers['Location']}", auth=AUTH, headers={"Min-Position": position})
        assert (shown.status_code, shown.json()["name"]) == (200, f"Team {n}")


def test_their_figures_are_told_together_by_each(server: Server):
    before = counted(server, "quarterdeck_events_total")
    for n in range(10):
        assert form(server, f"Counted {n}").status_code == 201
    assert {counted(server, "quarterdeck_events_total") - before for _ in range(6)} == {10}
    assert counted(server, "quarterdeck_build_info") == 1


def test_the_tree_is_kept_up_and_said_to_be(server: Server):
    position = int(form(server, "Sealed").headers["Ledger-Position"])

    def head() -> dict[str, object]:
        return dict(httpx.get(f"{server.url}/v1/ledger", auth=AUTH, timeout=30).json())

    eventually(lambda: int(str(head()["checkpoint_position"] or 0)) >= position)
    assert head().get("sealer_error") is None


@pytest.mark.parametrize("which", [0, 1], ids=["keeps", "serves"])
def test_one_that_is_killed_is_started_again_and_nothing_is_lost(server: Server, which: int):
    formed = form(server, "Before").json()["id"]
    killed = processes(server)[which]
    killed.kill()
    eventually(lambda: len(processes(server)) == 3 and killed.pid not in {each.pid for each in processes(server)})

    def works() -> bool:
        try:
            return form(server, "After").status_code == 201
        except httpx.TransportError:  # the connection was one of its
            return False

    eventually(works)
    assert httpx.get(f"{server.url}{TEAMS}/{formed}", auth=AUTH, timeout=30).json()["name"] == "Before"
    assert any("is started again" in line for line in server.lines)


def test_told_to_stop_under_load_it_answers_what_it_took_and_leaves_nothing_behind(database_url: str, tmp_path: Path):
    """An acknowledged write waits for the books, so who keeps them goes last."""
    with started(
        QUARTERDECK_DATABASE_URL=database_url,
        QUARTERDECK_DATA=str(tmp_path),
        QUARTERDECK_ADMIN_KEY=KEY,
        QUARTERDECK_PROCESSES="2",
    ) as server:
        told, ends = Event(), []
        writer = Thread(target=lambda: ends.append(write(server.url, told)))
        writer.start()
        assert told.wait(60)
        family = processes(server)
        server.process.send_signal(signal.SIGTERM)
        writer.join(60)
        assert server.process.wait(GRACE + 10) == 0
        server.stop()
    ((formed, end),) = ends
    assert len(formed) >= 5
    assert end in ("no connection", "503 /problems/not_ready close")
    assert not any(psutil.pid_exists(each.pid) for each in family)
    assert not any("Traceback" in line for line in server.lines)
    assert not list(tmp_path.glob("metrics-*"))


def test_without_their_supervisor_they_end_by_themselves(tmp_path: Path, database_url: str):
    with started(
        QUARTERDECK_DATABASE_URL=database_url,
        QUARTERDECK_DATA=str(tmp_path),
        QUARTERDECK_ADMIN_KEY=KEY,
        QUARTERDECK_PROCESSES="2",
    ) as server:
        family = processes(server)
        server.process.kill()
        server.process.wait(10)
        _, alive = psutil.wait_procs(family, timeout=30)
        assert alive == []


def test_what_keeps_a_server_from_starting_is_said_once_by_who_was_asked(tmp_path: Path):
    """Not by a trace of a process that nobody knows."""
    folder = tmp_path / "file"
    folder.write_text("")
    with pytest.raises((SettingsError, LedgerError), match="file"):
        serve(Settings(data=folder, port=0, processes=2))
    url = "postgresql://nobody@127.0.0.1:1/x?nonsense=1"
    with pytest.raises(SettingsError, match="names no database"):
        serve(Settings(data=tmp_path / "data", port=0, processes=2, database_url=url))


def test_a_port_in_use_is_said_for_several_too(server: Server, tmp_path: Path):
    """Though those of one server share theirs."""
    port = int(server.url.rpartition(":")[2])
    with pytest.raises(SettingsError, match=f"port {port}: .*in use"):
        serve(Settings(data=tmp_path / "data", port=port, processes=3))


@pytest.mark.parametrize("count", ["0", "17", "two", "-1", "9" * 5000])
def test_a_number_of_processes_that_is_none_is_said(count: str):
    assert Settings.from_env({"QUARTERDECK_PROCESSES": "4"}).processes == 4
    with pytest.raises(SettingsError, match="QUARTERDECK_PROCESSES"):
        Settings.from_env({"QUARTERDECK_PROCESSES": count})


# --- what they tell one another


def test_a_full_pipe_loses_nothing():
    """Far more rings than a pipe holds, before anybody listens: the last position is heard."""
    link, heard = Link(2), list[int]()
    for position in range(1, 70_001):
        link.advanced(position)
    link.on_advanced(1, heard.append)
    _until(lambda: heard[-1:] == [70_000])


def test_what_the_sealer_says_crosses_processes():
    link = Link(1)
    assert link.seal() is None
    child = os.fork()
    if child == 0:
        link.seal_is("The tree and the events differ: ä" + "x" * 5_000)
        os._exit(0)
    os.waitpid(child, 0)
    assert str(link.seal()).startswith("The tree and the events differ: äxxx")
    link.seal_is(None)
    assert link.seal() is None


def _until(condition) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)
