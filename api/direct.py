"""The short way of commands, which are most of what a busy server is asked: straight to the ledger.

A router tries its routes one after the other, and FastAPI finds out anew for each request what its endpoint wants and
how to come by it, with contexts for whatever might have to be closed. A command wants what its path says and four
headers, and is carried out in a thread: known when the route is made. So a request that has these as they should be is
taken out here, before all of that. Any other goes on to FastAPI, which says what is wrong with it; and FastAPI's
declaration alone is what the OpenAPI document is made of.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from inspect import signature
from typing import Any

from fastapi import Request
from pydantic import TypeAdapter, ValidationError
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import refused
from api.guard import GuardedRoute, runtime_of
from api.writing import WriteHeaders
from domain.errors import Refusal

_HEADERS: Mapping[bytes, str] = {name.replace("_", "-").encode(): name for name in WriteHeaders.model_fields}


class CommandRoute(GuardedRoute):
    """A route whose endpoint takes `request`, `headers` and what stands in the path; the query may be empty."""

    def __init__(self, path: str, endpoint: Callable[..., Response], **document: Any) -> None:
        super().__init__(path, endpoint, **document)
        takes = signature(endpoint).parameters
        self._in_path = {name: TypeAdapter[Any](takes[name].annotation) for name in self.param_convertors}

    def given(self, scope: Scope, in_path: Mapping[str, str]) -> dict[str, Any] | None:
        """What the endpoint is to be called with; `None` if this is for FastAPI to find out, or to refuse."""
        said: dict[str, str] = {}
        for name, value in scope["headers"]:
            if name in _HEADERS:
                said.setdefault(_HEADERS[name], value.decode("latin-1"))
        try:
            given = {name: self._in_path[name].validate_python(value) for name, value in in_path.items()}
            return {"headers": WriteHeaders.model_validate(said), **given}
        except ValidationError:
            return None

    async def answered(self, request: Request, given: Mapping[str, Any]) -> Response:
        """What a request is answered, be it a refusal."""

        try:
            return await self.guarded(request, partial(self.carry_out, given))
        except Refusal as refusal:
            return await refused(request, refusal)

    async def carry_out(self, given: Mapping[str, Any], request: Request) -> Response:
        """What the endpoint answers, in a thread."""
        admission = runtime_of(request).admission
        return await admission.carry_out(partial(self.endpoint, request=request, **given))


class Direct:
    """Wraps the app whose routes these are."""

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute]) -> None:
        self.app = app
        self.table = Table(route for route in routes if isinstance(route, CommandRoute))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["query_string"] and not scope.get("root_path"):
            found = self.table.find(scope["method"], scope["path"])
            if found is not None:
                route, in_path = found
                given = route.given(scope, in_path)
                if given is not None:
                    scope.update(route=route, endpoint=route.endpoint, path_params=in_path)
                    response = await route.answered(Request(scope, receive, send), given)
                    await response(scope, receive, send)
                    return
        await self.app(scope, receive, send)


class Table:
    """Routes by their methods and by what stands in their paths where, found without trying them in turn."""

    def __init__(self, routes: Iterable[CommandRoute]) -> None:
        self._routes: dict[tuple[str, ...], CommandRoute] = {}
        self._placeholders: dict[int, dict[tuple[int, ...], None]] = {}
        """By the number of a path's steps: which of them may be placeholders."""
        for route in routes:
            steps = route.path_format.split("/")
            places = tuple(n for n, step in enumerate(steps) if step.startswith("{"))
            self._placeholders.setdefault(len(steps), {})[places] = None
            for method in route.methods or ():
                self._routes.setdefault((method, *_without(steps, places)), route)

    def find(self, method: str, path: str) -> tuple[CommandRoute, dict[str, str]] | None:
        """The route of a request, and what stands in its path; `None` if it is none of these."""
        steps = path.split("/")
        for places in self._placeholders.get(len(steps), ()):
            route = self._routes.get((method, *_without(steps, places)))
            if route is not None and all(steps[place] for place in places):
                return route, dict(zip(route.param_convertors, [steps[place] for place in places], strict=True))
        return None


def _without(steps: list[str], places: tuple[int, ...]) -> list[str]:
    """The steps of a path, with those at some places left open."""
    left = steps.copy()
    for place in places:
        left[place] = ""
    return left
