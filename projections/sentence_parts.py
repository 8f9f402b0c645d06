"""What changed from what to what, in words: the part of a sentence about a field.

Only what is short is said: of long texts, lists and of things that have nothing but an id, just that they changed. The
item of the history has both values in full.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.values import plain

LONGEST = 60
"""Characters of a text that is quoted."""
MOST = 4
"""Fields that are spoken of each; of more, only their names."""

_NAMES = {"starts_on": "first day", "ends_on": "last day", "aligned_to": "alignment", "out_of": "best score"}


def moved(changes: Sequence[Mapping[str, Any]]) -> str:
    """“weight changed from 1 to 2; the owner changed”; empty without changes."""
    parts = [part for change in changes for part in _moved(change["field"], change["old"], change["new"])]
    if len(parts) > MOST:
        names = list(dict.fromkeys(_named(change["field"]) for change in changes))
        return f"{', '.join(names[:-1])} and {names[-1]} changed" if len(names) > 1 else f"the {names[0]} changed"
    return "; ".join(parts)


def old_of(changes: Sequence[Mapping[str, Any]], field: str) -> str | None:
    """What a field was before, if there was anything and it is short."""
    return next((_said(change["old"]) for change in changes if change["field"] == field), None)


def _moved(field: str, old: Any, new: Any) -> Iterator[str]:
    if field == "measure" and isinstance(old, Mapping) and isinstance(new, Mapping) and old["type"] == new["type"]:
        fields = [name for name in {**old, **new} if old.get(name) != new.get(name)]
        yield from (part for name in fields for part in _moved(name, old.get(name), new.get(name)))
    elif field == "measure" and isinstance(old, Mapping) and isinstance(new, Mapping):
        yield f"the measure changed from {old['type']} to {new['type']}"
    else:
        yield _of_field(_named(field), old, new)


def _of_field(name: str, old: Any, new: Any) -> str:
    before, after = _said(old), _said(new)
    if new is None:
        return f"{name} {before} was taken away" if before else f"the {name} was taken away"
    if old is None:
        return f"{name} was set to {after}" if after else f"the {name} was set"
    return f"{name} changed from {before} to {after}" if before and after else f"the {name} changed"


def _named(field: str) -> str:
    return _NAMES.get(field, field.replace("_", " "))


def _said(value: Any) -> str | None:
    """A value in few words; `None` for one that has none."""
    match value:
        case None | UUID() | Mapping():
            return None
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return plain(value)
        case int() | datetime() | date():
            return str(value)
        case str():
            return _quoted(value)
        case list() | tuple() if value and all(isinstance(each, str) for each in value):
            said = ", ".join(value)
            return said if len(said) <= LONGEST else None
        case _:
            return None


def _quoted(text: str) -> str | None:
    """What is one word, as a state, stands as it is."""
    if len(text) > LONGEST or "\n" in text:
        return None
    return text.replace("_", " ") if text.islower() and text.replace("_", "").isalpha() else f"“{text}”"
