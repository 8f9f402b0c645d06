"""What is around every request: its id, HEAD, limits of what stands in front of the body, headers that keep browsers
careful, one line in the log, and an answer when something is broken.

It is the outermost layer, in plain ASGI, so that also an error inside FastAPI is answered as a problem,
with the id under which the log has what happened.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from time import perf_counter

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from api.errors import AddressTooLong, HeadersTooLarge
from api.logs import CURRENT, About
from api.metrics import Metrics, known_method
from api.problems import problem
from api.runtime import Runtime
from api.tracing import Tracer, trace_id_of
from domain.errors import Refusal

_LOG = logging.getLogger("quarterdeck.http")

REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")
"""What a caller may name a request; anything else is given a name of ours."""

MOST_OF_ADDRESS, MOST_OF_HEADERS = 8_000, 32_000
"""Bytes. What is longer than the server reads at all (64 KB) does not even come here: it answers 400 by itself."""

_CAREFUL = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    # An answer is data: opened as a page it loads, runs and shows nothing. Pages and pictures bring their own.
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)

_CLIENT_WENT_AWAY = 499
"""For the log alone; who would be answered is gone."""


class Envelope:
    """Wraps the app. The request's id is in `request.state.id`, that of its cause in `request.state.correlation_id`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        about = _about(scope)
        runtime = getattr(scope["app"].state, "runtime", None)
        known_of_it = {"id": about.request_id, "correlation_id": about.correlation_id}
        inner = {**scope, "state": scope.get("state", {}) | known_of_it}
        known = CURRENT.set(about)
        metrics, tracer = (runtime.metrics, runtime.tracer) if runtime is not None else (None, None)
        began = perf_counter()
        if metrics is not None:
            metrics.in_flight.inc()
        try:
            with nullcontext() if tracer is None else _span(tracer, scope, inner, about):
                await self._answer(scope, inner, receive, send, about, runtime)
        finally:
            _note(scope, inner, about, perf_counter() - began, metrics)
            CURRENT.reset(known)

    async def _answer(
        self, scope: Scope, inner: Scope, receive: Receive, send: Send, about: About, runtime: Runtime | None
    ) -> None:
        request_id, status = about.request_id, 0
        is_head = scope["method"] == "HEAD"
        # In a copy, since the server decides by its own whether a body may follow.
        inner["method"] = "GET" if is_head else scope["method"]

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = about.status = message["status"]
                _complete(message, inner, about, is_last=runtime is not None and runtime.stopping)
            elif is_head:
                message = {**message, "body": b""}
            await send(message)

        try:
            refusal = _refusal(scope)
            if refusal is None:
                await self.app(inner, receive, send_on)
            else:
                await problem(refusal.default_slug, refusal.detail)(inner, receive, send_on)
        except ClientDisconnect:
            about.status = _CLIENT_WENT_AWAY
        except Exception:
            _LOG.exception("Request %s is broken: %s %s", request_id, scope["method"], _shown(scope["path"]))
            if status:
                raise  # too late for another answer: the server cuts this one short
            detail = f"The request {request_id} could not be answered; the log says why."
            await problem("internal", detail, instance=f"urn:request:{request_id}")(inner, receive, send_on)


def _about(scope: Scope) -> About:
    """The request's names. What causes it is what its caller calls it, else the trace that it is part of."""
    given, traceparent = _header(scope, b"x-request-id"), _header(scope, b"traceparent")
    if REQUEST_ID.fullmatch(given):
        return About(given, given, scope["method"])
    request_id = str(uuid7())
    return About(request_id, (trace_id_of(traceparent) if traceparent else None) or request_id, scope["method"])


def _header(scope: Scope, wanted: bytes) -> str:
    """The first header of that name; of none, nothing."""
    for name, value in scope["headers"]:
        if name == wanted:
            return str(value, "latin-1")
    return ""


@contextmanager
def _span(tracer: Tracer, scope: Scope, inner: Scope, about: About) -> Iterator[None]:
    """The span of a request, while it is answered."""
    with tracer.request(known_method(scope["method"]), _header(scope, b"traceparent")) as span:
        try:
            yield
        finally:
            span.answered(_route(inner), about.status or 0)


def _note(scope: Scope, inner: Scope, about: About, took: float, metrics: Metrics | None) -> None:
    """One line in the log, and the figures, of a request that was answered after so many seconds."""
    about.route, about.ms, status = _route(inner), round(took * 1000, 1), about.status or 0
    _LOG.info("%s %s %s %.1f ms %s", scope["method"], _shown(scope["path"]), status, took * 1000, about.request_id)
    if metrics is not None:
        metrics.in_flight.dec()
        metrics.answered(about.route, scope["method"], status, took, about.refused)


def _route(scope: Scope) -> str:
    """The template of the route that was taken, such as `/v1/cycles/{cycle}`: of these there are few."""
    return getattr(scope.get("route"), "path", None) or "none"


def _refusal(scope: Scope) -> Refusal | None:
    """Why a request is not looked at any further, if its head is too large."""
    if len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"]) > MOST_OF_ADDRESS:
        return AddressTooLong(f"The address has more than {MOST_OF_ADDRESS:,} bytes.")
    if sum(len(name) + len(value) for name, value in scope["headers"]) > MOST_OF_HEADERS:
        return HeadersTooLarge(f"The headers have more than {MOST_OF_HEADERS:,} bytes.")
    return None


def _complete(message: Message, scope: Scope, about: About, *, is_last: bool) -> None:
    """Adds to the head of an answer what every answer has. `is_last`: its connection is closed after it."""
    headers = message["headers"] = list(message.get("headers", ()))
    there = {name for name, _ in headers}
    headers.append((b"x-request-id", about.request_id.encode("latin-1")))
    headers += (each for each in _CAREFUL if each[0] not in there)
    # A refusal says where the ledger was too, once that is known.
    position = scope["state"].get("position")
    if position is not None and b"ledger-position" not in there:
        headers.append((b"ledger-position", b"%d" % position))
    if is_last:
        headers.append((b"connection", b"close"))  # the next request is for another server


def _shown(path: str) -> str:
    """A path for the log: nobody writes lines of their own into it, nor very long ones."""
    return path[:500].encode("unicode_escape").decode()
