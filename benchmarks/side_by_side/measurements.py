"""Measurements a second over HTTP in batches of 1,000, until the books show them; Django's with a history row of each.

A new KPI a batch. Ours are sent with `Prefer: respond-async`, and the round ends when the books have the last of them.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from time import perf_counter
from uuid import uuid4

from benchmarks.side_by_side.bench import Bench
from benchmarks.side_by_side.measure import Figure, Goal, Round, interleaved
from benchmarks.side_by_side.processes import Served

_BATCH = 1_000
_POINTS = {"points": [{"on": str(date(2020, 1, 1) + timedelta(days=n)), "value": n * 7 % 997} for n in range(_BATCH)]}


def figures(bench: Bench) -> Iterator[Figure]:
    """The figures of this page."""
    stage, batches = bench.small, 20 if bench.effort.rounds > 3 else 8
    sides = {"ours": lambda: _ours(stage.ours, batches)}
    theirs = stage.django
    if theirs is not None:
        sides["Django"] = lambda: _theirs(theirs, batches)
    rounds = interleaved(bench.effort.rounds, sides)
    goal = Goal("measurements a second", "ours", 20_000)
    yield Figure("measurements, batches of 1,000, to the books", "a second", rounds, goals=[goal])


def _ours(server: Served, batches: int) -> Round:
    kpis = [
        server.ask("/v1/kpis", "POST", {"name": f"KPI {uuid4()}", "direction": "increase", "frequency": "daily"})["id"]
        for _ in range(batches)
    ]
    started = perf_counter()
    for kpi in kpis:
        server.ask(f"/v1/kpis/{kpi}/measurements", "POST", _POINTS, Prefer="respond-async")
    position = server.ask("/v1/ledger")["position"]
    server.ask("/v1/cycles?limit=1", **{"Min-Position": str(position)})
    return Round(batches * _BATCH / (perf_counter() - started))


def _theirs(server: Served, batches: int) -> Round:
    kpis = [server.ask("/api/kpis", "POST", {"name": "KPI"})["id"] for _ in range(batches)]
    started = perf_counter()
    for kpi in kpis:
        server.ask(f"/api/kpis/{kpi}/measurements", "POST", _POINTS)
    return Round(batches * _BATCH / (perf_counter() - started))
