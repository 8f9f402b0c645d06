"""A history file's lines (contract, section 7): where they begin and end, and what makes a line a line.

Two kinds of file begin with a header that names what follows: `history/1`, commands from somewhere else, and
`ledger/1`, the events of an exported ledger. Both are JSON Lines, read one line at a time, so a file may be
larger than memory. What a line means is for `ledger.translation` and `ledger.restoring`.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import TypeAdapter, ValidationError

from domain.errors import Fault, Invalid, Refusal
from domain.values import Label
from ledger import exact_json
from ledger.payloads import reason

HISTORY, LEDGER, PEOPLE = "history/1", "ledger/1", "people/1"
LONGEST_LINE = 5_000_000
"""Bytes, as of a request's body."""

_LABEL: TypeAdapter[str] = TypeAdapter(Label)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class LineNotTaken(Invalid):
    """A line of a file that cannot be taken. `reason`: what is wrong; `faults`: the fields at fault."""

    def __init__(self, line: int, refusal: Refusal) -> None:
        self.line = line
        self.reason = reason_of(refusal)
        super().__init__(f"line {line}: {self.reason}", slug=refusal.slug, faults=refusal.faults)


def reason_of(refusal: Refusal) -> str:
    """Names the fields by their pointers; of a rule that was broken, says what the rule says."""
    faults = [fault for fault in refusal.faults if fault.pointer]
    if not faults or refusal.status == 409:
        return refusal.detail
    return "; ".join(f"{fault.pointer}: {fault.reason}" for fault in faults)


def at_fault(pointer: str, reason: str) -> Invalid:
    """A refusal of one field of a line; of the whole line if the pointer is empty."""
    return Invalid(reason, faults=(Fault(pointer, reason),))


@dataclass(frozen=True, slots=True)
class Header:
    """The first line. `source`: whose ids these are; only a history has one."""

    format: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line after the header, not yet parsed."""

    number: int
    raw: bytes

    def fields(self) -> dict[str, Any]:
        """What stands in the line. Raises `LineNotTaken`."""
        try:
            return _object(self.raw)
        except Refusal as refusal:
            raise LineNotTaken(self.number, refusal) from None


class HistoryFile:
    """A file to be gone through, more than once. Raises `LineNotTaken` for a bad header, or `OSError`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            self.header = _header(file)
        self.bytes = path.stat().st_size

    def lines(self) -> Iterator[Line]:
        """The lines after the header. Blank ones at the end are none; others are, and cannot be parsed."""
        blank: list[Line] = []
        with self.path.open("rb") as file:
            _read(file)
            number = 1
            while raw := _read(file):
                number += 1
                line = Line(number, raw)
                if not raw.strip():
                    blank.append(line)
                    continue
                yield from blank
                blank.clear()
                yield line


def _read(file: BinaryIO) -> bytes:
    """The next line, its end included; of one that is too long, no more than shows that."""
    line = read = file.readline(LONGEST_LINE + 1)
    while len(read) > LONGEST_LINE and not read.endswith(b"\n"):
        read = file.readline(LONGEST_LINE + 1)
    return line


def _object(raw: bytes) -> dict[str, Any]:
    if len(raw) > LONGEST_LINE:
        raise at_fault("", f"is longer than {LONGEST_LINE:,} bytes")
    if not raw.strip():
        raise at_fault("", "is blank, where a line is needed")
    try:
        value = exact_json.parse(raw)
    except ValueError as error:
        raise at_fault("", str(error)) from None
    if not isinstance(value, dict):
        raise at_fault("", "is not a JSON object")
    return value


def _header(file: BinaryIO) -> Header:
    try:
        return _read_header(_object(_read(file).removeprefix(_BYTE_ORDER_MARK)))
    except Refusal as refusal:
        raise LineNotTaken(1, refusal) from None


def _read_header(given: dict[str, Any]) -> Header:
    format = given.pop("quarterdeck", None)
    if format not in (HISTORY, LEDGER, PEOPLE):
        wanted = f'must be "{HISTORY}" or "{LEDGER}", as in {{"quarterdeck": "{HISTORY}", "source": "NAME"}}'
        raise at_fault("/quarterdeck", wanted)
    source = label("/source", given.pop("source", None)) if format == HISTORY else ""
    if source == "http":
        raise at_fault("/source", "is the name of what comes over HTTP; give the file's own")
    if format == LEDGER:
        given.pop("checkpoint", None)  # for whoever checks the export: ledger.proofs.exports
    for name in given:
        raise at_fault(f"/{name}", "does not belong in a header")
    return Header(format, source)


def label(pointer: str, value: Any) -> str:
    """A name of the source's own, such as an id. Raises `Invalid`."""
    if value is None:
        raise at_fault(pointer, "is missing")
    try:
        return _LABEL.validate_python(value)
    except ValidationError as error:
        raise at_fault(pointer, reason(error.errors()[0]["msg"])) from None


def digest(fields: Mapping[str, Any]) -> bytes:
    """What two lines that say the same have in common, however they are spaced and their fields ordered."""
    canonical = json.dumps(dict(fields), sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).digest()
