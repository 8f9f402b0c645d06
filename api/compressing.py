"""Answers compressed with gzip, for those who take it.

What is compressed is what carries a weak ETag: every read but single resources, and the OpenAPI document. A weak tag
may stand for both forms of an answer; the strong one of a resource may not (RFC 9110, section 8.8.3), and If-Match
needs it as it is, so resources, and the answers to writes, are sent as they are. That an answer which tells a secret is
not among these is what keeps the length of a compressed one from telling anything (docs/security.md).

Starlette's own middleware is not used because it keeps the lines of a stream back until its buffer is full.
"""

import zlib
from typing import Any

from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LEAST = 1_000
"""Bytes. Below this it is hardly shorter."""

LEVEL = 5
"""Of 9; what the last four levels save is a few in a hundred, for twice the time."""

_WORTH_IT = {"application/json", "application/x-ndjson", "image/svg+xml", "text/csv", "text/markdown", "text/plain"}
_ELSEWHERE = 50_000
"""Bytes that take about a millisecond: more of them are compressed in a thread, so that others need not wait."""


class Compressing:
    """Wraps the app."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            send = _Sending(send, takes_gzip=takes_gzip(Headers(scope=scope).get("Accept-Encoding", "")))
        await self.app(scope, receive, send)


class _Sending:
    """Passes the messages of one answer on, compressed if that is worth it; the first with the second."""

    def __init__(self, send: Send, *, takes_gzip: bool) -> None:
        self._send = send
        self._takes_gzip = takes_gzip
        self._start: Message = {}
        self._gzip: Any = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        if self._start:
            message = await self._begun(message)
        elif self._gzip is not None:
            message = {**message, "body": await self._compressed(message)}
        await self._send(message)

    async def _begun(self, message: Message) -> Message:
        """Sends the head of the answer; answers the message as it is to follow."""
        start, self._start = self._start, {}
        headers = MutableHeaders(scope=start)
        if _has_two_forms(start["status"], headers):
            headers.add_vary_header("Accept-Encoding")
            is_whole = not message.get("more_body", False)
            if self._takes_gzip and _is_worth_it(headers) and not (is_whole and len(message["body"]) < LEAST):
                self._gzip = zlib.compressobj(LEVEL, wbits=31)
                message = {**message, "body": await self._compressed(message)}
                headers["Content-Encoding"] = "gzip"
                del headers["Content-Length"]
                if is_whole:
                    headers["Content-Length"] = str(len(message["body"]))
        await self._send(start)
        return message

    async def _compressed(self, message: Message) -> bytes:
        body, is_last = message.get("body", b""), not message.get("more_body", False)
        if len(body) > _ELSEWHERE:
            return await run_in_threadpool(self._compress, body, is_last)
        return self._compress(body, is_last)

    def _compress(self, body: bytes, is_last: bool) -> bytes:
        """A part of a stream is sent whole: its reader waits for it, not for the rest."""
        if not body and not is_last:
            return b""
        compressed: bytes = self._gzip.compress(body)
        flushed: bytes = self._gzip.flush(zlib.Z_FINISH if is_last else zlib.Z_SYNC_FLUSH)
        return compressed + flushed


def takes_gzip(accepts: str) -> bool:
    """Whether `Accept-Encoding` names gzip, or anything, and not only to say that it is not wanted."""
    weights = {}
    for part in accepts.lower().split(","):
        coding, *parameters = (each.strip() for each in part.split(";"))
        weight = next((each.removeprefix("q=") for each in parameters if each.startswith("q=")), "1")
        weights[coding] = weight.strip("0.") != ""
    return weights.get("gzip", weights.get("*", False))


def _has_two_forms(status: int, headers: Headers) -> bool:
    """Whether the answer could have been compressed for another client, or, of a 304, the one it stands for."""
    is_weak = headers.get("ETag", "").startswith("W/")
    return is_weak and (status == 304 or (status == 200 and "Content-Encoding" not in headers))


def _is_worth_it(headers: Headers) -> bool:
    return headers.get("Content-Type", "").partition(";")[0] in _WORTH_IT
