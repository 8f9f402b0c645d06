"""Being told to stop, under load, in a real process: nothing acknowledged is lost, and nobody is answered in half."""

import json
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event
from uuid import UUID, uuid4

import httpx
import pytest

from api.serve import GRACE
from tests.api.test_outages import eventually
from tests.api.test_server import Server, started
from tests.support.postgres import Postgres

KEY = "qd_an-admin-of-tests"
AUTH = ("any", KEY)


@pytest.fixture
def server(database_url: str, tmp_path) -> Iterator[Server]:
    with started(
        QUARTERDECK_DATABASE_URL=database_url, QUARTERDECK_DATA=str(tmp_path), QUARTERDECK_ADMIN_KEY=KEY
    ) as running:
        yield running


def write(url: str, told: Event) -> tuple[list[UUID], str]:
    """Forms teams until that is refused. Answers those that were acknowledged, and how it ended."""
    formed: list[UUID] = []
    with httpx.Client(base_url=url, auth=AUTH, timeout=30) as client:
        while True:
            id = uuid4()
            try:
                answer = client.post("/v1/teams", json={"id": str(id), "name": "A team"})
            except httpx.ConnectError:
                return formed, "no connection"
            if answer.status_code != 201:
                return formed, f"{answer.status_code} {answer.json()['type']} {answer.headers['Connection']}"
            formed.append(id)
            if len(formed) == 5:
                told.set()


@dataclass
class Stopped:
    """A server that was told to stop while four wrote."""

    code: int
    acknowledged: set[UUID]
    ends: set[str]
    stored: list[tuple[UUID, int]]
    """Streams and positions of what is in the ledger."""
    connections: int
    lines: list[str]


@pytest.fixture(scope="module")
def stopped(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stopped]:
    name = postgres.migrated_database()
    with started(
        QUARTERDECK_DATABASE_URL=postgres.url_of(name),
        QUARTERDECK_DATA=str(tmp_path_factory.mktemp("data")),
        QUARTERDECK_ADMIN_KEY=KEY,
        QUARTERDECK_LOG="json",
    ) as server:
        told = [Event() for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            writers = [pool.submit(write, server.url, event) for event in told]
            assert all(event.wait(60) for event in told)
            server.process.send_signal(signal.SIGTERM)
            done = [writer.result(60) for writer in writers]
        code = server.process.wait(GRACE + 10)
        server.stop()  # for the rest of what it said
    with postgres.admin(name) as admin:
        stored = admin.execute("SELECT split_part(stream, '/', 2)::uuid, position FROM quarterdeck.events").fetchall()
        left = admin.execute("SELECT FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()", [name])
        connections = len(left.fetchall())
    yield Stopped(
        code, {id for formed, _ in done for id in formed}, {end for _, end in done}, stored, connections, server.lines
    )
    postgres.drop(name)


def test_everything_that_was_acknowledged_is_there(stopped: Stopped):
    assert stopped.acknowledged <= {stream for stream, _ in stopped.stored}
    assert len(stopped.acknowledged) >= 20
    assert sorted(position for _, position in stopped.stored) == list(range(1, len(stopped.stored) + 1))


def test_everybody_else_is_told(stopped: Stopped):
    assert stopped.ends <= {"503 /problems/not_ready close", "no connection"}


def test_it_ends_in_order_and_leaves_no_connection_with_a_lease_or_a_lock(stopped: Stopped):
    assert (stopped.code, stopped.connections) == (0, 0)


def test_its_log_is_objects_from_the_first_line_to_the_last(stopped: Stopped):
    lines = [json.loads(line) for line in stopped.lines if not line.startswith("Quarterdeck is at ")]
    written = [line for line in lines if line.get("route") == "/v1/teams" and line["status"] == 201]
    assert len(written) == len(stopped.acknowledged)
    assert not any("trace" in line for line in lines)
    assert lines[-1]["logger"] == "uvicorn.error"


def half_a_request(server: Server) -> socket.socket:
    """A request that is in hand: its head is there and most of its body is not."""
    host, port = server.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=30)
    head = f"POST /v1/teams HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n"
    connection.sendall(f'{head}Content-Type: application/json\r\nContent-Length: 16\r\n\r\n{{"name":'.encode())
    eventually(lambda: "quarterdeck_http_requests_in_flight 2.0" in httpx.get(f"{server.url}/metrics", auth=AUTH).text)
    return connection


def is_stopping(server: Server) -> bool:
    try:
        return httpx.get(f"{server.url}/readyz").status_code == 503
    except httpx.ConnectError:
        return True


def test_a_request_in_hand_is_finished_and_new_ones_are_not_begun(server: Server):
    with half_a_request(server) as connection, httpx.Client(base_url=server.url, auth=AUTH) as client:
        assert client.get("/readyz").status_code == 200
        server.process.send_signal(signal.SIGTERM)
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["reasons"]) == (503, ["The server is stopping."])
        connection.sendall(b' "Late"}')
        answered = connection.recv(65536)
        assert answered.startswith(b"HTTP/1.1 201 ")
        assert b"connection: close" in answered.lower()
    assert server.process.wait(20) == 0


def test_a_second_signal_does_not_wait(server: Server):
    with half_a_request(server):
        server.process.send_signal(signal.SIGTERM)
        eventually(lambda: is_stopping(server))  # two signals at once would be one
        server.process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        assert server.process.wait(GRACE - 2) == 1
        assert time.monotonic() - began < GRACE - 2
