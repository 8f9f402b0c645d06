"""Proofs in the terminal: verifying a ledger or an export, writing checkpoints out, replacing the signing key."""

import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from api.settings import Settings
from cli.opening import catch_up, opened, seal
from cli.terminal import answers, asides, clean, print_json, progress
from domain.catalogue import EVENTS
from domain.errors import Invalid, NotFound
from ledger.errors import TreeBroken
from ledger.mapper import EventMapper
from ledger.proofs import store
from ledger.proofs.auditing import Found
from ledger.proofs.exports import verify_export
from ledger.proofs.notes import BadNote, Checkpoint, Verifier, verifiers
from ledger.proofs.sealer import rotate
from projections.verifying import Live


def verify_file(export: Path, keys: Sequence[str], anchors: Sequence[Path], *, as_json: bool) -> bool:
    """Verifies an export, with nothing but it and keys. Answers whether it holds."""
    trusted, older = _keys(keys), _checkpoints(anchors)
    started, found = perf_counter(), None
    told: dict[str, Any] = {"events": 0, "checkpoints": 0}
    with progress() as step:
        try:
            proven = verify_export(export, trusted, older, EventMapper(EVENTS), step)
            told = {"events": proven.events, "checkpoints": proven.checkpoints, "origin": proven.origin}
        except Found as error:
            found = error
    told["seconds"] = round(perf_counter() - started, 3)
    words = (
        "{events:,} events are what {origin} has signed; checkpoints that agree: {checkpoints:,} "
        "({seconds:.1f} s). The scores that follow from them: import the file, and verify that."
    )
    return _told({"export": str(export)} | told, found, words, as_json=as_json)


def verify_live(given: Settings, keys: Sequence[str], anchors: Sequence[Path], *, as_json: bool) -> bool:
    """Verifies the ledger, and the books made of it. Answers whether all of it holds."""
    trusted, older = _keys(keys), _checkpoints(anchors)
    started, found = perf_counter(), None
    told: dict[str, Any] = {"events": 0, "sealed": 0, "checkpoints": 0, "seals": 0, "rows": 0}
    with opened(given) as runtime, progress() as step:
        unsealed = seal(runtime, step)
        try:
            live = Live(runtime.database, runtime.recorder, runtime.books, older, trusted)
            verified = live.verified
            try:
                live.events(step)
                catch_up(runtime, step)
                live.seals(step)
                live.books(step)
            finally:
                told = {name: getattr(verified, name) for name in told} | {"books": verified.books}
        except Found as error:
            found = error
    if found is None and isinstance(unsealed, TreeBroken):
        found = Found("sealer", None, str(unsealed))
    elif unsealed is not None:
        asides().print(f"Not all is sealed: {unsealed}", markup=False, soft_wrap=True)
    told["seconds"] = round(perf_counter() - started, 3)
    words = (
        "{sealed:,} of {events:,} events are what was signed; checkpoints that agree: {checkpoints:,}; "
        "seals that follow from them: {seals:,}; rows of the books: {rows:,} ({seconds:.1f} s)."
    )
    return _told(told, found, words, as_json=as_json)


def write_checkpoint(given: Settings, out: Path | None, *, as_json: bool) -> None:
    """Writes the newest checkpoint. Raises `NotFound` if there is none."""
    with opened(given) as runtime, progress() as step:
        unsealed = seal(runtime, step)
        with runtime.database.connection() as connection:
            newest = store.newest(connection)
    if unsealed is not None:
        asides().print(f"Not the newest that there could be: {unsealed}", markup=False, soft_wrap=True)
    if newest is None:
        raise NotFound("Nothing was sealed yet.")
    if out is not None:
        out.write_bytes(newest.note.encode())
    if as_json:
        print_json(_shown(newest) | {"file": None if out is None else str(out)})
    elif out is None:
        sys.stdout.buffer.write(newest.note.encode())
        sys.stdout.buffer.flush()
    else:
        asides().print(f"The checkpoint of {newest.size:,} events was written to {out}.", markup=False, soft_wrap=True)


def rotate_key(given: Settings, *, as_json: bool) -> None:
    """Replaces the signing key, and prints the verifier key of the new one."""
    with opened(given) as runtime:
        signer = rotate(runtime.database, runtime.signing)
        with runtime.database.connection() as connection:
            before = [str(each) for each in store.verifier_keys(connection) if each.name != signer.name]
    if as_json:
        print_json({"key": str(signer.verifier), "before": before})
    else:
        answers().print(
            f"{signer.verifier}\n\nCheckpoints are signed with this key from now on. Tell whoever checks them.",
            soft_wrap=True,
        )


def show_verifier_keys(given: Settings, *, as_json: bool) -> None:
    """Prints the verifier keys, the current one first."""
    with opened(given) as runtime, progress() as step:
        seal(runtime, step)  # a new ledger has none before
        with runtime.database.connection() as connection:
            keys = [str(each) for each in store.verifier_keys(connection)]
    if as_json:
        print_json({"keys": keys})
    else:
        sys.stdout.write("".join(f"{key}\n" for key in keys))


def _shown(checkpoint: Checkpoint) -> dict[str, Any]:
    return {
        "position": checkpoint.size,
        "root": checkpoint.root.hex(),
        "origin": checkpoint.origin,
        "checkpoint": checkpoint.note,
    }


def _keys(given: Sequence[str]) -> list[Verifier]:
    """The keys that are given, each in words or in a file. Raises `Invalid` or `OSError`."""
    found: list[Verifier] = []
    for each in given:
        try:
            found += verifiers(each if "+" in each and not Path(each).is_file() else Path(each).read_text("utf-8"))
        except (BadNote, UnicodeDecodeError) as error:
            raise Invalid(f"--public-key: {error}") from None
    return found


def _checkpoints(paths: Sequence[Path]) -> list[Checkpoint]:
    """The checkpoints in files. Raises `Invalid` or `OSError`."""
    found = []
    for path in paths:
        try:
            found.append(Checkpoint.parse(path.read_bytes().decode()))
        except (BadNote, UnicodeDecodeError) as error:
            raise Invalid(f"{path}: {error}") from None
    return found


def _told(told: dict[str, Any], found: Found | None, words: str, *, as_json: bool) -> bool:
    if as_json:
        failure = None if found is None else {"check": found.check, "position": found.position, "detail": found.detail}
        print_json({"verified": found is None} | told | {"failure": failure})
    elif found is None:
        answers().print(f"Verified: {words.format_map(told)}", markup=False, soft_wrap=True)
    else:
        answers().print(f"NOT verified, {found.check}: {clean(str(found))}", markup=False, soft_wrap=True)
    return found is None
