"""The check of an export that carries its proof: it needs nothing but the file and a public key.

    {"quarterdeck": "ledger/1", "checkpoint": "quarterdeck/…"}     the header, with a signed note
    {"position": 1, …, "leaf_hash": "…"}                           an event a line, with the hash of its leaf

The leaf hashes prove nothing by themselves. If they lead to the signed root, they tell which event was changed.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from domain.errors import Refusal
from ledger.export import event_line, header_line
from ledger.exported import read_stored
from ledger.history_file import LONGEST_LINE, reason_of
from ledger.mapper import EventMapper
from ledger.proofs.auditing import Audit, Found, trusted
from ledger.proofs.leaf import NoLeaf
from ledger.proofs.notes import BadNote, Checkpoint, Verifier
from ledger.proofs.tree import root_of

_LEAF_HASH = re.compile(rb'"leaf_hash":"([0-9a-f]{64})"}\n\Z')
Progress = Any


@dataclass(slots=True)
class Proven:
    """What was found to be true of an export."""

    events: int
    checkpoints: int
    origin: str


@dataclass(slots=True)
class _Carried:
    """The proof that a file carries: a checkpoint, and the leaf hashes as its lines have them, if all have one."""

    checkpoints: list[Checkpoint]
    hashes: list[bytes]


def verify_export(
    path: Path, verifiers: Sequence[Verifier], anchors: Sequence[Checkpoint], mapper: EventMapper, progress: Progress
) -> Proven:
    """Checks an export against keys, and against older checkpoints. Raises `Found`, or `OSError`."""
    carried = _carried(path)
    checkpoints = trusted([*carried.checkpoints, *anchors], verifiers)
    if not checkpoints:
        raise Found("checkpoint", None, "there is no checkpoint, in the file or given: it may have been cut short")
    newest = checkpoints[-1]
    is_known = len(carried.hashes) >= newest.size and root_of(carried.hashes[: newest.size]) == newest.root
    audit, due = Audit(mapper), list(reversed(checkpoints))
    for stored in _events(path, audit, is_known=is_known):
        while due and due[-1].size == audit.tree.size:
            audit.hold(due.pop())
        position = audit.tree.size
        audit.take(stored, carried.hashes[position] if is_known and position < newest.size else None)
        if position % 1_000 == 0:
            progress("Checking", position, newest.size)
    while due and due[-1].size == audit.tree.size:
        audit.hold(due.pop())
    audit.finish(due[:1])
    if audit.covered < audit.tree.size:
        raise Found("checkpoint", audit.covered + 1, "no checkpoint covers the events from here on")
    return Proven(audit.tree.size, audit.checkpoints, newest.origin)


def _events(path: Path, audit: Audit, *, is_known: bool) -> Iterator[Any]:
    """The events as they would be stored, each as an export writes it to the last byte. Raises `Found`."""
    with path.open("rb") as file:
        for raw in _lines(file):
            position = audit.tree.size + 1
            try:
                fields = orjson.loads(raw)
            except orjson.JSONDecodeError:
                raise Found("form", position, "the line is not JSON; it was changed, or cut short") from None
            try:
                stored = read_stored(fields if isinstance(fields, dict) else {})
                written = event_line(stored)
            except Refusal as refusal:
                raise Found("form", position, reason_of(refusal)) from None
            except NoLeaf as error:
                raise Found("form", position, f"the event {error}") from None
            # If the file's hashes lead to the signed root, an event that has another was changed: the audit says so.
            if written[:_BEFORE_HASH] != raw[:_BEFORE_HASH] or not _LEAF_HASH.search(raw):
                raise Found("form", position, "the line is not written as an export writes it")
            if written != raw and not is_known:
                raise Found("form", position, "the leaf hash in the line is not the event's")
            yield stored


_BEFORE_HASH = -len(b'"leaf_hash":""}\n') - 64


def _carried(path: Path) -> _Carried:
    with path.open("rb") as file:
        checkpoints = [_checkpoint(file.readline(LONGEST_LINE + 2))]
        file.seek(0)
        found = [_LEAF_HASH.search(raw) for raw in _lines(file)]
    hashes = [bytes.fromhex(one[1].decode()) for one in found if one is not None]
    return _Carried([one for one in checkpoints if one is not None], hashes if len(hashes) == len(found) else [])


def _checkpoint(header: bytes) -> Checkpoint | None:
    """The checkpoint in the first line, if there is one. Raises `Found`."""
    try:
        note = orjson.loads(header).get("checkpoint")
        checkpoint = Checkpoint.parse(note) if isinstance(note, str) else None
        if header_line(note) == header:
            return checkpoint
        raise ValueError("it is not written as an export writes it")
    except (ValueError, AttributeError, BadNote) as error:
        raise Found("form", None, f"the file does not begin as an export does: {error}") from None


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines after the header. Raises `Found` for a line without an end."""
    file.readline(LONGEST_LINE + 2)
    for number, raw in enumerate(iter(lambda: file.readline(LONGEST_LINE + 2), b""), 2):
        if not raw.endswith(b"\n"):
            raise Found("form", None, f"line {number} has no end: the file was cut short")
        yield raw
