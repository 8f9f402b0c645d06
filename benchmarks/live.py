"""Live books: how soon a write that was acknowledged can be read, while 500 writes come a second.

The writes come when they are due and not when the last one is answered (an open loop), so a server that falls behind
is seen to. Through the ledger, in one process, it is measured of each write when it is acknowledged, and how long after
that the books have it. Over HTTP half of them wait for the books, as they do unless they are told not to: the whole
answer is measured, from when the write was due. The others do not (`Prefer: respond-async`); after every eighth of
these somebody else asks for the position that it was answered with (`Min-Position`), and it is measured how long after
the answer to the write that is answered. That server is one in earnest, in one process, two and three.
"""

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import count, cycle
from pathlib import Path
from queue import Queue
from tempfile import TemporaryDirectory
from threading import Thread
from time import perf_counter, sleep
from uuid import UUID

from api.runtime import running
from api.settings import Settings
from benchmarks.appends import key_results, order
from benchmarks.measuring import Effort, Figure
from benchmarks.server import ADMIN_KEY, Server
from benchmarks.side_by_side import processes
from ledger.database import Database
from ledger.migrations import migrate

A_SECOND, CLIENTS, SAMPLE, ASKERS = 500, 32, 8, 4
_PATIENCE = 60.0
_BODY = b'{"value": 40, "note": "a good week"}'

Write = Callable[[float, UUID, int], None]
"""Checks in on a key result when that is due; the last is the number of the write."""


def figures(server: Server, effort: Effort) -> Iterator[Figure]:
    """The figures of this page."""
    seconds = max(4.0, effort.seconds * 3)
    yield from _through_the_ledger(server, seconds)
    for number in (1, 2, 3):
        with TemporaryDirectory(prefix="quarterdeck-live-") as folder:
            yield from _over_http(server.database(), Path(folder), number, seconds)


def _through_the_ledger(server: Server, seconds: float) -> Iterator[Figure]:
    acknowledged: list[float] = []
    readable: list[float] = []
    with server.ledger() as runtime:

        def write(due: float, goal: UUID, _: int) -> None:
            executed = runtime.ledger.execute(order("check_in", key_result=goal, value="40", note="a good week"))
            done = perf_counter()
            runtime.books.wait_for(executed.position, _PATIENCE)
            acknowledged.append(done - due)
            readable.append(perf_counter() - done)

        goals = [key for _ in range(CLIENTS) for key in key_results(runtime.ledger)]
        _write(goals, A_SECOND, lambda: nullcontext(write))  # a second, for everything to be there
        acknowledged.clear()
        readable.clear()
        rate = _write(goals, int(A_SECOND * seconds), lambda: nullcontext(write))
    yield Figure(f"check-ins through the ledger when {A_SECOND} are due a second", rate, "a second")
    for what, times in (("acknowledged", acknowledged), ("readable after that", readable)):
        yield from _spread(f"live books, through the ledger: {what}", times)


def _over_http(url: str, data: Path, number: int, seconds: float) -> Iterator[Figure]:
    migrate(Database(url))
    with running(Settings(database_url=url, data=data, admin_key=ADMIN_KEY)) as runtime:
        goals = [key for _ in range(CLIENTS) for key in key_results(runtime.ledger)]
    with processes.ours(data, url, number) as served:
        address = ("127.0.0.1", served.port)
        _measured(address, goals, A_SECOND)  # a second, for everything to be there
        rate, took = _measured(address, goals, int(A_SECOND * seconds))
    by = f"{number} process{'es' if number > 1 else ''}"
    yield Figure(f"check-ins over HTTP when {A_SECOND} are due a second, {by}", rate, "a second")
    for what, times in (("readable after the answer", took.readable), ("answered as readable", took.answered)):
        yield from _spread(f"live books, {by}: {what}", times)


def _spread(what: str, times: list[float]) -> Iterator[Figure]:
    for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)):
        worst = sorted(times)[min(len(times) - 1, int(len(times) * share))]
        yield Figure(f"{what}, {name}", 1_000 * worst, "ms", less=True)


class _Took:
    """What was measured over HTTP. Others, on connections of their own, ask for positions that were answered."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.answered: list[float] = []
        self.readable: list[float] = []
        self._turns = count()
        self._due: Queue[tuple[float, int] | None] = Queue()
        self._threads = [Thread(target=self._ask, args=(address,), daemon=True) for _ in range(ASKERS)]
        for thread in self._threads:
            thread.start()

    def acknowledged(self, position: int) -> None:
        """A write that does not wait was answered just now."""
        if next(self._turns) % SAMPLE == 0:
            self._due.put((perf_counter(), position))

    def end(self) -> None:
        """Waits for the rest."""
        for _ in self._threads:
            self._due.put(None)
        for thread in self._threads:
            thread.join()

    def _ask(self, address: tuple[str, int]) -> None:
        with socket.create_connection(address) as connection:
            while (one := self._due.get()) is not None:
                at, position = one
                _sent(connection, "GET /v1/teams?limit=1", f"Min-Position: {position}\r\n", b"")
                self.readable.append(perf_counter() - at)


def _measured(address: tuple[str, int], goals: list[UUID], many: int) -> tuple[float, _Took]:
    took = _Took(address)

    @contextmanager
    def writer() -> Iterator[Write]:
        with socket.create_connection(address) as connection:

            def write(due: float, goal: UUID, number: int) -> None:
                waits = number % 2 == 0
                position = _check_in(connection, goal, waits=waits)
                if waits:
                    took.answered.append(perf_counter() - due)
                else:
                    took.acknowledged(position)

            yield write

    rate = _write(goals, many, writer)
    took.end()
    return rate, took


def _write(goals: list[UUID], many: int, writer: Callable[[], AbstractContextManager[Write]]) -> float:
    """Writes so many, each when it is due by whoever is free, and answers how many a second that were."""
    targets, began = cycle(goals), perf_counter() + 0.1
    due = iter([(began + n / A_SECOND, next(targets), n) for n in range(many)])

    def keep_writing(_: int) -> None:
        with writer() as write:
            for at, goal, number in due:
                sleep(max(0.0, at - perf_counter()))
                write(at, goal, number)

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(keep_writing, range(CLIENTS)))
    return many / (perf_counter() - began)


def _check_in(connection: socket.socket, goal: UUID, *, waits: bool) -> int:
    """Checks in, and answers the position of that."""
    prefer = "" if waits else "Prefer: respond-async\r\n"
    answer = _sent(connection, f"POST /v1/key-results/{goal}/check-ins", prefer, _BODY)
    return int(answer.lower().partition(b"ledger-position: ")[2].split()[0])


def _sent(connection: socket.socket, what: str, more: str, body: bytes) -> bytes:
    """Asks with as little of a client as can be, and answers what comes."""
    head = f"{what} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ADMIN_KEY}\r\n{more}"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    connection.sendall(f"{head}\r\n".encode() + body)
    answer = b""
    while not answer.endswith(b"}"):
        answer += connection.recv(65_536)
    if not answer.startswith(b"HTTP/1.1 20"):
        raise AssertionError(answer)
    return answer
