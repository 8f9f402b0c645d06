"""Answers that are ready, and wait for the books: without a thread, and where that takes long, all of them with one.

A write is answered when reads show it (contract, section 3). Whoever's answer takes no reading need not keep a thread
for that: of sixteen that are woken at once each wants the interpreter, which costs more than what they do then. Whoever
hears where the books are calls the event loop. What was not heard within a moment is looked for (`Books.wait_for`).
"""

import asyncio
from asyncio import AbstractEventLoop, Future, Task
from collections.abc import Callable
from contextlib import suppress
from heapq import heappop, heappush
from itertools import count
from time import monotonic
from typing import NamedTuple

from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from domain.errors import NotReady
from projections.reading import PATIENCE, Books

MOMENT = 0.05
"""Seconds in which the books are mostly heard of."""


class Arrival(NamedTuple):
    """What an answer waits for: that the books come to `position`. `otherwise` makes another, if they do not."""

    position: int
    otherwise: Callable[[NotReady], Response]


class Arriving:
    """Who waits for the books of one app. For use in event loops alone."""

    def __init__(self) -> None:
        self._waiting: tuple[AbstractEventLoop, Books, _Waiting] | None = None
        """Those of one event loop and one ledger: tests run several."""

    async def wait(self, books: Books, arrival: Arrival, response: Response) -> Response:
        """The response, when the books are there."""
        loop = asyncio.get_running_loop()
        if self._waiting is None or self._waiting[0] is not loop or self._waiting[1] is not books:
            self._waiting = (loop, books, _Waiting(loop, books))
        try:
            await self._waiting[2].wait_for(arrival.position)
        except NotReady as error:
            return arrival.otherwise(error)
        return response


class _Waiting:
    """Positions that are waited for in one event loop."""

    def __init__(self, loop: AbstractEventLoop, books: Books) -> None:
        self._loop = loop
        self._books = books
        self._heap: list[tuple[int, int, float, Future[None]]] = []
        """The position, a number that makes entries differ, when to give up, and who is told."""
        self._numbers = count()
        self._task: Task[None] | None = None

    async def wait_for(self, position: int) -> None:
        """Waits until the books have come to a position. Raises `NotReady`, not before `PATIENCE` seconds."""
        arrived: Future[None] = self._loop.create_future()
        heappush(self._heap, (position, next(self._numbers), monotonic() + PATIENCE, arrived))
        if self._task is None:
            self._task = self._loop.create_task(self._follow(self._books.on_arrival(self._heard)))
        self._arrive(self._books.stands)  # it may have been heard before we listened
        await arrived

    def _heard(self, position: int) -> None:
        """By any thread."""
        first = next(iter(self._heap), None)
        if first is not None and first[0] <= position:
            with suppress(RuntimeError):  # the loop has ended: nobody waits any more
                self._loop.call_soon_threadsafe(self._arrive, position)

    def _arrive(self, position: int) -> None:
        while self._heap and self._heap[0][0] <= position:
            _tell(heappop(self._heap)[3], None)

    async def _follow(self, end: Callable[[], None]) -> None:
        """Looks for the first of them if it is not heard of, as long as there are any."""
        try:
            while self._heap:
                position, _, until, first = self._heap[0]
                await asyncio.sleep(MOMENT)
                if first.done():
                    while self._heap and self._heap[0][3].done():  # given up; those that were told are gone already
                        heappop(self._heap)
                    continue
                try:
                    stands = await run_in_threadpool(self._books.wait_for, position, until - monotonic())
                except NotReady as error:
                    self._heap = sorted(each for each in self._heap if each[3] is not first)
                    _tell(first, error)
                else:
                    self._arrive(stands)
        except Exception as error:  # each of them raises it
            for *_, arrived in self._heap:
                _tell(arrived, error)
            self._heap.clear()
        finally:
            self._task = None
            end()


def _tell(arrived: "Future[None]", failure: Exception | None) -> None:
    if arrived.done():  # its request was given up
        return
    if failure is None:
        arrived.set_result(None)
    else:
        arrived.set_exception(failure)
