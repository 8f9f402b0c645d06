"""Being told to stop, under load, in a real process: nothing acknowledged is lost, and nobody is answered in half."""

import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from uuid import UUID, uuid4

import httpx
import psycopg
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


def test_what_was_acknowledged_is_there_and_everybody_else_is_told(server: Server, database_url: str):
    told = [Event() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write, server.url, event) for event in told]
        assert all(event.wait(60) for event in told)
        server.process.send_signal(signal.SIGTERM)
        done = [writer.result(60) for writer in writers]
    assert server.process.wait(GRACE + 10) == 0
    assert {end for _, end in done} <= {"503 /problems/not_ready close", "no connection"}
    acknowledged = {id for formed, _ in done for id in formed}
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT split_part(stream, '/', 2)::uuid, position FROM quarterdeck.events"
        ).fetchall()
    assert acknowledged <= {stream for stream, _ in rows}
    assert sorted(position for _, position in rows) == list(range(1, len(rows) + 1))
    assert not any("Traceback" in line for line in server.lines)


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


def test_nothing_is_left_in_the_database(server: Server, database_url: str, postgres: Postgres):
    """No connection of a stopped server keeps a lease or a lock."""
    assert server.stop() == 0
    name = database_url.split("dbname=")[1].split(maxsplit=1)[0]
    with postgres.admin() as admin:
        left = admin.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = %s", [name]).fetchone()
    assert left == (0,)
