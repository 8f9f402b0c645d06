"""From `quarterdeck serve` to its first “ready”, PostgreSQL's start included, after a clean stop; and that stop."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, perf_counter, sleep

from benchmarks.server import ADMIN_KEY
from benchmarks.side_by_side.bench import Bench
from benchmarks.side_by_side.measure import Figure, Goal, Round
from benchmarks.side_by_side.processes import answers, free_port

_PATIENCE = 300


def figures(bench: Bench) -> Iterator[Figure]:
    """The figures of this page. All stages end: nobody may be connected."""
    events = bench.large.story.events
    bench.close()
    bench.postgres.pause()
    try:
        starts, stops = zip(*(_once(bench.postgres.folder) for _ in range(max(3, bench.effort.rounds))), strict=True)
    finally:
        bench.postgres.resume()
    goals = [Goal("seconds", "ours", 3)]
    yield Figure(f"start to ready, {events:,} events", "s", {"ours": starts}, less=True, goals=goals)
    yield Figure(f"clean stop, {events:,} events", "s", {"ours": stops}, less=True)


def _once(data: Path) -> tuple[Round, Round]:
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("QUARTERDECK_", "PG"))}
    given = kept | {"QUARTERDECK_DATA": str(data), "QUARTERDECK_ADMIN_KEY": ADMIN_KEY}
    command = [Path(sys.executable).with_name("quarterdeck"), "serve", "--port", str(port)]
    started = perf_counter()
    process = subprocess.Popen(command, env=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = monotonic() + _PATIENCE
        while not answers(port):
            if process.poll() is not None or monotonic() > deadline:
                raise AssertionError("the server did not become ready")
            sleep(0.005)
        ready = perf_counter() - started
    finally:
        stopping = perf_counter()
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(_PATIENCE)
    return Round(ready), Round(perf_counter() - stopping)
