"""Routes of commands, which are most of what a busy server is asked: straight from the router to the ledger.

FastAPI finds out anew for each request what its endpoint wants and how to come by it, with a context for whatever might
have to be closed. A command wants what its path says and four headers, and is carried out in a thread: known when the
route is made. So a request that has these as they should be takes the short way. Any other goes FastAPI's, which says
what is wrong with it; and FastAPI's declaration alone is what the OpenAPI document is made of.
"""

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from pydantic import TypeAdapter, ValidationError
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.guard import GuardedRoute
from api.writing import WriteHeaders

_HEADERS: Mapping[bytes, str] = {name.replace("_", "-").encode(): name for name in WriteHeaders.model_fields}


class CommandRoute(GuardedRoute):
    """A route whose endpoint takes `request`, `headers` and what stands in the path; the query may be empty."""

    def __init__(self, path: str, endpoint: Callable[..., Response], **document: Any) -> None:
        super().__init__(path, endpoint, **document)
        takes = signature(endpoint).parameters
        self._in_path = {name: TypeAdapter[Any](takes[name].annotation) for name in self.param_convertors}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request whose path is this route's."""
        given = self._given(scope)
        if given is None:
            await super().handle(scope, receive, send)
            return

        async def carry_out(request: Request) -> Response:
            return await run_in_threadpool(self.endpoint, request=request, **given)

        response = await self.guarded(Request(scope, receive, send), carry_out)
        await response(scope, receive, send)

    def _given(self, scope: Scope) -> dict[str, Any] | None:
        """What the endpoint is to be called with; `None` if this is for FastAPI to find out, or to refuse."""
        if scope["query_string"] or scope["method"] not in (self.methods or ()):
            return None
        said: dict[str, str] = {}
        for name, value in scope["headers"]:
            if name in _HEADERS:
                said.setdefault(_HEADERS[name], value.decode("latin-1"))
        try:
            given = {name: self._in_path[name].validate_python(value) for name, value in scope["path_params"].items()}
            return {"headers": WriteHeaders.model_validate(said), **given}
        except ValidationError:
            return None
