"""The body of a request: read up to a limit, and parsed exactly. And its model, for the OpenAPI document.

A body model is the command without what the path says already, so nothing is declared twice. What is sent
is held against the command itself (`ledger.payloads.build`), with the same words as a line of a history
file.
"""

from collections.abc import Collection
from typing import Annotated, Any

from fastapi import Request
from pydantic import BaseModel, ConfigDict, create_model
from pydantic.fields import FieldInfo
from starlette.datastructures import Headers

from api.errors import TooLarge, WrongType
from domain.errors import Fault, Invalid, Malformed
from domain.kernel import Command
from ledger.exact_json import parse

LIMIT = 5_000_000
"""Bytes, whatever the client says of the length."""

DEEPEST = 32
"""Levels of nesting; no command has more than four."""


async def payload_of(request: Request) -> dict[str, Any]:
    """What the body says, `{}` without one. Raises `TooLarge`, `WrongType`, `Malformed` or `Invalid`."""
    raw = await _read(request)
    if not raw:
        return {}
    _check_type(request.headers, request.method)
    try:
        payload = parse(raw)
    except ValueError as error:
        raise Malformed(f"The body {error}.") from None
    if _too_deep(payload, DEEPEST):
        raise Malformed(f"The body is nested more than {DEEPEST} levels deep.")
    if not isinstance(payload, dict):
        raise Invalid("The body must be an object.", faults=(Fault("", "must be an object"),))
    return payload


async def _read(request: Request) -> bytes:
    announced = request.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced[:20]) > LIMIT:
        raise _too_large()
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LIMIT:
            raise _too_large()
    return bytes(body)


def _too_large() -> TooLarge:
    return TooLarge(f"The body has more than {LIMIT:,} bytes.")


def _check_type(headers: Headers, method: str) -> None:
    given = headers.get("Content-Type", "")
    kind, _, rest = given.partition(";")
    taken = ["application/json"] + (["application/merge-patch+json"] if method == "PATCH" else [])
    if kind.strip().lower() not in taken:
        raise WrongType(f"The body must be {' or '.join(taken)}, not {given or 'of no type'}.")
    name, _, charset = rest.partition("=")
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
        name: (annotation(field), ... if field.is_required() else field.default)
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
