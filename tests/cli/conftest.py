"""The program in this process: `quarterdeck("board", "2026-Q1")` answers what it printed and how it ended."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from api.settings import Settings
from cli.history import import_files
from cli.main import main
from tests.history.conftest import written
from tests.history.lines import GOALS, check_in, line
from tests.support.postgres import Postgres


@dataclass(frozen=True)
class Ended:
    """A command that ended: its exit code, what it answered, and what it said besides."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.code in (0, 1, 3), self
        return json.loads(self.out, parse_float=Decimal)


Quarterdeck = Callable[..., Ended]


@pytest.fixture
def program(capfdbinary: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Quarterdeck:
    """The program, in a folder and an environment of its own, without a database."""
    for name in ("DATABASE_URL", "DATA", "SCHEMA", "HOST", "PORT", "ADMIN_KEY"):
        monkeypatch.delenv(f"QUARTERDECK_{name}", raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> Ended:
        capfdbinary.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        out, err = capfdbinary.readouterr()
        code = ended.value.code
        return Ended(code if isinstance(code, int) else 0, out.decode(), err.decode())

    return run


@pytest.fixture
def quarterdeck(program: Quarterdeck, monkeypatch: pytest.MonkeyPatch, database_url: str) -> Quarterdeck:
    """The program, on an empty ledger."""
    monkeypatch.setenv("QUARTERDECK_DATABASE_URL", database_url)
    return program


@contextmanager
def ledger_of(postgres: Postgres, folder: Path, *histories: Sequence[Any]) -> Iterator[str]:
    """The URL of a ledger with these histories in it, for tests that only read it."""
    name = postgres.migrated_database()
    for lines in histories:
        given, path = Settings(postgres.url_of(name), data=folder), written(folder / "some.history.jsonl", *lines)
        assert not import_files(given, [path], keep_going=False, refused=None, people=None, as_json=True)
    yield postgres.url_of(name)
    postgres.drop(name)


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A cycle that is open, with a goal that has come two fifths of the way."""
    lines = (*GOALS, line("open_cycle", cycle="2026-Q1"), check_in(id="monday", note="a good week"))
    return written(tmp_path / "some.history.jsonl", *lines)


@pytest.fixture
def filled(quarterdeck: Quarterdeck, history: Path) -> Quarterdeck:
    """The program, on a ledger with that history."""
    assert quarterdeck("import", history).code == 0
    return quarterdeck


def refused(ended: Ended, *words: str) -> None:
    """It ended with one clear line, and without having answered anything."""
    assert (ended.code, ended.out) == (1, ""), ended
    assert ended.err.startswith("quarterdeck: ") and ended.err.count("\n") == 1, ended
    for word in words:
        assert word in ended.err
