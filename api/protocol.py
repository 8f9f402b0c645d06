"""How requests are read off the wire: by httptools, a parser in C, for which uvicorn sets no bound.

Half of what a small request cost the event loop was uvicorn's parser in Python. That one gives up on a head of more
than 64 KB; this does, too, or a stranger could fill the memory with a header that never ends.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_AT_ONCE = 65_536
"""Bytes that may come without finishing anything: a head, a piece of a body, a trailer."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection. Answers 400 to what never comes to an end."""

    _unfinished = 0
    _finished = False

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
