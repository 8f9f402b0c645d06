"""Answers that are as long as they are: sent while the rest is made, as lines of JSON or otherwise.

Whatever the items are read from stays open until the last line is sent or the client has gone away, and no longer.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from itertools import chain, islice, repeat
from typing import Any

import anyio
from fastapi.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api.answers import to_json

NDJSON = "application/x-ndjson"
_AT_ONCE = 100
"""Lines that are sent together. The first goes alone, so that a reader sees soon that there is something."""


class Streamed(StreamingResponse):
    """An answer in parts. What `held` holds is let go when it is over, however it ends.

    The first part is made at once: what cannot be answered at all is refused before anything is sent.
    """

    def __init__(
        self,
        parts: Iterator[bytes],
        held: ExitStack,
        media_type: str,
        *,
        position: int,
        etag: str,
        headers: Mapping[str, str],
    ) -> None:
        first = list(islice(parts, 1))
        given = {"Cache-Control": "private, no-cache", "Ledger-Position": str(position), "ETag": etag} | dict(headers)
        super().__init__(chain(first, parts), headers=given, media_type=media_type)
        self._held = held.pop_all()  # who made it does not let go of it any more

    def release(self) -> None:
        """Lets go of what is held: it is sent, or will not be."""
        self._held.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            with anyio.CancelScope(shield=True):
                await run_in_threadpool(self.release)


class Lines(Streamed):
    """A line of JSON for each item."""

    def __init__(
        self, items: Iterator[Any], held: ExitStack, *, position: int, etag: str, headers: Mapping[str, str]
    ) -> None:
        super().__init__(_chunks(items), held, NDJSON, position=position, etag=etag, headers=headers)


def _chunks(items: Iterator[Any]) -> Iterator[bytes]:
    for count in chain([1], repeat(_AT_ONCE)):
        some = list(islice(items, count))
        if not some:
            return
        yield _lines(some)


def _lines(items: list[Any]) -> bytes:
    return b"".join(to_json(item) + b"\n" for item in items)
