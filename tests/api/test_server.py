"""A real server in a process of its own: how it starts, stops, and what it says meanwhile."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import httpx
import pytest

from api.serve import serve
from api.setting_errors import SettingsError
from api.settings import DEFAULT_PORT, Settings

ROOT = Path(__file__).parents[2]
PROGRAM = (
    "import os; from api.serve import serve; from api.settings import Settings; serve(Settings.from_env(os.environ))"
)


class Server:
    """A running `serve`, and everything it says."""

    def __init__(self, **env: str) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            cwd=ROOT, env=os.environ | env | {"QUARTERDECK_PORT": "0"}, text=True, bufsize=1,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.url = ""
        for line in self.process.stdout:
            self.lines.append(line)
            if line.startswith("Quarterdeck is at "):
                self.url = line.split()[3].rstrip(",")
                break
        self._reading = Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines += self.process.stdout

    def close(self) -> None:
        """Nobody listens to it any more."""
        assert self.process.stdout is not None
        self._reading.join(5)
        if not self._reading.is_alive():
            self.process.stdout.close()

    def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(with_signal)
        code = self.process.wait(20)
        self._reading.join(5)
        return code


@contextmanager
def started(**env: str) -> Iterator[Server]:
    server = Server(**env)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()
        server.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, postgres) -> Iterator[Server]:
    name = postgres.migrated_database()
    with started(
        QUARTERDECK_DATABASE_URL=postgres.url_of(name), QUARTERDECK_DATA=str(tmp_path_factory.mktemp("data"))
    ) as running:
        yield running
    postgres.drop(name)


def admin_key(server: Server) -> str:
    (line,) = [line for line in server.lines if "admin's key" in line]
    return line.split()[-1]


def test_it_says_where_it_is_and_shows_the_admin_s_key_once(server: Server):
    answer = httpx.get(f"{server.url}/v1/cycles", auth=("any", admin_key(server)))
    assert answer.json() == {"items": [], "next": None}
    assert httpx.get(f"{server.url}/docs").status_code == 200
    assert "server" not in answer.headers


def test_a_body_in_chunks_is_limited_too(server: Server):
    def chunks(count: int) -> Iterator[bytes]:
        yield b'{"name": "'
        for _ in range(count):
            yield b"x" * 100_000
        yield b'"}'

    auth = ("any", admin_key(server))
    headers = {"Content-Type": "application/json"}
    answer = httpx.post(f"{server.url}/v1/teams", content=chunks(60), auth=auth, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too_large")
    answer = httpx.post(f"{server.url}/v1/teams", content=chunks(1), auth=auth, headers=headers)
    assert answer.json()["errors"][0]["pointer"] == "/name"


def test_a_client_that_goes_away_is_no_error(server: Server):
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        head = f"POST /v1/teams HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {admin_key(server)}\r\n"
        connection.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{".encode())
        time.sleep(0.5)
    deadline = time.monotonic() + 10
    while not any("POST /v1/teams 499" in line for line in server.lines):
        assert time.monotonic() < deadline, server.lines
        time.sleep(0.05)
    assert not any("Traceback" in line for line in server.lines)


def test_head_has_no_body_and_the_connection_goes_on(server: Server):
    with httpx.Client(base_url=server.url, auth=("any", admin_key(server))) as client:
        head = client.head("/v1/cycles")
        assert (head.status_code, head.content) == (200, b"")
        assert int(head.headers["Content-Length"]) > 0
        assert client.get("/v1/cycles").status_code == 200


def test_lines_of_the_log_name_requests_and_no_secrets(server: Server):
    secret = admin_key(server)
    httpx.get(f"{server.url}/v1/cycles?label=x", headers={"Authorization": f"Bearer {secret}", "X-Request-Id": "r-17"})
    httpx.get(f"{server.url}/v1/nothing%0Ainjected")
    server.process.poll()
    said = "".join(server.lines)
    assert said.count(secret) == 1
    assert any("GET /v1/cycles 200" in line and "r-17" in line for line in server.lines)
    assert not any(line.startswith("injected") for line in server.lines)


def test_it_stops_when_told_and_its_database_with_it(data_folder: Path):
    """Once on a new database and once on the one that was left behind."""
    for with_signal in (signal.SIGTERM, signal.SIGINT):
        with started(QUARTERDECK_DATA=str(data_folder), QUARTERDECK_ADMIN_KEY="qd_swordfish") as server:
            assert httpx.get(f"{server.url}/readyz").status_code == 200
            assert server.stop(with_signal) == 0
        said = "".join(server.lines)
        assert "Traceback" not in said
        assert "swordfish" not in said
        assert not (data_folder / "postgres" / "postmaster.pid").exists()


def test_a_port_in_use_is_said_and_nothing_is_started(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"port {port}: .*in use.*QUARTERDECK_PORT"):
            serve(Settings(data=tmp_path / "data", port=port))
    assert not (tmp_path / "data").exists()


def test_an_address_that_is_not_ours_is_said(tmp_path: Path):
    for host in ("192.0.2.1", "no.such.host.invalid"):
        with pytest.raises(SettingsError, match=f"Cannot listen on {host}"):
            serve(Settings(data=tmp_path / "data", host=host))


# --- settings


def test_settings_come_from_the_environment():
    assert Settings.from_env({}) == Settings()
    given = Settings.from_env(
        {
            "QUARTERDECK_DATABASE_URL": "postgresql://u:secret@db/x",
            "QUARTERDECK_DATA": "/var/lib/qd",
            "QUARTERDECK_HOST": "0.0.0.0",
            "QUARTERDECK_PORT": "9000",
            "QUARTERDECK_ADMIN_KEY": "qd_secret",
            "QUARTERDECK_SCHEMA": "acme",
            "HOME": "/root",
        }
    )
    assert (given.data, given.host, given.port, given.schema) == (Path("/var/lib/qd"), "0.0.0.0", 9000, "acme")
    assert "secret" not in repr(given)
    assert Settings.from_env({"QUARTERDECK_PORT": " "}).port == DEFAULT_PORT


@pytest.mark.parametrize("port", ["http", "-1", "65536", "80.5", "٨٠", "9" * 5000])
def test_a_port_that_is_none_is_said(port: str):
    with pytest.raises(SettingsError, match="QUARTERDECK_PORT"):
        Settings.from_env({"QUARTERDECK_PORT": port})


def test_a_form_of_the_log_that_is_none_is_said():
    assert Settings.from_env({"QUARTERDECK_LOG": "json"}).log == "json"
    with pytest.raises(SettingsError, match="QUARTERDECK_LOG"):
        Settings.from_env({"QUARTERDECK_LOG": "xml"})


def test_a_head_that_never_ends_is_given_up(server: Server):
    """Without it, a stranger could fill the memory."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.settimeout(10)
        connection.sendall(b"GET /v1/cycles HTTP/1.1\r\nHost: x\r\nX-Endless: ")
        with suppress(OSError):
            for _ in range(200):
                connection.sendall(b"x" * 10_000)
        with suppress(ConnectionResetError):
            assert connection.recv(1_000).startswith(b"HTTP/1.1 400")
            assert connection.recv(1_000) == b""
    assert httpx.get(f"{server.url}/healthz").status_code == 200
