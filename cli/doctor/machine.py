"""What can be looked at without a database: settings, versions, the data folder and its keys."""

import os
import platform
import shutil
import stat
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields
from importlib.metadata import version
from pathlib import Path

from api.credentials import ADMIN_FILE
from api.settings import Settings
from cli.doctor.findings import Finding, broken, doubtful, size, well
from ledger.proofs.keys import KEY_FILE

LITTLE, TOO_LITTLE = 1_000_000_000, 100_000_000
"""Bytes of free space: fewer deserve a look, and with still fewer PostgreSQL is about to stop."""


def settings(given: Settings, flags: Collection[str], env: Mapping[str, str]) -> Iterator[Finding]:
    """Each setting and where it comes from. Of secrets, only that they are given."""
    for field in fields(Settings):
        value = getattr(given, field.name)
        variable = f"QUARTERDECK_{field.name.upper()}"
        if field.name in flags:
            source = "a flag"
        elif env.get(variable, "").strip():
            source = variable
        else:
            source = "the default" if value == field.default else "the environment"
        shown = "given, not shown" if value is not None and not field.repr else value
        if value is None:
            shown = "not set"
        yield well(f"setting {field.name}", f"{shown} (from {source})", value=str(shown), source=source)


def versions() -> Iterator[Finding]:
    """What runs here."""
    program, python = version("quarterdeck"), platform.python_version()
    yield well("program", f"Quarterdeck {program} on Python {python}.", quarterdeck=program, python=python)


def folder(data: Path) -> Iterator[Finding]:
    """The data folder: whether it can be used, how much room there is, and who can read the keys in it."""
    if not data.exists():
        yield well("data folder", f"{data} is not there yet; the first start makes it.")
        return
    if not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        yield broken("data folder", f"{data} cannot be written.", "Give it to the user that the server runs as.")
    else:
        yield well("data folder", f"{data} can be written.")
    yield _room(data)
    for name, what in ((KEY_FILE, "signing key"), (ADMIN_FILE, "admin's key")):
        if (data / name).exists():
            yield _private(data / name, what)


def _room(data: Path) -> Finding:
    disk = shutil.disk_usage(data)
    said = f"{size(disk.free)} of {size(disk.total)} are free where {data} is."
    advice = "Make room before PostgreSQL runs out of it: it stops then, and what it has acknowledged stays."
    if disk.free < TOO_LITTLE:
        return broken("disk", said, advice, free=disk.free, total=disk.total)
    if disk.free < LITTLE:
        return doubtful("disk", said, advice, free=disk.free, total=disk.total)
    return well("disk", said, free=disk.free, total=disk.total)


def _private(file: Path, what: str) -> Finding:
    """A key is for its owner alone."""
    about, found = what, file.stat()
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o077:
        remedy = "quarterdeck keys rotate-signing" if file.name == KEY_FILE else "quarterdeck keys revoke"
        return broken(
            about,
            f"{file} can be used by others than its owner (mode {mode:04o}).",
            f"chmod 600 {file}; and if somebody may have read it, replace it: {remedy}.",
            mode=f"{mode:04o}",
        )
    if found.st_uid != os.geteuid():
        return doubtful(
            about,
            f"{file} belongs to another user than the one who asks.",
            "Run the doctor as the user that the server runs as; if you did, give the file to it.",
        )
    return well(about, f"{file} is for its owner alone.", mode=f"{mode:04o}")
