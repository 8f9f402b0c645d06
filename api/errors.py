"""From whatever was raised to an answer of `application/problem+json`, in one place.

Refusal                    its own status and slug; pointers say whether the body or a parameter is at fault
├── Unauthenticated  401   these exist over HTTP only
│   └── BadToken     401   an identity provider's
├── TooSlow          408
├── TooLarge         413
├── AddressTooLong   414
├── WrongType        415
├── TooManyFailures  429
├── HeadersTooLarge  431
└── ProviderAway     503   an identity provider
RequestValidationError     422: FastAPI's, for parameters
HTTPException              404 and 405: Starlette's, for addresses and methods
anything else              500: logged, and nothing of it is shown (`api.envelope`)
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from api.logs import CURRENT
from api.problems import problem
from domain.errors import Fault, NotReady, Refusal
from ledger.payloads import reason

_LOG = logging.getLogger("quarterdeck.http")
_CHALLENGE = 'Bearer realm="quarterdeck", Basic realm="quarterdeck", charset="UTF-8"'


class Unauthenticated(Refusal):
    """No credential, or one that is unknown, revoked or expired; which of these is not said."""

    status = 401
    default_slug = "unauthenticated"


class BadToken(Unauthenticated):
    """A token that is not good; what is wrong is said in general terms, for whoever has to put it right."""


class ProviderAway(NotReady):
    """The identity provider's keys could never be had; `retry_after` in seconds."""

    default_slug = "provider_away"
    retry_after = 10


class TooManyFailures(Refusal):
    """A credential that is not good, after too many of them; `retry_after` in seconds."""

    status = 429
    default_slug = "too_many_failures"
    retry_after = 1


class TooSlow(Refusal):
    """The body did not come in time."""

    status = 408
    default_slug = "too_slow"


class AddressTooLong(Refusal):
    """The address, with its query, has too many bytes."""

    status = 414
    default_slug = "address_too_long"


class HeadersTooLarge(Refusal):
    """The headers have too many bytes."""

    status = 431
    default_slug = "headers_too_large"


class TooLarge(Refusal):
    """The body has too many bytes."""

    status = 413
    default_slug = "too_large"


class WrongType(Refusal):
    """The body is of a type that the address does not take."""

    status = 415
    default_slug = "unsupported_media_type"


def add_handlers(app: FastAPI) -> None:
    """Has the app answer every refusal."""
    app.add_exception_handler(Refusal, refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _not_routed)


async def refused(request: Request, error: Exception) -> Response:
    """The answer that tells a refusal."""
    assert isinstance(error, Refusal)  # noqa: S101
    headers = {}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = _challenge(error)
    if isinstance(error, NotReady):
        headers["Retry-After"] = "1"
    if isinstance(error, TooManyFailures | ProviderAway):
        headers["Retry-After"] = str(error.retry_after)
    if (about := CURRENT.get()) is not None:
        about.refused = error.slug
    return problem(
        error.slug, public(error), faults=_located(error.faults, request), status=error.status, headers=headers
    )


def _challenge(error: Unauthenticated) -> str:
    """How to send a credential, and of a token what is wrong with it (RFC 6750, section 3)."""
    if not isinstance(error, BadToken):
        return _CHALLENGE
    return _CHALLENGE.replace(", Basic", f', error="invalid_token", error_description="{error.detail}", Basic', 1)


def public(refusal: Refusal) -> str:
    """What a refusal says, without what a library said before it: that names hosts and users, and goes to the log."""
    if refusal.__cause__ is None:
        return refusal.detail
    _LOG.warning("%s", refusal.detail)
    return refusal.detail.partition(": ")[0].rstrip(".") + "."


def _located(faults: Sequence[Fault], request: Request) -> list[Fault]:
    """The domain knows a command's fields; here a field stood in the body, in the path or in the query."""
    body = getattr(request.state, "payload", {})
    elsewhere = "" if request.method in {"POST", "PUT", "PATCH"} else "/query"
    located = []
    for fault in faults:
        name = fault.pointer.split("/")[1] if fault.pointer else ""
        if name in body or name in {"query", "header"}:
            place = ""
        else:
            place = "/path" if name in request.path_params else elsewhere
        located.append(Fault(place + fault.pointer, fault.reason))
    return located


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    faults = faults_of(error.errors())
    return problem("invalid", f"{faults[0].pointer}: {faults[0].reason}", faults=faults)


def faults_of(errors: Sequence[Any]) -> list[Fault]:
    """FastAPI's errors of parameters, one for each at fault, by a JSON pointer such as `/query/limit`.

    What follows the name in pydantic's location are members of unions, which are no places in a parameter.
    """
    found = {pointer(*error["loc"][:2]): reason(error["msg"]) for error in errors}
    return [Fault(where, why) for where, why in found.items()]


def pointer(*steps: str | int) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


async def _not_routed(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    if error.status_code == 405:
        allowed = ", ".join(_methods(request))
        detail = f"{request.method} is not for {request.url.path}; it takes {allowed}."
        return problem("method_not_allowed", detail, headers={"Allow": allowed})
    if error.status_code == 404:
        return problem("not_found", f"There is nothing at {request.url.path}.")
    slug: Mapping[int, str] = {400: "malformed", 413: "too_large"}
    return problem(slug.get(error.status_code, "internal"), str(error.detail))


def _methods(request: Request) -> list[str]:
    """All methods of the address: Starlette's own `Allow` names those of the first route alone."""
    found: set[str] = set()
    for route in request.app.routes:
        if route.matches(dict(request.scope))[0] is not Match.NONE:
            found |= route.methods or set()
    return sorted(found | {"HEAD"} if "GET" in found else found)
