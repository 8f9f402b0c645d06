"""Measurements as a CSV file: the same command as with JSON, and every fault with the row that it stands in.

    on,value,note
    2026-01-31,1204,
    2026-02-28,1311,"without the trial, which ended early"

RFC 4180 with commas, in UTF-8, with a header; columns come in any order. The table that a KPI's series is answered as
is taken too, so that it can be edited and sent back; what it says beyond the points is passed over. A row is counted as
a spreadsheet counts it, the header being row 1. A file is taken whole or not at all.
"""

import csv
import re
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from api.bodies import payload_of
from api.csv_series import COLUMNS
from api.guard import GuardedRoute, Handler
from api.negotiation import CSV
from domain.errors import Fault, Invalid, Malformed, Refusal
from domain.measurements.decisions import MOST_POINTS

NEEDED, OPTIONAL = ("on", "value"), ("note",)
EXAMPLE = "on,value,note\r\n2026-01-31,1204,\r\n2026-02-28,1311,without the trial\r\n"
_HEADER = "the header must be on,value or on,value,note"
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
_POINT = re.compile(r"/points/([0-9]{1,9})(?=/|$)")

Numbered = tuple[int, list[str]]
"""A row of the file with its number."""


class PointsRoute(GuardedRoute):
    """A route that takes its points as JSON or as CSV. Of CSV, every refusal names the rows at fault."""

    def get_route_handler(self) -> Handler:
        """The handler, with rows in what it refuses."""
        handle = super().get_route_handler()

        async def handler(request: Request) -> Any:
            try:
                return await handle(request)
            except Refusal as refusal:
                _name_rows(refusal, getattr(request.state, "rows", []))
                raise

        return handler

    async def payload(self, request: Request) -> dict[str, Any]:
        """What the body says, in either form."""
        return await payload_of(request, {CSV: self._read})

    @staticmethod
    async def _read(request: Request, raw: bytes) -> dict[str, Any]:
        rows, points = await run_in_threadpool(points_of, raw)
        request.state.rows = rows
        return {"points": points}


def points_of(raw: bytes) -> tuple[list[int], list[dict[str, str]]]:
    """The points of a file as a payload has them, and the row of each. Raises `Malformed` or `Invalid`."""
    rows = _rows(_text(raw))
    _, header = next(rows, (1, []))
    names = _names(header)
    numbers: list[int] = []
    points: list[dict[str, str]] = []
    for number, fields in rows:
        if len(points) == MOST_POINTS:
            raise _refused("/points", number, f"is one too many: a file has at most {MOST_POINTS:,} points")
        if len(fields) != len(names):
            raise _refused(f"/points/{len(points)}", number, _miscounted(fields, len(names)))
        point = {
            name: field if name == "note" else field.strip()
            for name, field in zip(names, fields, strict=True)
            if name in (*NEEDED, *OPTIONAL)
        }
        if not point.get("note", "").strip():
            point.pop("note", None)
        numbers.append(number)
        points.append(point)
    if not points:
        raise _refused("/points", 1, "is all there is: below the header must be at least one point")
    return numbers, points


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = _last_row(raw[: error.start].decode("utf-8-sig"))
        reason = "is not UTF-8; save the file as CSV in UTF-8"
        fault = Fault("/points" if row == 1 else f"/points/{row - 2}", f"row {row} {reason}")
        raise Malformed(f"Row {row} {reason}.", faults=(fault,)) from None


def _last_row(text: str) -> int:
    """The number of the row that a text breaks off in."""
    reader, number = csv.reader(StringIO(text, newline="")), 0
    with suppress(csv.Error):
        for _ in reader:
            number += 1
    return max(1, number + text.endswith(("\n", "\r")))


def _rows(text: str) -> Iterator[Numbered]:
    """The rows that are not blank, numbered."""
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    number = points = 0
    while True:
        number += 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            fault = Fault("/points" if number == 1 else f"/points/{points - 1}", f"row {number}: {error}")
            raise Malformed(f"Row {number} cannot be read as CSV: {error}.", faults=(fault,)) from None
        if fields and any(field.strip() for field in fields):
            points += 1
            yield number, fields


def _names(header: list[str]) -> list[str]:
    """The columns. Raises `Invalid` if they are not what they must be."""
    if not header:
        raise _refused("/points", 1, f"is missing, the file is empty: {_HEADER}")
    names = [name.strip() for name in header]
    if len(names) == 1 and (separator := _separator(names[0])):
        raise _refused("/points", 1, f"is separated by {separator}; columns are separated by commas")
    if tuple(names) == COLUMNS:
        return names
    unknown = [name for name in names if name not in (*NEEDED, *OPTIONAL)]
    if unknown:
        raise _refused("/points", 1, f"has the unknown column {unknown[0][:50]!r}; {_HEADER}")
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise _refused("/points", 1, f"lacks the column {missing[0]!r}; {_HEADER}")
    doubled = [name for name in names if names.count(name) > 1]
    if doubled:
        raise _refused("/points", 1, f"has the column {doubled[0]!r} twice; {_HEADER}")
    return names


def _miscounted(fields: list[str], count: int) -> str:
    if len(fields) == 1 and (separator := _separator(fields[0])):
        return f"is separated by {separator}; columns are separated by commas"
    return f"has {len(fields)} field{'' if len(fields) == 1 else 's'} and not {count}, as the header has"


def _separator(text: str) -> str | None:
    return next((name for separator, name in _SEPARATORS.items() if separator in text), None)


def _refused(pointer: str, row: int, reason: str) -> Invalid:
    return Invalid(f"Row {row} {reason}.", faults=(Fault(pointer, f"row {row} {reason}"),))


def _name_rows(refusal: Refusal, rows: list[int]) -> None:
    """Names the row of each point at fault in the refusal's words."""
    faults = tuple(Fault(fault.pointer, _row(fault.pointer, rows) + fault.reason) for fault in refusal.faults)
    if faults != refusal.faults:
        refusal.detail = f"{faults[0].pointer.lstrip('/')}: {faults[0].reason}"
    refusal.faults = faults


def _row(pointer: str, rows: list[int]) -> str:
    found = _POINT.match(pointer)
    return f"row {rows[int(found[1])]}: " if found and int(found[1]) < len(rows) else ""
