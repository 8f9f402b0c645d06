"""Events a second into the books, beside the library's `ProjectionRunner` on the same events and the same server.

Ours makes all books: every version of everything on both clocks, with the scores. Theirs writes one row a stream.
Before it swaps, ours compares every row with the live books, which theirs has nothing like: so it is measured without
that too. Theirs costs the same for each event, ours some tables and indexes besides, and it has several processes on
longer ledgers: so there are two, both projected by both.
"""

from collections.abc import Iterator
from statistics import median
from time import perf_counter

from eventsourcing.projection import ProjectionRunner

from api.runtime import Runtime
from benchmarks.library import KeepsRows, Rows, on
from benchmarks.measuring import Effort, Figure
from benchmarks.server import Server
from benchmarks.side_by_side.ours import fill
from benchmarks.side_by_side.story import Story
from projections.rebuild import rebuild

_PATIENCE = 600.0
_ROUNDS = 3
_LONGER = 40_000
"""Events, about: four quarters of 500 objectives."""


def figures(server: Server, runtime: Runtime, effort: Effort) -> Iterator[Figure]:
    """The figures of this page, on the ledger of `goals` and on a longer one."""
    yield from _figures(server, runtime, effort)
    with server.ledger() as longer:
        fill(longer, Story.of(_LONGER))
        yield from _figures(server, longer, effort)


def _figures(server: Server, runtime: Runtime, effort: Effort) -> Iterator[Figure]:
    ours, compared, theirs = [], [], []
    for _ in range(_ROUNDS):
        ours.append(rebuild(runtime.database, runtime.recorder, compare=False))
        compared.append(rebuild(runtime.database, runtime.recorder))
        theirs.append(_theirs(server, runtime, effort.projected))
    position = ours[0].position
    for what, reports in (("rebuild", ours), ("rebuild, and comparison with the live books,", compared)):
        seconds = median(report.seconds for report in reports)
        yield Figure(f"{what} of {position:,} events", position / seconds, "a second", median(theirs))


def _theirs(server: Server, runtime: Runtime, count: int) -> float:
    started = perf_counter()
    with ProjectionRunner(
        application_class=on(runtime.database),
        projection_class=KeepsRows,
        view_class=Rows,
        env=server.for_library(),
    ) as runner:
        runner.wait(count, timeout=_PATIENCE)
        done = runner.view.max_tracking_id(runner.app_name) or count
        return done / (perf_counter() - started)
