"""A real server, and the other commands beside it."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.history.conftest import written
from tests.history.lines import GOALS, check_in

KEY = "qd_an-admin-of-tests"
PROGRAM = (sys.executable, "-c", "from cli.main import main; main()")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[str]:
    """The URL of a server in a process of its own."""
    environment = os.environ | {
        "QUARTERDECK_DATABASE_URL": database_url,
        "QUARTERDECK_DATA": str(tmp_path),
        "QUARTERDECK_ADMIN_KEY": KEY,
        "PYTHONPATH": str(ROOT),
    }
    command = [*PROGRAM, "serve", "--port", "0"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        said = process.stdout.readline().decode()
        yield next(word.rstrip(",.") for word in said.split() if word.startswith("http://"))
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


@pytest.fixture
def beside(quarterdeck, monkeypatch):
    """The program, on the ledger of that server."""
    monkeypatch.setenv("QUARTERDECK_ADMIN_KEY", KEY)
    return quarterdeck


def get(server: str, path: str, key: str = KEY):
    return httpx.get(f"{server}{path}", headers={"Authorization": f"Bearer {key}"}, timeout=30)


def test_every_command_works_beside_a_running_server(beside, server, tmp_path):
    """What is imported shows over HTTP, a key that was added opens it, and a rebuild does not disturb it."""
    path = written(tmp_path / "some", *GOALS, check_in())
    assert beside("import", path).code == 0
    board = get(server, "/v1/cycles/2026-Q1/board").json()
    assert board["score"] == 0.4
    assert json.loads(beside("board", "2026-Q1", "--json").out)["objectives"] == board["objectives"]
    assert json.loads(beside("kpis", "--json").out)["items"] == []
    key = beside("keys", "add", "--role", "reader", "--json").json
    assert get(server, "/v1/ledger", key["key"]).status_code == 200
    assert beside("keys", "revoke", key["id"]).code == 0
    assert get(server, "/v1/ledger", key["key"]).status_code == 401
    assert beside("rebuild").code == 0
    assert get(server, "/v1/cycles/2026-Q1/board").json()["score"] == 0.4
    assert beside("members", "erase", "ada", "--reason", "asked").code == 0
    assert "is up to date" in beside("migrate").out


@pytest.mark.slow
def test_the_demo_can_be_told_to_a_server_which_needs_an_admins_key(beside, server, monkeypatch):
    monkeypatch.setenv("QUARTERDECK_ADMIN_KEY", "qd_wrong")
    ended = beside("demo", "--url", server)
    assert (ended.code, ended.out) == (1, "")
    monkeypatch.delenv("QUARTERDECK_ADMIN_KEY")
    assert "Set QUARTERDECK_ADMIN_KEY" in beside("demo", "--url", server).err
    monkeypatch.setenv("QUARTERDECK_ADMIN_KEY", KEY)
    answer = beside("demo", "--url", server, "--today", "2026-10-01", "--json").json
    assert get(server, "/v1/ledger").json()["position"] == answer["events"]
    assert beside("demo", "--url", f"{server}/", "--json").json["events"] == 0


def test_and_a_server_that_is_there(beside):
    ended = beside("demo", "--url", "http://127.0.0.1:1")
    assert (ended.code, ended.out) == (1, "")
    assert "http://127.0.0.1:1" in ended.err


def test_a_port_in_use(quarterdeck):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = quarterdeck("serve", "--port", str(port))
    assert (ended.code, ended.out) == (1, "")
    assert f"Cannot listen on 127.0.0.1, port {port}" in ended.err
    assert ended.err.count("\n") == 1
