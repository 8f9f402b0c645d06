"""How requests are read off the wire, and answers written.

Requests are read by httptools, a parser in C, for which uvicorn sets no bound. Half of what a small request cost the
event loop was uvicorn's parser in Python. That one gives up on a head of more than 64 KB; this does, too, or a stranger
could fill the memory with a header that never ends.

An answer's head and body are two writes to uvicorn, and two to the system. Here they go as one, which also wakes the
client only once.
"""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_AT_ONCE = 65_536
"""Bytes that may come without finishing anything: a head, a piece of a body, a trailer."""


class Joining:
    """A transport that writes at once what is given to it in one turn of the event loop."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._held: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> None:
        """Writes soon; what is large, with all that was before it, now, so that who writes too much is held up."""
        if not self._held:
            self._loop.call_soon(self._flush)
        self._held.append(data)
        self._size += len(data)
        if self._size > MOST_AT_ONCE:
            self._flush()

    def close(self) -> None:
        """Closes the connection after all that was written."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        held, self._held, self._size = self._held, [], 0
        if held:
            self._transport.writelines(held)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class BoundedProtocol(HttpToolsProtocol):
    """One connection. Answers 400 to what never comes to an end."""

    _unfinished = 0
    _finished = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """It begins."""
        super().connection_made(cast("asyncio.Transport", Joining(transport)))

    def data_received(self, data: bytes) -> None:
        """Some bytes; they may end in the middle of anything."""
        self._finished = False
        super().data_received(data)
        self._unfinished = 0 if self._finished else self._unfinished + len(data)
        if self._unfinished > MOST_AT_ONCE and not self.transport.is_closing():
            self.send_400_response("Invalid HTTP request received.")

    def on_headers_complete(self) -> None:
        """The head is here."""
        self._finished = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body is here."""
        self._finished = True
        super().on_body(body)
