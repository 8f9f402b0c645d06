"""How many writes are worked on at once, and how many may wait for that: a server that cannot keep up says so early.

Threads are few, and reads need some, too. What waits costs memory and ages; beyond a bound in number and in time it is
refused with 503 and `Retry-After`, before anything was done, so trying again is safe.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import copy_context
from typing import TypeVar

import anyio

from domain.errors import NotReady

T = TypeVar("T")

AT_ONCE = 32
"""As many threads are for writes. Where FastAPI carries one out, it takes one of the 40 that anyio has for all else."""

PATIENCE = 10.0
"""Seconds to wait for one of them."""


class Admission:
    """The door for writes. For use in the event loop alone."""

    def __init__(self, most_waiting: int, at_once: int = AT_ONCE, patience: float = PATIENCE) -> None:
        self._most_waiting = most_waiting
        self._patience = patience
        self._waiting = 0
        self._turns = anyio.Semaphore(at_once, fast_acquire=True)
        self._threads = ThreadPoolExecutor(max(at_once, 1), "writer")  # they end with it

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Waits for a turn to write, and holds it. Raises `NotReady` (`busy`)."""
        try:
            self._turns.acquire_nowait()
        except anyio.WouldBlock:
            await self._wait()
        try:
            yield
        finally:
            self._turns.release()

    async def carry_out(self, call: Callable[[], T]) -> T:
        """What the call answers, made in a thread of a writer, by whoever holds a turn.

        Handing it over costs a third of what it does by anyio. A call that has begun is waited for, whoever gives up.
        """
        running = self._threads.submit(copy_context().run, call)
        try:
            return await asyncio.wrap_future(running)
        except asyncio.CancelledError:
            if not running.cancelled():
                await asyncio.wait([asyncio.wrap_future(running)])
            raise

    async def _wait(self) -> None:
        if self._waiting >= self._most_waiting:
            raise NotReady("Too many writes are waiting; nothing was recorded.", slug="busy")
        self._waiting += 1
        try:
            with anyio.fail_after(self._patience):
                await self._turns.acquire()
        except TimeoutError:
            raise NotReady("This write waited too long for its turn; nothing was recorded.", slug="busy") from None
        finally:
            self._waiting -= 1
