"""Live books: how soon a write that was acknowledged can be read, while 500 writes come a second.

The writes come when they are due and not when the last one is answered (an open loop), so a server that falls behind
is seen to. Half of them wait for the books, as they do unless they are told not to: the whole answer is measured, from
when the write was due. The others do not (`Prefer: respond-async`); after every eighth of these somebody else asks for
the position that it was answered with (`Min-Position`), and it is measured how long after the answer to the write that
is answered. The server is one in earnest, in one process and in two.
"""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count, cycle
from pathlib import Path
from queue import Queue
from tempfile import TemporaryDirectory
from threading import Thread
from time import perf_counter, sleep
from uuid import UUID

from api.runtime import running
from api.settings import Settings
from benchmarks.appends import key_results
from benchmarks.measuring import Effort, Figure
from benchmarks.server import ADMIN_KEY, Server
from benchmarks.side_by_side import processes
from ledger.database import Database
from ledger.migrations import migrate

A_SECOND, CLIENTS, SAMPLE = 500, 32, 8
_BODY = b'{"value": 40, "note": "a good week"}'


def figures(server: Server, effort: Effort) -> Iterator[Figure]:
    """The figures of this page."""
    for number in (1, 2):
        with TemporaryDirectory(prefix="quarterdeck-live-") as folder:
            yield from _figures(server.database(), Path(folder), number, max(4.0, effort.seconds * 3))


def _figures(url: str, data: Path, number: int, seconds: float) -> Iterator[Figure]:
    migrate(Database(url))
    with running(Settings(database_url=url, data=data, admin_key=ADMIN_KEY)) as runtime:
        goals = [key for _ in range(CLIENTS) for key in key_results(runtime.ledger)]
    with processes.ours(data, url, number) as served:
        address = ("127.0.0.1", served.port)
        _write(address, goals, A_SECOND, _Took(address))  # a second, for everything to be there
        took = _Took(address)
        rate = _write(address, goals, int(A_SECOND * seconds), took)
    by = f"{number} process{'es' if number > 1 else ''}"
    yield Figure(f"check-ins over HTTP when {A_SECOND} are due a second, {by}", rate, "a second")
    for what, times in (("readable after the answer", took.readable), ("answered as readable", took.answered)):
        for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)):
            worst = sorted(times)[min(len(times) - 1, int(len(times) * share))]
            yield Figure(f"live books, {by}: {what}, {name}", 1_000 * worst, "ms", less=True)


class _Took:
    """What was measured. Somebody else, on a connection of their own, asks for positions that were answered."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.answered: list[float] = []
        self.readable: list[float] = []
        self._turns = count()
        self._due: Queue[tuple[float, int] | None] = Queue()
        self._thread = Thread(target=self._ask, args=(address,), daemon=True)
        self._thread.start()

    def acknowledged(self, position: int) -> None:
        """A write that does not wait was answered just now."""
        if next(self._turns) % SAMPLE == 0:
            self._due.put((perf_counter(), position))

    def end(self) -> None:
        """Waits for the rest."""
        self._due.put(None)
        self._thread.join()

    def _ask(self, address: tuple[str, int]) -> None:
        with socket.create_connection(address) as connection:
            while (one := self._due.get()) is not None:
                at, position = one
                _sent(connection, "GET /v1/teams?limit=1", f"Min-Position: {position}\r\n", b"")
                self.readable.append(perf_counter() - at)


def _write(address: tuple[str, int], goals: list[UUID], many: int, took: _Took) -> float:
    """Writes so many, and answers how many a second that were."""
    targets, began = cycle(goals), perf_counter() + 0.1
    due = iter([(began + n / A_SECOND, next(targets), n % 2 == 0) for n in range(many)])

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
    rate = many / (perf_counter() - began)
    took.end()
    return rate


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
