"""Memory of the server after it has served a long ledger, and of a rebuild of it, read while they work.

What Linux keeps as a process's peak (`ru_maxrss`) begins with its parent's size, and pages that processes share would
count several times: so it is each process's proportional share (`Pss`) that is read, the sum of a command and its
children, over and over. PostgreSQL's own memory is no part of it. Linux only.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import sleep

import psutil

from benchmarks.side_by_side.bench import Bench, Stage
from benchmarks.side_by_side.check_ins import COMMAND, check_in
from benchmarks.side_by_side.checks import as_of
from benchmarks.side_by_side.measure import Figure, Goal, Round
from benchmarks.side_by_side.processes import Talker

_BOARDS = 20


def figures(bench: Bench) -> Iterator[Figure]:
    """The figures of this page."""
    if not Path("/proc/self/smaps_rollup").exists():
        bench.note("Memory is left out: this system does not tell it.")
        return
    stage = bench.large
    _work(bench, stage)
    sides = {"ours": [Round(megabytes(stage.ours.pid))]}
    if stage.django is not None:
        sides["Django, 2 workers"] = [Round(megabytes(stage.django.pid))]
    size = f"{stage.story.events:,} events"
    yield Figure(f"memory of the server, {size}", "MB", sides, less=True, goals=[Goal("MB", "ours", 200)])
    rounds = [Round(_rebuild(bench, stage))]
    goals = [Goal("MB", "ours, all processes", 600)]
    yield Figure(f"memory of a rebuild, {size}", "MB", {"ours, all processes": rounds}, less=True, goals=goals)


def _work(bench: Bench, stage: Stage) -> None:
    """What a server does in its life: some thousand check-ins, and boards of both kinds."""
    with Talker(COMMAND) as http:
        for server, base in ((stage.ours, "/v1"), (stage.django, "/api")):
            if server is not None:
                check_in(http, stage, server, base, 2 * bench.effort.seconds)
    for server, base in ((stage.ours, "/v1"), (stage.django, "/api")):
        for n in range(_BOARDS if server is not None else 0):
            query = as_of(stage.story.past()) if n % 2 else ""
            server.ask(f"{base}/cycles/{stage.story.label}/board{query}")


def _rebuild(bench: Bench, stage: Stage) -> float:
    """The most that `quarterdeck rebuild` took at any moment that was looked at, beside the running server."""
    command = [Path(sys.executable).with_name("quarterdeck"), "rebuild", "--database-url", stage.url]
    command += ["--data", str(bench.postgres.folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        most = 0.0
        while process.poll() is None:
            most = max(most, megabytes(process.pid))
            sleep(0.1)
    if process.returncode:
        raise AssertionError(f"quarterdeck rebuild ended with {process.returncode}")
    return most


def megabytes(pid: int) -> float:
    """What a process and its children take now; 0 if it is gone."""
    try:
        top = psutil.Process(pid)
        found = [top, *top.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    return sum(_share(process.pid) for process in found if process.name() != "postgres") / 1_000


def _share(pid: int) -> float:
    """Kilobytes of a process, what it shares with others counted in part."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(float(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1.024
