"""Who folds the shares of a rebuild: this process and some that it starts, each taking the next share when it is free.

    shares ──▶ one list ──┬─▶ this process, at once
                          └─▶ others, as soon as each has started (half a second, of imports) ──▶ rows

No process holds more than one share. A server whose readers go on meanwhile leaves all of it to the others.
"""

import os
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from queue import SimpleQueue
from threading import Thread

from domain.catalogue import EVENTS
from ledger.database import Database
from ledger.mapper import EventMapper
from ledger.reader import Reader
from projections.pipeline import Line
from projections.shares import Share

WORTH_A_PROCESS = 8_000
"""For so many events, starting another process costs less than it saves."""
MOST_PROCESSES = 8

Folded = tuple[Share, Counter[str]]
"""A share whose rows are written, with how many of each book."""


@dataclass(frozen=True, slots=True)
class Crew:
    """`processes`: how many fold at the same time; by default as many as pay, at most one for each CPU, of which
    PostgreSQL wants its part, too. `here`: this one is among them; alone it always is."""

    processes: int | None = None
    here: bool = True

    def fold(self, line: Line, shares: Sequence[Share]) -> Iterator[Folded]:
        """Folds shares, and answers them in any order. Raises `FoldFailed`, after which no further share is begun."""
        processes = self.processes or _paying(sum(share.events for share in shares))
        here, todo = self.here or processes == 1, deque(shares)
        done: SimpleQueue[Folded | BaseException] = SimpleQueue()
        with ExitStack() as stack:
            for _ in range(processes - here):
                Thread(target=_feed, args=(_hire(line, stack), todo, done), daemon=True).start()
            stack.callback(todo.clear)
            for _ in shares:
                share = _next(todo) if here and done.empty() else None
                yield _result(done) if share is None else (share, line.run(share))


ALL_HANDS = Crew()


def _paying(events: int) -> int:
    return max(1, min(os.cpu_count() or 1, MOST_PROCESSES, events // WORTH_A_PROCESS))


def _hire(line: Line, stack: ExitStack) -> ProcessPoolExecutor:
    """A process that folds, until the stack is left."""
    given = (line.database.url, line.database.schema, line.head)
    one = ProcessPoolExecutor(1, get_context("spawn"), _open, given)
    stack.callback(one.shutdown, cancel_futures=True)
    return one


def _result(done: "SimpleQueue[Folded | BaseException]") -> Folded:
    found = done.get()
    if isinstance(found, BaseException):
        raise found
    return found


def _feed(one: ProcessPoolExecutor, todo: "deque[Share]", done: "SimpleQueue[Folded | BaseException]") -> None:
    """Has a process take shares while there are any, from when it is ready on."""
    try:
        one.submit(_ready).result()
        while (share := _next(todo)) is not None:
            done.put((share, one.submit(_fold_apart, share).result()))
    except BaseException as error:  # it is raised where the results are taken
        done.put(error)


def _next(todo: "deque[Share]") -> Share | None:
    try:
        return todo.popleft()
    except IndexError:
        return None


_line: Line | None = None
"""What a process that folds shares works with; set once, when it starts."""


def _open(url: str, schema: str, head: int) -> None:
    global _line  # noqa: PLW0603  # a process of a pool has no other place to keep something
    Thread(target=_end_with_who_hired, daemon=True).start()
    database = Database(url, schema).open()
    _line = Line(database, Reader(database, EventMapper(EVENTS)), head)


def _end_with_who_hired() -> None:
    """Whoever was killed cannot say that there is nothing left to do."""
    hirer = parent_process()
    assert hirer is not None  # noqa: S101
    hirer.join()
    os._exit(1)


def _ready() -> None:
    """Answers once there is somebody to do so."""


def _fold_apart(share: Share) -> Counter[str]:
    assert _line is not None  # noqa: S101
    return _line.run(share)
