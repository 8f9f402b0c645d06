"""What is around every request: its id, HEAD, one line in the log, and an answer when something is broken.

It is the outermost layer, in plain ASGI, so that also an error inside FastAPI is answered as a problem,
with the id under which the log has what happened.
"""

import logging
import re
from time import perf_counter

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from api.problems import problem

_LOG = logging.getLogger("quarterdeck.http")

REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")
"""What a caller may name a request; anything else is given a name of ours."""

_CLIENT_WENT_AWAY = 499
"""For the log alone; who would be answered is gone."""


class Envelope:
    """Wraps the app. The request's id is in `request.state.id`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("X-Request-Id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else str(uuid7())
        is_head = scope["method"] == "HEAD"
        # A copy, since the server decides by its own whether a body may follow.
        inner = {**scope, "method": "GET" if is_head else scope["method"]}
        inner["state"] = scope.get("state", {}) | {"id": request_id}
        began, status = perf_counter(), 0

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _complete(MutableHeaders(scope=message), inner, request_id)
            elif is_head:
                message = {**message, "body": b""}
            await send(message)

        try:
            await self.app(inner, receive, send_on)
        except ClientDisconnect:
            status = _CLIENT_WENT_AWAY
        except Exception:
            _LOG.exception("Request %s is broken: %s %s", request_id, scope["method"], scope["path"])
            if status:
                raise  # too late for another answer: the server cuts this one short
            detail = f"The request {request_id} could not be answered; the log says why."
            await problem("internal", detail, instance=f"urn:request:{request_id}")(inner, receive, send_on)
        took = (perf_counter() - began) * 1000
        _LOG.info("%s %s %s %.1f ms %s", scope["method"], _shown(scope["path"]), status, took, request_id)


def _complete(headers: MutableHeaders, scope: Scope, request_id: str) -> None:
    headers["X-Request-Id"] = request_id
    headers["X-Content-Type-Options"] = "nosniff"
    # A refusal says where the ledger was too, once that is known.
    position = scope["state"].get("position")
    if position is not None and "Ledger-Position" not in headers:
        headers["Ledger-Position"] = str(position)


def _shown(path: str) -> str:
    """A path for the log: nobody writes lines of their own into it."""
    return path.encode("unicode_escape").decode()
