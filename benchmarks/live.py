"""Live books: how soon a write that was acknowledged can be read, while 500 writes come a second.

The writes come when they are due and not when the last one is answered (an open loop), so a server that falls behind is
seen to. Half of them do not wait for the books (`Prefer: respond-async`): of these it is measured how long after the
answer the books have them. The others wait, and the whole answer is measured, from when the write was due.
"""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from queue import Queue
from threading import Thread
from time import perf_counter, sleep
from uuid import UUID

from api.runtime import Runtime
from benchmarks.appends import key_results
from benchmarks.kpis import client_of
from benchmarks.measuring import Effort, Figure
from benchmarks.server import ADMIN_KEY, Server

A_SECOND, CLIENTS = 500, 32
_BODY = b'{"value": 40, "note": "a good week"}'


def figures(server: Server, effort: Effort) -> Iterator[Figure]:
    """The figures of this page."""
    with server.ledger() as runtime, client_of(runtime) as http:
        goals = [key for _ in range(CLIENTS) for key in key_results(runtime.ledger)]
        runtime.books.wait_for(runtime.recorder.head().position, timeout=600)
        address = (str(http.base_url.host), int(http.base_url.port or 0))
        took = _Took(runtime)
        began = perf_counter()
        count = int(A_SECOND * max(4.0, effort.seconds * 3))
        _write(address, goals, count, took)
        rate = count / (perf_counter() - began)
        took.end()
    yield Figure(f"check-ins over HTTP when {A_SECOND} are due a second", rate, "a second")
    for what, times in (("readable after the answer", took.readable), ("answered as readable", took.answered)):
        for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)):
            worst = sorted(times)[min(len(times) - 1, int(len(times) * share))]
            yield Figure(f"live books at {A_SECOND} writes a second: {what}, {name}", 1_000 * worst, "ms", less=True)


class _Took:
    """What was measured. Of a position that was answered, a thread of its own waits until the books have it."""

    def __init__(self, runtime: Runtime) -> None:
        self.answered: list[float] = []
        self.readable: list[float] = []
        self._runtime = runtime
        self._due: Queue[tuple[float, int] | None] = Queue()
        self._thread = Thread(target=self._wait, daemon=True)
        self._thread.start()

    def acknowledged(self, position: int) -> None:
        """A write that does not wait was answered just now."""
        self._due.put((perf_counter(), position))

    def end(self) -> None:
        """Waits for the rest."""
        self._due.put(None)
        self._thread.join()

    def _wait(self) -> None:
        while (one := self._due.get()) is not None:
            at, position = one
            self._runtime.books.wait_for(position, timeout=60)
            self.readable.append(perf_counter() - at)


def _write(address: tuple[str, int], goals: list[UUID], count: int, took: _Took) -> None:
    turns, began = iter(range(count)), perf_counter() + 0.1
    targets = cycle(goals)
    plan = [(began + n / A_SECOND, next(targets), n % 2 == 0) for n in turns]
    due = iter(plan)

    def keep_writing(_: int) -> None:
        with socket.create_connection(address) as connection:
            for at, goal, waits in due:
                sleep(max(0.0, at - perf_counter()))
                position = _check_in(connection, goal, waits=waits)
                if waits:
                    took.answered.append(perf_counter() - at)
                else:
                    took.acknowledged(position)

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(keep_writing, range(CLIENTS)))


def _check_in(connection: socket.socket, goal: UUID, *, waits: bool) -> int:
    """Sends one, with as little of a client as can be, and answers its position."""
    prefer = "" if waits else "Prefer: respond-async\r\n"
    head = (
        f"POST /v1/key-results/{goal}/check-ins HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ADMIN_KEY}\r\n"
        f"{prefer}Content-Type: application/json\r\nContent-Length: {len(_BODY)}\r\n\r\n"
    )
    connection.sendall(head.encode() + _BODY)
    answer = b""
    while not answer.endswith(b"}"):
        answer += connection.recv(65_536)
    if not answer.startswith(b"HTTP/1.1 201"):
        raise AssertionError(answer)
    return int(answer.lower().partition(b"ledger-position: ")[2].split()[0])
