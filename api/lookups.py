"""Keys of requests that come together are looked up together: one thread and one statement for all of them.

A turn of the event loop starts every request whose head has come meanwhile. The first that wants its key looked up
makes a round, the others of that turn join it, and it begins with the next. So nobody waits for company, and no key
is looked up before the request has come that shows it: a revocation holds for every request that comes after it.
Rounds do not wait for one another, either: one that is stuck on a broken connection keeps only its own requests.
"""

import asyncio
from asyncio import AbstractEventLoop, Task

from fastapi.concurrency import run_in_threadpool

from api.credentials import Identity, Keys


class _Round:
    """Headers that are looked up together, and what comes of it, in their order."""

    def __init__(self) -> None:
        self.authorizations: list[str | None] = []
        self.found: Task[list[Identity | None]]


class Lookups:
    """Looks the keys of one app up. For use in event loops alone."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._open: tuple[AbstractEventLoop, _Round] | None = None
        """The round that may be joined, in the event loop that it was made in: tests run several."""

    async def identify(self, authorization: str | None) -> Identity | None:
        """Whose the request with that header is; `None` if no good key is in it. Raises `NotReady`."""
        if not self._keys.must_ask(authorization):
            return self._keys.identify(authorization)
        loop, opened = asyncio.get_running_loop(), self._open
        if opened is not None and opened[0] is loop:
            joined = opened[1]
        else:
            joined = _Round()
            self._open = (loop, joined)
            joined.found = loop.create_task(self._look(joined))
        place = len(joined.authorizations)
        joined.authorizations.append(authorization)
        found = await asyncio.shield(joined.found)  # a request that is given up does not take the others along
        return found[place]

    async def _look(self, begun: _Round) -> list[Identity | None]:
        opened = self._open
        if opened is not None and opened[1] is begun:
            self._open = None
        return await run_in_threadpool(self._keys.identify_all, begun.authorizations)
