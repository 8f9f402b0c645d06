"""From flags to an open ledger, and from what may go wrong on the way to a line that says so."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from api.runtime import Runtime, running
from api.setting_errors import SettingsError
from api.settings import Settings
from cli.terminal import Step
from domain.errors import NotReady, Refusal
from ledger.errors import LedgerError
from projections.rebuild import RebuildFailed

ACTOR = uuid5(NAMESPACE_URL, "quarterdeck:command-line")
"""Who is named as the author of what is done here: whoever may run this program on this ledger."""

_STUCK = 30.0
"""Seconds without any progress after which the books count as stuck."""


def settings(
    database_url: str | None,
    data: Path | None,
    schema: str | None,
    host: str | None = None,
    port: int | None = None,
    log: str | None = None,
    processes: int | None = None,
) -> Settings:
    """The environment's settings, with flags before them. Raises `SettingsError`."""
    flags: dict[str, Any] = {"database_url": database_url, "data": data, "schema": schema}
    flags |= {"host": host, "port": port, "log": log, "processes": processes}
    given = {name: value for name, value in flags.items() if value is not None}
    return replace(Settings.from_env(os.environ), **given)


@contextmanager
def opened(given: Settings) -> Iterator[Runtime]:
    """The ledger of the settings, ready for work, beside a running server or without one."""
    _hush()
    with running(given) as runtime:
        yield runtime


def catch_up(runtime: Runtime, step: Step) -> int:
    """Waits until the books have all that is recorded now: ours, or a running server's, whoever is quicker.

    Answers the position. Raises `NotReady` if they do not get on.
    """
    head, patience, before = runtime.recorder.head().position, _STUCK, -1
    while True:
        try:
            runtime.books.wait_for(head, timeout=0.25)
            return head
        except NotReady:
            now = runtime.books.position()
            patience = _STUCK if now > before else patience - 0.25
            before = now
            if patience <= 0:
                raise
            step("Bringing the books up to date", now, head)


def seal(runtime: Runtime, step: Step) -> Exception | None:
    """Has the tree catch up with the ledger: our sealer, or a running server's. Answers why not, if it cannot be."""
    try:
        runtime.sealer.catch_up(progress=lambda done, of: step("Sealing", done, of))
    except (LedgerError, NotReady) as error:
        return error
    return None


def explained(error: Exception) -> str | None:
    """One line for an error that its user can do something about; `None` for our own mistakes."""
    if isinstance(error, Refusal):
        return _one_line(error.detail)
    if isinstance(error, LedgerError | SettingsError | RebuildFailed):
        return _one_line(str(error))
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return None


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _hush() -> None:
    """What goes wrong is told once, by the command; the libraries' own remarks would only be in the way."""
    logging.basicConfig(level=logging.ERROR, format="%(message)s")
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
