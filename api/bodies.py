"""The body of a request: read up to a limit, and parsed exactly. And its model, for the OpenAPI document.

A body model is the command without what the path says already, so nothing is declared twice. What is sent
is held against the command itself (`ledger.payloads.build`), with the same words as a line of a history
file.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from types import MappingProxyType
from typing import Annotated, Any

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.fields import FieldInfo
from starlette.datastructures import Headers

from api.errors import TooLarge, TooSlow, WrongType
from domain.errors import Fault, Invalid, Malformed
from domain.kernel import Command
from ledger.exact_json import parse

LIMIT = 5_000_000
"""Bytes, whatever the client says of the length."""

SECONDS = 30.0
"""In which a body must be here, however slowly it comes."""

DEEPEST = 32
"""Levels of nesting; no command has more than four."""


Parse = Callable[[Request, bytes], Awaitable[dict[str, Any]]]
"""Makes a payload of a body that is no JSON."""


async def payload_of(request: Request, others: Mapping[str, Parse] = MappingProxyType({})) -> dict[str, Any]:
    """What the body says, `{}` without one; `others`: types that are taken besides JSON.

    Raises `TooLarge`, `TooSlow`, `WrongType`, `Malformed` or `Invalid`.
    """
    raw = await _read(request)
    kind = _kind(request.headers)
    if not raw and kind not in others:
        return {}
    _check_type(request.headers, request.method, others)
    if kind in others:
        return await others[kind](request, raw)
    try:
        payload = parse(raw)
    except ValueError as error:
        raise Malformed(f"The body {error}.") from None
    check_depth(payload)
    if not isinstance(payload, dict):
        raise Invalid("The body must be an object.", faults=(Fault("", "must be an object"),))
    return payload


def check_depth(payload: Any) -> None:
    """Raises `Malformed` if it is nested deeper than anything here needs to be."""
    if _too_deep(payload, DEEPEST):
        raise Malformed(f"The body is nested more than {DEEPEST} levels deep.")


async def _read(request: Request) -> bytes:
    announced = request.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced[:20]) > LIMIT:
        raise _too_large()
    body = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LIMIT:
                    raise _too_large()
    except TimeoutError:
        raise TooSlow(f"The body was not here within {SECONDS:g} seconds.") from None
    return bytes(body)


def _too_large() -> TooLarge:
    return TooLarge(f"The body has more than {LIMIT:,} bytes.")


def _kind(headers: Headers) -> str:
    return headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _check_type(headers: Headers, method: str, others: Collection[str]) -> None:
    given = headers.get("Content-Type", "")
    taken = ["application/json", *others] + (["application/merge-patch+json"] if method == "PATCH" else [])
    if _kind(headers) not in taken:
        raise WrongType(f"The body must be {' or '.join(taken)}, not {given or 'of no type'}.")
    for parameter in given.split(";")[1:]:
        name, _, charset = parameter.partition("=")
        if name.strip().lower() == "charset" and charset.strip().strip('"').lower() not in {"utf-8", "utf8"}:
            raise WrongType("The body must be in UTF-8.")
    if headers.get("Content-Encoding", "identity").lower() != "identity":
        raise WrongType("The body must not be compressed.")


def _too_deep(value: Any, left: int) -> bool:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(left == 0 or _too_deep(part, left - 1) for part in parts)


def body_model(command: type[Command], without: Collection[str]) -> type[BaseModel]:
    """The model of a command's body: its fields but those that stand in the path."""
    fields: dict[str, Any] = {
        name: (annotation(field), Field(... if field.is_required() else field.default, alias=field.alias))
        for name, field in command.model_fields.items()
        if name not in without
    }
    config = ConfigDict(extra="forbid", json_schema_extra=_without_unset)
    return create_model(command.__name__, __config__=config, __doc__=command.__doc__, **fields)


def annotation(field: FieldInfo) -> Any:
    """A field's type with everything that was said about it."""
    whole: Any = field.annotation
    for part in field.metadata:
        whole = Annotated[whole, part]
    return whole


def _without_unset(schema: dict[str, Any]) -> None:
    """A default of null says nothing: it means "left out", also where null itself is not taken."""
    for field in schema.get("properties", {}).values():
        if field.get("default", ...) is None:
            del field["default"]
