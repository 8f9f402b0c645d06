"""JSON as it was written: numbers exact, nothing said twice, nothing that JSON does not have.

The standard library's parser rounds numbers to doubles, lets the last of two equal keys win and takes NaN. In
a ledger each of these would be a silent change of what somebody said, so they are refused. The text of a
refusal reads on after the name of what was parsed: "is not JSON: …".
"""

import json
from decimal import Decimal
from typing import Any, NoReturn

_LONGEST_INTEGER = 100
"""Digits. Longer ones become decimals: making an int takes time that grows with the square of the length."""


def parse(text: bytes) -> Any:
    """The value, fractions as `Decimal`, whole numbers as `int`. `ValueError` says what is wrong."""
    try:
        return json.loads(
            text.decode(),
            parse_float=Decimal,
            parse_int=lambda digits: int(digits) if len(digits) <= _LONGEST_INTEGER else Decimal(digits),
            parse_constant=_refuse_constant,
            object_pairs_hook=_object,
        )
    except UnicodeDecodeError as error:
        raise ValueError(f"is not UTF-8, from byte {error.start + 1} on") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error.msg} at character {error.pos + 1}") from None
    except ArithmeticError:
        raise ValueError("has a number that is out of range") from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"has {name}, which is no number in JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise ValueError(f"has the key {name!r} twice")
            seen.add(name)
    return found
