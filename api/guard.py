"""What every endpoint under /v1 asks first: is the ledger there, who is it, does it take what is sent along.

And last: was it a replica that failed? Then it is asked again of the primary.

It comes before FastAPI's own work, and before the body is read: a stranger is sent away without reading five
megabytes of what they have to say.
"""

from collections.abc import Callable, Coroutine
from functools import cached_property
from hashlib import sha256
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from api.arriving import Arriving
from api.bodies import payload_of
from api.conditions import conditional
from api.credentials import Identity, secret_in, token_in
from api.errors import BadToken, TooManyFailures, Unauthenticated, pointer
from api.logs import CURRENT
from api.runtime import Runtime
from domain.errors import Fault, Forbidden, Invalid, NotReady

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
_WITH_BODY = {"POST", "PUT", "PATCH"}


class GuardedRoute(APIRoute):
    """A route behind a credential.

    `request.state` has `identity`, and `payload` where there may be a body.
    """

    def get_route_handler(self) -> Handler:
        """FastAPI's handler, after the questions."""
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            return await self.guarded(request, handle)

        return handler

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a request is for this route. Of a hundred routes nearly all are told apart by how they begin and end.

        The regular expression, which decides, takes ten times as long.
        """
        path, (begin, end) = scope["path"], self._ends
        if scope.get("root_path") or (path.startswith(begin) and path.endswith(end)):
            return super().matches(scope)
        return Match.NONE, {}

    @cached_property
    def _ends(self) -> tuple[str, str]:
        return self.path_format.partition("{")[0], self.path_format.rpartition("}")[2]

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(_query_parameters(self.dependant))

    async def guarded(self, request: Request, handle: Handler) -> Response:
        """What `handle` answers, after the questions."""
        runtime, methods = runtime_of(request), self.methods or set()
        runtime.check()
        request.state.identity = await identify(runtime, request)
        if "GET" not in methods:
            _refuse_other_sites(request)
        _refuse_unknown(request, self._known)
        request.state.payload = await self.payload(request) if methods & _WITH_BODY else {}
        if "GET" not in methods:
            async with runtime.admission.turn():
                response = await handle(request)
                arrival = getattr(request.state, "arrival", None)
                if arrival is None:
                    return response
                arriving: Arriving = request.app.state.arriving
                return await arriving.wait(runtime.books, arrival, response)
        try:
            response = await handle(request)
        except NotReady as error:
            if runtime.replica is None or not getattr(request.state, "from_replica", False):
                raise
            runtime.replica.lost(error)
            request.state.from_primary = True
            response = await handle(request)
        return await conditional(request, response)

    async def payload(self, request: Request) -> dict[str, Any]:
        """What the body says."""
        return await payload_of(request)


def runtime_of(request: Request) -> Runtime:
    """What the app works with."""
    runtime: Runtime = request.app.state.runtime
    return runtime


async def identify(runtime: Runtime, request: Request) -> Identity:
    """Whose the request is, by the key that it shows. Raises `Unauthenticated`, `TooManyFailures`, `NotReady`."""
    authorization = request.headers.get("Authorization")
    token = token_in(authorization)
    if token is not None and runtime.sign_in is not None:
        try:
            return _noted(await run_in_threadpool(runtime.sign_in.identify, token))
        except BadToken:
            # All begin alike, so they are told apart by what they are as a whole.
            _count_failure(runtime, request, sha256(token.encode(errors="surrogateescape")).hexdigest())
            raise
    identity = await runtime.lookups.identify(authorization)
    if identity is not None:
        return _noted(identity)
    # Who sends none at all is told how to; a browser asks like that first.
    if authorization is not None:
        _count_failure(runtime, request, secret_in(authorization))
    raise Unauthenticated("Send a key, as Bearer or as the password of Basic; this one, if any, is not good.")


def _noted(identity: Identity) -> Identity:
    """The same; the lines of the log about this request name its actor."""
    if (about := CURRENT.get()) is not None:
        about.actor = str(identity.actor)
    return identity


def _count_failure(runtime: Runtime, request: Request, credential: str | None) -> None:
    """Raises `TooManyFailures` instead of letting the refusal be told, if there were too many."""
    address = request.client.host if request.client else ""
    wait = runtime.attempts.failed(address, credential)
    if wait is not None:
        refusal = TooManyFailures("Too many credentials that are not good came from here, or with this key.")
        refusal.retry_after = wait
        raise refusal


def _refuse_other_sites(request: Request) -> None:
    """A browser that knows a key by HTTP Basic sends it along with the forms of any page; and says so."""
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise Forbidden("A page of another site may not write here.")


def _query_parameters(dependant: Dependant) -> set[str]:
    names = {field.alias for field in dependant.query_params}
    return names.union(*(_query_parameters(inner) for inner in dependant.dependencies))


def _refuse_unknown(request: Request, known: frozenset[str]) -> None:
    """A misspelt filter must not answer everything, nor one of two values be taken for both."""
    seen: set[str] = set()
    faults = []
    for name, _ in request.query_params.multi_items():
        if name not in known:
            takes = f"it takes {', '.join(sorted(known))}" if known else "it takes none"
            faults.append(Fault(pointer("query", name), f"is no parameter of this address: {takes}"))
        elif name in seen:
            faults.append(Fault(pointer("query", name), "is given twice"))
        seen.add(name)
    if faults:
        raise Invalid(f"{faults[0].pointer}: {faults[0].reason}", faults=faults)
