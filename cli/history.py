"""Importing history files, restoring an exported ledger, and exporting one."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any, BinaryIO

import orjson

from api.runtime import Runtime
from api.settings import Settings
from cli.opening import catch_up, opened, seal
from cli.terminal import Step, answers, asides, print_json, progress
from domain.errors import Invalid
from ledger.export import export_ledger, export_people
from ledger.history_file import HISTORY, LEDGER, PEOPLE, HistoryFile, Line, LineNotTaken
from ledger.importing import import_history
from ledger.proofs.store import newest
from ledger.restoring import restore
from projections.sealing import seal_due


def import_files(
    given: Settings,
    files: Sequence[Path],
    *,
    keep_going: bool,
    refused: Path | None,
    people: Path | None,
    as_json: bool,
) -> bool:
    """Imports files, one after the other. Answers whether lines of any were refused. Raises a `Refusal`."""
    opened_files = [_opened(path, HISTORY, LEDGER) for path in files]
    persons = _opened(people, PEOPLE) if people is not None else None
    in_part = False
    with opened(given) as runtime:
        for path, file in zip(files, opened_files, strict=True):
            started = perf_counter()
            with progress() as step, _naming(path):
                if file.header.format == LEDGER:
                    summary = _restore(runtime, file, persons, step)
                else:
                    aside = _Aside(refused or Path(f"{path.stem}.refused.jsonl")) if keep_going else None
                    summary = _import(runtime, file, aside, step)
                summary["position"] = catch_up(runtime, step)
                if (unsealed := seal(runtime, step)) is not None:
                    asides().print(f"Not sealed yet: {unsealed}", markup=False, soft_wrap=True)
            summary = {"file": str(path), **summary, "seconds": round(perf_counter() - started, 3)}
            in_part = in_part or bool(summary.get("refused"))
            if as_json:
                print_json(summary)
            else:
                answers().print(_sentence(summary), markup=False, soft_wrap=True)
    return in_part


def _opened(path: Path, *formats: str) -> HistoryFile:
    with _naming(path):
        file = HistoryFile(path)
    if file.header.format not in formats:
        raise Invalid(f"{path} is {file.header.format}, not {' or '.join(formats)}.")
    return file


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """With several files, a line's number says little without the file's name."""
    try:
        yield
    except LineNotTaken as error:
        raise Invalid(f"{path}, {error.detail}", slug=error.slug, faults=error.faults) from None


class _Aside:
    """Where refused lines go: a file that is made when there is a first one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None

    def __call__(self, line: Line, why: LineNotTaken) -> None:
        if self._file is None:
            self._file = self.path.open("wb", buffering=0)
        told: dict[str, Any] = {
            "line": line.number,
            "reason": why.reason,
            "errors": [{"pointer": fault.pointer, "detail": fault.reason} for fault in why.faults],
            "refused": line.raw.decode(errors="replace").rstrip("\r\n"),
        }
        self._file.write(orjson.dumps(told) + b"\n")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _import(runtime: Runtime, file: HistoryFile, aside: _Aside | None, step: Step) -> dict[str, Any]:
    try:
        imported = import_history(runtime.ledger, file, step, aside)
    finally:
        if aside is not None:
            aside.close()
    catch_up(runtime, step)
    return {
        "format": file.header.format,
        "source": imported.source,
        "commands": imported.commands,
        "new": imported.new,
        "already_there": imported.already,
        "refused": imported.refused,
        "refused_file": str(aside.path) if aside is not None and imported.refused else None,
        "events": imported.events,
        "seals": seal_due(runtime.ledger, runtime.books),
    }


def _restore(runtime: Runtime, file: HistoryFile, people: HistoryFile | None, step: Step) -> dict[str, Any]:
    restored = restore(runtime.recorder, file, people, step)
    return {
        "format": file.header.format,
        "events": restored.events,
        "already_there": restored.already,
        "people": restored.people,
    }


def _sentence(summary: dict[str, Any]) -> str:
    took = f"in {summary['seconds']:.1f} s"
    if summary["format"] != HISTORY:
        already = f", {summary['already_there']:,} were there already" if summary["already_there"] else ""
        return (
            f"{summary['file']}: {summary['events']:,} events and {summary['people']:,} people "
            f"restored {took}{already}."
        )
    parts = [f"{summary['new']:,} of {summary['commands']:,} commands made {summary['events']:,} events {took}"]
    if summary["already_there"]:
        parts.append(f"{summary['already_there']:,} were there already")
    if summary["refused"]:
        parts.append(f"{summary['refused']:,} were refused, see {summary['refused_file']}")
    if summary["seals"]:
        parts.append(f"{summary['seals']:,} {'closes were' if summary['seals'] > 1 else 'close was'} sealed")
    return f"{summary['file']}: {'; '.join(parts)}."


def export(given: Settings, out: Path | None, people: Path | None) -> None:
    """Writes the ledger out, and the people if wanted. Files appear whole or not at all."""
    with opened(given) as runtime, progress() as step:
        unsealed = seal(runtime, step)
        with runtime.database.connection() as connection:
            checkpoint = newest(connection)
        head = runtime.recorder.head().position
        note: str | None = None
        if unsealed is not None or checkpoint is None:
            asides().print(f"Exported without a proof: {unsealed}", markup=False, soft_wrap=True)
        elif checkpoint.size:
            head, note = checkpoint.size, checkpoint.note
        lines = _counted(export_ledger(runtime.recorder, head, note), head, step if out is not None else None)
        if out is None:
            for line in lines:
                sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
        else:
            _write(out, lines, 0o666)
        if people is not None:
            # Names and addresses are for whoever may see them, which is not for us to say.
            _write(people, export_people(runtime.recorder), 0o600)
    if out is not None:
        asides().print(f"{head:,} events were written to {out}.", markup=False, soft_wrap=True)


def _counted(lines: Iterable[bytes], of: int, step: Step | None) -> Iterator[bytes]:
    for count, line in enumerate(lines):
        if step is not None and count % 1_000 == 0:
            step("Exporting", count, of)
        yield line


def _write(path: Path, lines: Iterable[bytes], mode: int) -> None:
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(aside, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
