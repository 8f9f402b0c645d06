"""How many writes are worked on at once, and how many may wait for that: a server that cannot keep up says so early.

Threads are few, and reads need some, too. What waits costs memory and ages; beyond a bound in number and in time it is
refused with 503 and `Retry-After`, before anything was done, so trying again is safe.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

from domain.errors import NotReady

AT_ONCE = 32
"""Of the 40 threads that anyio has for blocking work."""

PATIENCE = 10.0
"""Seconds to wait for one of them."""


class Admission:
    """The door for writes. For use in the event loop alone."""

    def __init__(self, most_waiting: int, at_once: int = AT_ONCE, patience: float = PATIENCE) -> None:
        self._most_waiting = most_waiting
        self._patience = patience
        self._waiting = 0
        self._turns = anyio.Semaphore(at_once, fast_acquire=True)

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
