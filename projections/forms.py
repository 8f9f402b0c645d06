"""The forms in which values come from the database, besides those of psycopg."""

import json
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.types.string import ByteaBinaryLoader, TextLoader

_INT_DIGITS = 18


def _whole(digits: str) -> int | Decimal:
    """A whole number; answers are written by a library that knows no int of more than 64 bits."""
    return int(digits) if len(digits) <= _INT_DIGITS else Decimal(digits)


_decoder = json.JSONDecoder(parse_float=Decimal, parse_int=_whole)


def exact(text: str) -> Any:
    """What JSON says, with exact numbers."""
    return _decoder.decode(text)


@lru_cache(maxsize=8_192)
def _short(data: bytes) -> Any:
    return exact(str(data, "utf-8"))


_SHORT = 400
"""Bytes of JSON worth remembering: measures and values, of which a board has thousands, most of them alike."""


class Exact(Loader):
    """JSON with exact numbers. What comes of it is shared by answers, and is not to be changed."""

    def load(self, data: Buffer) -> Any:
        """The value of a column."""
        text = data if type(data) is bytes else bytes(data)
        return _short(text) if len(text) <= _SHORT else exact(str(text, "utf-8"))


class Form(NamedTuple):
    """How values of some types come where Python need not understand them."""

    types: tuple[str, ...]
    loader: type[Loader]
    binary: bool


TEXTS = Form(("uuid", "numeric", "json", "jsonb"), TextLoader, binary=False)
"""Ids, numbers and JSON as the database writes them."""

BYTES = Form(("uuid", "timestamptz", "xid", "tid"), ByteaBinaryLoader, binary=True)
"""Ids, instants and places of rows as bytes, which tell them apart and cost nothing."""
