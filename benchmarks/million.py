"""A history file of a million commands through `quarterdeck import`: how fast, and in how much memory.

The file is written line by line into the folder of the run, and read by the program as anybody would call it, twice:
the second time nothing is new. No server runs beside it: the program makes the books itself, by a rebuild where they
are so far behind, and that counts. What the file holds is counted in the ledger.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

import orjson
import psycopg

from benchmarks.measuring import Figure
from benchmarks.server import Server
from benchmarks.side_by_side.memory import megabytes
from benchmarks.side_by_side.story import (
    BASELINE,
    TARGET,
    CheckInFact,
    CycleFact,
    Fact,
    KeyResultFact,
    ObjectiveFact,
    Story,
)
from ledger.database import Database
from ledger.migrations import migrate

_COUNT = "SELECT count(*) FROM quarterdeck.events WHERE type <> 'member.registered'"


def figures(server: Server, commands: int) -> Iterator[Figure]:
    """The figures of this page, for about so many commands."""
    story = Story.of(commands)
    with tempfile.TemporaryDirectory(prefix="quarterdeck-million-") as folder:
        path, url = Path(folder) / "story.history.jsonl", server.database()
        migrate(Database(url))
        with path.open("wb") as file:
            file.write(b'{"quarterdeck":"history/1","source":"story"}\n')
            file.writelines(orjson.dumps(line) + b"\n" for fact in story.facts() for line in _lines(fact))
        for when in ("", ", again"):
            took, most = _import(path, url, Path(folder))
            with psycopg.connect(url) as connection:
                (count,) = connection.execute(_COUNT).fetchone() or (0,)
            if count != story.events:
                raise AssertionError(f"the file has {story.events} commands, the ledger {count} of their events")
            what = f"quarterdeck import of {story.events:,} commands{when}"
            yield Figure(what, story.events / took, "a second")
            yield Figure(f"{what}: memory", most, "MB", less=True)


def _import(path: Path, url: str, folder: Path) -> tuple[float, float]:
    """Seconds, and the most megabytes of the program at any moment that was looked at, PostgreSQL apart."""
    command = [Path(sys.executable).with_name("quarterdeck"), "import", path, "--database-url", url]
    log, started, most = folder / "log", perf_counter(), 0.0
    with log.open("wb") as out, subprocess.Popen([*command, "--data", folder], stdout=out, stderr=out) as process:
        while process.poll() is None:
            most = max(most, megabytes(process.pid))
            sleep(0.2)
    if process.returncode:
        raise AssertionError(f"quarterdeck import ended with {process.returncode}: {log.read_text()[-2000:]}")
    return perf_counter() - started, most


def _lines(fact: Fact) -> Iterator[dict[str, Any]]:
    said: dict[str, Any] = {"at": fact.at.isoformat(), "actor": "ada"}
    match fact:
        case CycleFact():
            dates = {"starts_on": fact.starts_on, "ends_on": fact.ends_on}
            yield said | {"command": "plan_cycle", "id": str(fact.id), "label": fact.label, "kind": "quarter", **dates}
            yield said | {"command": "open_cycle", "cycle": fact.label}
        case ObjectiveFact():
            cycle = str(fact.cycle)
            yield said | {"command": "set_objective", "id": str(fact.id), "cycle": cycle, "title": fact.title}
        case KeyResultFact():
            measure = {"type": "metric", "baseline": BASELINE, "target": TARGET}
            about = {"id": str(fact.id), "objective": str(fact.objective), "title": fact.title}
            yield said | {"command": "add_key_result", **about, "measure": measure}
        case CheckInFact():
            yield said | {"command": "check_in", "key_result": str(fact.key_result), "value": fact.value}
