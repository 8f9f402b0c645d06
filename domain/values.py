"""The kinds of values that commands and events are made of, with their limits.

Limits are ours (the contract names none): a number has at most 28 significant digits, 12 of them behind
the point; a title has at most 500 characters, a note 20,000, a label 200. JSON numbers and strings are
both taken for decimals; NaN and infinities are not.
"""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StrictStr
from pydantic import StringConstraints as Chars

TITLE, NOTE, LABEL = 500, 20_000, 200
DIGITS, DECIMALS = 28, 12

_SHORT = 10**15
_LONG = 30
"""Characters, more than any plain number has: what is longer is not remembered."""
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
# As nearly all are written, and ours always: nothing in it would be written otherwise, or be too long.
_PLAIN = re.compile(r"(?!-0$)-?(0|[1-9][0-9]{0,14})(\.[0-9]{0,11}[1-9])?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def plain(number: Decimal) -> str:
    """A decimal without exponent or trailing zeros: `0.2`, `100`, `-3.5`."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def _is_plain(number: Decimal) -> bool:
    """Whether a number is within the limits and just as it would be written, as nearly all are: 12, 12.5, not 1E+1."""
    _, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int) or not -DECIMALS <= exponent <= 0 or len(digits) > DIGITS or not number:
        return False
    return exponent == 0 or (digits[-1] != 0 and len(digits) >= -exponent)


def _number(value: Any) -> Decimal:
    if type(value) is int and -_SHORT < value < _SHORT:  # as most points of a KPI are
        return Decimal(value)
    if type(value) is str and len(value) < _LONG and (known := _plain_number(value)) is not None:
        return known
    if isinstance(value, bool) or not isinstance(value, Decimal | int | float | str):
        raise ValueError("must be a number")
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise ValueError("must be a number, such as 12.5")
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    if _is_plain(number):
        return number
    if not number.is_finite():
        raise ValueError("must be a finite number")
    if number and abs(number.adjusted()) > DIGITS:
        raise ValueError(f"must have at most {DIGITS} digits")
    text = plain(number)
    whole, _, behind = text.lstrip("-").partition(".")
    if len(whole.lstrip("0")) + len(behind) > DIGITS:
        raise ValueError(f"must have at most {DIGITS} digits")
    if len(behind) > DECIMALS:
        raise ValueError(f"must have at most {DECIMALS} decimal places")
    return Decimal(text)


@lru_cache(maxsize=4096)  # the same few are said again and again, and kept once
def _plain_number(value: str) -> Decimal | None:
    return Decimal(value) if _PLAIN.fullmatch(value) else None


def _day(value: Any) -> date:
    if type(value) is date:
        return value
    if not isinstance(value, str):
        raise ValueError("must be a date, such as 2026-03-31")
    return _parsed(value)


@lru_cache(maxsize=4096)  # the points of many KPIs are of the same days
def _parsed(value: str) -> date:
    if not _DAY.fullmatch(value):
        raise ValueError("must be a date, such as 2026-03-31")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{value} is no day of the calendar") from None


def _instant(value: Any) -> datetime:
    if isinstance(value, str):
        if not _INSTANT.fullmatch(value):
            raise ValueError("must be an instant with a time zone, such as 2026-03-31T12:00:00Z")
        try:
            value = datetime.fromisoformat(value.upper())
        except ValueError:
            raise ValueError(f"{value} is no instant of the calendar") from None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("must be an instant with a time zone, such as 2026-03-31T12:00:00Z")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("is out of range") from None


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain the character U+0000")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


def _uuid(value: Any) -> UUID:
    if isinstance(value, UUID):
        return value
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise ValueError("must be a UUID, such as 0190a2f0-1b7a-7cc0-8f63-d3a9a3c5e1b2")
    return UUID(value)


_UUID = re.compile(r"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")

_NUMBER_SCHEMA: dict[str, Any] = {
    "anyOf": [{"type": "number"}, {"type": "string", "pattern": f"^{_NUMBER.pattern}$"}],
    "description": f"an exact decimal, as number or string: {DIGITS} digits, {DECIMALS} decimals at most",
}


def _schema(extra: dict[str, Any]) -> Any:
    from pydantic import WithJsonSchema

    return WithJsonSchema(extra)


Number = Annotated[
    Decimal,
    BeforeValidator(_number),
    PlainSerializer(plain, return_type=str, when_used="json"),
    _schema(_NUMBER_SCHEMA),
]


def _at_least_zero(number: Decimal) -> Decimal:
    if number < 0:
        raise ValueError("must be 0 or more")
    return number


_POSITIVE_SCHEMA = _NUMBER_SCHEMA | {
    "anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": f"^{_NUMBER.pattern[2:]}$"}]
}
NotNegative = Annotated[Number, AfterValidator(_at_least_zero), _schema(_POSITIVE_SCHEMA)]

Day = Annotated[date, BeforeValidator(_day), _schema({"type": "string", "format": "date"})]
Instant = Annotated[datetime, BeforeValidator(_instant), _schema({"type": "string", "format": "date-time"})]
Id = Annotated[UUID, BeforeValidator(_uuid), _schema({"type": "string", "format": "uuid"})]

Label = Annotated[
    StrictStr, Chars(min_length=1, max_length=LABEL), AfterValidator(_storable), AfterValidator(_not_blank)
]
Title = Annotated[
    StrictStr, Chars(min_length=1, max_length=TITLE), AfterValidator(_storable), AfterValidator(_not_blank)
]
Note = Annotated[StrictStr, Chars(min_length=1, max_length=NOTE), AfterValidator(_storable), AfterValidator(_not_blank)]


class Redacted(BaseModel):
    """What stands where a free text was redacted: when and why (contract, section 4)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    redacted: bool = True
    at: Instant
    reason: str


class FreeText:
    """Marks a field of an event as free text: kept beside the event, with a salted commitment in it."""


Text = Annotated[StrictStr | Redacted, FreeText()]
Tags = Annotated[tuple[Label, ...], Field(max_length=50)]
