"""What is around every request: its id, HEAD, limits of what stands in front of the body, headers that keep browsers
careful, one line in the log, and an answer when something is broken.

It is the outermost layer, in plain ASGI, so that also an error inside FastAPI is answered as a problem,
with the id under which the log has what happened.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from time import perf_counter

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from api.errors import AddressTooLong, HeadersTooLarge
from api.logs import CURRENT, About
from api.metrics import known_method
from api.problems import problem
from api.runtime import Runtime
from api.tracing import trace_id_of
from domain.errors import Refusal

_LOG = logging.getLogger("quarterdeck.http")

REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")
"""What a caller may name a request; anything else is given a name of ours."""

MOST_OF_ADDRESS, MOST_OF_HEADERS = 8_000, 32_000
"""Bytes. What is longer than the server reads at all (64 KB) does not even come here: it answers 400 by itself."""

_CAREFUL = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    # An answer is data: opened as a page it loads, runs and shows nothing. Pages and pictures bring their own.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}

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
        inner = {**scope, "state": scope.get("state", {}) | {"id": about.request_id}}
        inner["state"]["correlation_id"] = about.correlation_id
        known = CURRENT.set(about)
        try:
            with watched(runtime, scope, inner, about):
                await self._answer(scope, inner, receive, send, about, runtime)
        finally:
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
                headers = MutableHeaders(scope=message)
                _complete(headers, inner, request_id)
                if runtime is not None and runtime.stopping:
                    headers["Connection"] = "close"  # the next request is for another server
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
    headers = Headers(scope=scope)
    given = headers.get("X-Request-Id", "")
    if REQUEST_ID.fullmatch(given):
        return About(given, given, scope["method"])
    request_id = str(uuid7())
    return About(request_id, trace_id_of(headers.get("traceparent", "")) or request_id, scope["method"])


@contextmanager
def watched(runtime: Runtime | None, scope: Scope, inner: Scope, about: About) -> Iterator[None]:
    """One line in the log, the figures and, if they are wanted, the span of a request."""
    metrics, tracer = (runtime.metrics, runtime.tracer) if runtime is not None else (None, None)
    began = perf_counter()
    with ExitStack() as stack:
        span = None
        if tracer is not None:
            span = stack.enter_context(tracer.request(known_method(scope["method"]), _traceparent(scope)))
        if metrics is not None:
            stack.enter_context(metrics.in_flight.track_inprogress())
        try:
            yield
        finally:
            took = perf_counter() - began
            about.route, about.ms, status = _route(inner), round(took * 1000, 1), about.status or 0
            _LOG.info(
                "%s %s %s %.1f ms %s", scope["method"], _shown(scope["path"]), status, took * 1000, about.request_id
            )
            if metrics is not None:
                metrics.answered(about.route, scope["method"], status, took, about.refused)
            if span is not None:
                span.answered(about.route, status)


def _traceparent(scope: Scope) -> str:
    return Headers(scope=scope).get("traceparent", "")


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


def _complete(headers: MutableHeaders, scope: Scope, request_id: str) -> None:
    headers["X-Request-Id"] = request_id
    for name, value in _CAREFUL.items():
        headers.setdefault(name, value)
    # A refusal says where the ledger was too, once that is known.
    position = scope["state"].get("position")
    if position is not None and "Ledger-Position" not in headers:
        headers["Ledger-Position"] = str(position)


def _shown(path: str) -> str:
    """A path for the log: nobody writes lines of their own into it, nor very long ones."""
    return path[:500].encode("unicode_escape").decode()
