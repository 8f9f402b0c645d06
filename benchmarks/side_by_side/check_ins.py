"""Check-ins a second over HTTP, 16 clients, and how long each takes; the same on a much longer ledger.

Ours answers when the books show the check-in with its key result's and its objective's score; Django's when the three
tables and their histories have it, in one transaction. Both look the credential up in the database.
"""

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.side_by_side import client
from benchmarks.side_by_side.bench import Bench, Stage
from benchmarks.side_by_side.measure import Figure, Goal, Round, interleaved
from benchmarks.side_by_side.processes import Served, Talker

CLIENTS, EACH = 16, 40
COMMAND = (sys.executable, str(Path(client.__file__)))


def figures(bench: Bench) -> Iterator[Figure]:
    """The figures of this page."""
    small, large = bench.small, bench.large
    few, many = f"{small.story.events:,}", f"{large.story.events:,}"
    with Talker(COMMAND) as http:
        sides = {}
        for stage, size in ((small, few), (large, many)):
            seconds = bench.effort.seconds
            sides[f"ours, {size} events"] = partial(check_in, http, stage, stage.ours, "/v1", seconds)
            if stage.django is not None:
                sides[f"Django, {size} events"] = partial(check_in, http, stage, stage.django, "/api", seconds)
        for warm_up in sides.values():
            warm_up()
        rounds = interleaved(bench.effort.rounds, sides)
    goals = [
        Goal("Django", f"ours, {few} events", 3, than=f"Django, {few} events"),
        Goal("p99 below Django's", f"ours, {few} events", 1, than=f"Django, {few} events", of="p99"),
        Goal(f"from {few} to {many} events", f"ours, {many} events", 3 / 4, than=f"ours, {few} events"),
    ]
    yield Figure(f"HTTP check-ins, {CLIENTS} clients", "a second", rounds, goals=goals)


def check_in(http: Talker, stage: Stage, server: Served, base: str, seconds: float) -> Round:
    """A round of check-ins in the last quarter, each client on key results of its own."""
    found = [f"{base}/key-results/{id}/check-ins" for id in stage.story.key_results()]
    clients = [found[n * EACH : (n + 1) * EACH] for n in range(CLIENTS)]
    given = {"port": server.port, "authorization": server.authorization, "seconds": seconds}
    done = http.ask(**given, clients=clients)
    return Round(len(done["milliseconds"]) / done["seconds"], done["milliseconds"])
