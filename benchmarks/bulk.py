"""A large history file: how quickly it comes in, how much memory that takes, and how long others wait meanwhile.

In a process of its own, which has nothing else in it; `python -m benchmarks.bulk LINES` is that process.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

from api.runtime import running
from api.settings import Settings
from benchmarks.measuring import Figure
from ledger.history_file import HistoryFile
from ledger.importing import import_history

_AT = "2026-02-02T16:00:00Z"
_QUARTER = {"kind": "quarter", "starts_on": "2026-01-01", "ends_on": "2026-03-31"}
_METRIC = {"type": "metric", "baseline": 0, "target": 100}


def figures(lines: int) -> Iterator[Figure]:
    """The figures of this page, for a file of so many lines. On Linux, which tells the memory of a process."""
    command = [sys.executable, "-m", "benchmarks.bulk", str(lines)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    yield Figure(f"import of {lines:,} lines", lines / told["seconds"], "a second")
    yield Figure(f"import of {lines:,} lines: others wait", told["recording"], "s", less=True)
    yield Figure(f"import of {lines:,} lines: memory it takes", told["megabytes"], "MB", less=True)


def written(path: Path, lines: int) -> Path:
    """A file of so many lines after the header: a key result for every twenty check-ins, fifty to an objective."""
    with path.open("w") as file:
        for line in ({"quarterdeck": "history/1", "source": "bulk"}, *_goals(), *_statements(lines - 51)):
            file.write(json.dumps(line) + "\n")
    return path


def _goals() -> Iterator[dict[str, Any]]:
    yield _line("plan_cycle", at="2026-01-05T09:00:00Z", id="q1", label="2026-Q1", **_QUARTER)
    for n in range(50):
        yield _line("set_objective", at="2026-01-05T09:00:00Z", id=f"o{n}", cycle="q1", title=f"objective {n}")


def _statements(count: int) -> Iterator[dict[str, Any]]:
    for n in range(count):
        name = f"k{n // 20}"
        if n % 20 == 0:
            yield _line("add_key_result", id=name, objective=f"o{n // 20 % 50}", title=name, measure=_METRIC)
        else:
            yield _line("check_in", actor=f"p{n % 40}", key_result=name, value=n % 100, note=f"note {n}")


def _line(command: str, **fields: Any) -> dict[str, Any]:
    return {"at": _AT, "actor": "ada", "command": command} | fields


def _measured(lines: int) -> dict[str, float]:
    began: dict[str, float] = {}

    def progress(what: str, *_: Any) -> None:
        began.setdefault(what, perf_counter())

    with tempfile.TemporaryDirectory() as folder:
        file = HistoryFile(written(Path(folder) / "bulk.history.jsonl", lines))
        with running(Settings(data=Path(folder) / "data")) as runtime:
            runtime.projector.stop()
            before, started = _peak(), perf_counter()
            import_history(runtime.ledger, file, progress)
            ended = perf_counter()
            took = {"seconds": ended - started, "recording": ended - began["Recording"]}
            return took | {"megabytes": _peak() - before}


def _peak() -> float:
    """Of this process, in MB: what Linux counts anew for each program, unlike `ru_maxrss`."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1_000


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_measured(int(sys.argv[1]))))
