"""Answers: JSON with exact numbers, and the headers that say what it reflects."""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from typing import Any

import orjson
from starlette.responses import Response

from domain.values import plain


def to_json(content: Any) -> bytes:
    """Decimals as JSON numbers without an exponent or binary noise, instants as RFC 3339 with `Z`."""
    return orjson.dumps(content, default=_exact, option=orjson.OPT_UTC_Z)


def _exact(value: Any) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return _number(value)
    raise TypeError(f"{type(value).__name__} has no place in an answer")


@lru_cache(maxsize=16_384)  # numbers that are equal are written alike, and the same few stand on a board many times
def _number(value: Decimal) -> orjson.Fragment:
    return orjson.Fragment(plain(value).encode())


def in_parts(content: Mapping[str, Any]) -> dict[str, orjson.Fragment]:
    """The content with each field as JSON already: an answer is written once, for its ETag and for its body."""
    return {name: _part(value) for name, value in content.items()}


def _part(value: Any) -> orjson.Fragment:
    return value if isinstance(value, orjson.Fragment) else orjson.Fragment(to_json(value))


def answer(
    content: Any,
    *,
    position: int | None = None,
    etag: str | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An answer of JSON."""
    given = _headers(position, etag) | dict(headers or {})
    return Response(to_json(content), status, headers=given, media_type="application/json")


def text(content: str, media_type: str, *, position: int, etag: str, headers: Mapping[str, str]) -> Response:
    """An answer of another type, in UTF-8."""
    return Response(content, headers=_headers(position, etag) | dict(headers), media_type=media_type)


def _headers(position: int | None, etag: str | None) -> dict[str, str]:
    """It depends on who asks and on what is recorded meanwhile, so nobody keeps it without asking again."""
    headers = {"Cache-Control": "private, no-cache"}
    if position is not None:
        headers["Ledger-Position"] = str(position)
    if etag is not None:
        headers["ETag"] = etag
    return headers


def strong(position: int) -> str:
    """A resource's ETag: the position of the last event of its own stream."""
    return f'"{position}"'


def weak(content: Mapping[str, Any]) -> str:
    """The ETag of a list or a board, which have no stream: of what it says, not of when it was asked."""
    said = {name: value for name, value in content.items() if name not in {"as_of", "valid_at"}}
    return f'W/"{sha256(to_json(said)).hexdigest()[:20]}"'
