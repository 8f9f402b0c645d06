"""A ledger with the real domain, and history files for it."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from domain.catalogue import EVENTS
from ledger.application import Ledger
from ledger.database import Database
from ledger.history_file import HistoryFile, LineNotTaken
from ledger.importing import Imported, import_history
from ledger.mapper import EventMapper
from ledger.recorder import LedgerRecorder
from tests.support.postgres import Postgres

HEADER = {"quarterdeck": "history/1", "source": "elsewhere"}


def written(path: Path, *lines: Any, header: Any = HEADER) -> Path:
    raw = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in (header, *lines)]
    path.write_bytes(b"\n".join(raw) + b"\n")
    return path


@pytest.fixture
def recorder(database: Database) -> Iterator[LedgerRecorder]:
    recorder = LedgerRecorder(database, EventMapper(EVENTS))
    yield recorder
    recorder.close()


@pytest.fixture
def ledger(recorder: LedgerRecorder) -> Ledger:
    return Ledger(recorder)


@contextmanager
def another_ledger(postgres: Postgres) -> Iterator[LedgerRecorder]:
    name = postgres.migrated_database()
    with Database(postgres.url_of(name)) as database:
        recorder = LedgerRecorder(database, EventMapper(EVENTS))
        yield recorder
        recorder.close()
    postgres.drop(name)


@pytest.fixture
def empty(postgres: Postgres) -> Iterator[LedgerRecorder]:
    """A recorder on another ledger, which is empty."""
    with another_ledger(postgres) as recorder:
        yield recorder


@pytest.fixture(scope="module")
def untouched(postgres: Postgres) -> Iterator[LedgerRecorder]:
    """A recorder on a ledger that many tests share, since nothing of theirs is ever taken."""
    with another_ledger(postgres) as recorder:
        yield recorder


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file of lines: bytes as they are, anything else as JSON."""

    return partial(written, tmp_path / "some.history.jsonl")


@pytest.fixture
def take(ledger: Ledger, write) -> Callable[..., Imported]:
    """Imports lines, all or nothing."""

    def take(*lines: Any, **options: Any) -> Imported:
        return import_history(ledger, HistoryFile(write(*lines, **options)), lambda *_: None)

    return take


@pytest.fixture
def take_what_can_be(ledger: Ledger, write) -> Callable[..., tuple[Imported, list[LineNotTaken]]]:
    """Imports lines one and all, and answers those that were refused too."""

    def take(*lines: Any, **options: Any) -> tuple[Imported, list[LineNotTaken]]:
        refused: list[LineNotTaken] = []
        file = HistoryFile(write(*lines, **options))
        return import_history(ledger, file, lambda *_: None, lambda _, why: refused.append(why)), refused

    return take
