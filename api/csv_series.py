"""A KPI's series as CSV (RFC 4180), for spreadsheets: a row a point."""

import csv
from collections.abc import Iterator
from decimal import Decimal
from io import StringIO
from typing import Any

from domain.values import plain

COLUMNS = ("on", "value", "note", "target", "low", "high", "benchmark", "restated")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet may take a text for a formula by (OWASP, "CSV Injection")."""


def series_csv(series: dict[str, Any]) -> str:
    """The series of a KPI. `restated` says whether the value is another than the first that was known."""
    out = StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(_rows(series))
    return out.getvalue()


def _rows(series: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for point in series["points"]:
        target, benchmark = point["target"] or {}, point["benchmark"] or {}
        yield (
            point["on"].isoformat(),
            plain(point["value"]),
            words(point["note"]),
            *(_number(target.get(name)) for name in ("target", "low", "high")),
            _number(benchmark.get("value")),
            "true" if len(point["known"]) > 1 else "false",
        )


def _number(value: Decimal | None) -> str:
    return "" if value is None else plain(value)


def words(text: Any) -> str:
    """A free text that no spreadsheet runs; `[redacted]` for one that was."""
    if text is None:
        return ""
    if not isinstance(text, str):
        return "[redacted]"
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
