"""The history of everything as CSV (RFC 4180), for spreadsheets: a row an item, made while the ones before are sent."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from io import StringIO
from itertools import islice
from typing import Any
from uuid import UUID

from api.answers import to_json
from api.csv_series import words

COLUMNS = (
    *("position", "recorded_at", "effective_at", "reported_at", "actor", "actor_name", "on_behalf_of"),
    *("type", "kind", "id", "version", "reason", "summary", "changes"),
)
_AT_ONCE = 500

NamesOf = Callable[[Sequence[UUID]], Mapping[UUID, str]]
"""What some members are called."""


def audit_csv(items: Iterator[dict[str, Any]], names_of: NamesOf) -> Iterator[bytes]:
    """The items as rows, some at a time; the header goes with the first of them."""
    begun = False
    while (some := list(islice(items, _AT_ONCE))) or not begun:
        names = names_of(list({item["actor"] for item in some}))
        out = StringIO(newline="")
        writer = csv.writer(out, lineterminator="\r\n")
        if not begun:
            writer.writerow(COLUMNS)
            begun = True
        writer.writerows(_row(item, names) for item in some)
        yield out.getvalue().encode()


def _row(item: Mapping[str, Any], names: Mapping[UUID, str]) -> list[str]:
    """`changes` is JSON, as in the item, and begins with a bracket, so no spreadsheet takes it for a formula."""
    shown: dict[str, str] = {name: _plain(item[name]) for name in COLUMNS if name in item}
    shown["actor_name"] = words(names.get(item["actor"]))
    shown |= {name: words(item[name]) for name in ("reason", "summary")}
    shown["changes"] = to_json(item["changes"]).decode()
    return [shown[name] for name in COLUMNS]


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return str(value)
