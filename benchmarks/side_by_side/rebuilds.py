"""Events a second into the read models, made anew from the beginning.

Ours makes all books: every version of everything on both clocks, with the scores; and, but for the side that says so,
it compares them row by row with the live ones before it swaps. The library's and Emmett's write one row a stream, what
was last said; each on its own events, fewer of them, since the one commits and the other marks each.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

from eventsourcing.application import Application
from eventsourcing.persistence import Tracking
from eventsourcing.projection import Projection, ProjectionRunner

from api.runtime import Runtime
from benchmarks.library import KeyResult, Rows
from benchmarks.side_by_side import ours
from benchmarks.side_by_side.bench import Bench
from benchmarks.side_by_side.measure import Figure, Goal, Round, interleaved
from benchmarks.side_by_side.postgres import Postgres, environment
from benchmarks.side_by_side.processes import Talker
from benchmarks.side_by_side.story import Story
from projections.rebuild import rebuild

_EACH = 40
_LONG = 500_000
"""Events whose rebuild takes a minute and more, so that one round has to do."""
_LIMIT = "limit_books"
_TABLES = """\
SELECT tablename, indexdef FROM pg_tables LEFT JOIN pg_indexes USING (schemaname, tablename)
 WHERE schemaname = %s ORDER BY 1, 2"""
_PATIENCE = 600.0


class KeepsSaid(Projection[Rows]):
    """The least that a projection can do, as the library's documentation has it."""

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        """One event, one commit: so its runner works."""
        stream, said = str(domain_event.originator_id), getattr(domain_event, "value", "")
        self.view.keep(stream, domain_event.originator_version, said, tracking)


def figures(bench: Bench) -> Iterator[Figure]:
    """The figures of this page."""
    story, count = Story.of(bench.effort.events), bench.effort.projected
    with ExitStack() as stack:
        runtime = stack.enter_context(bench.postgres.ledger())
        ours.fill(runtime, story)  # with books, so that there is something to compare with
        sides: dict[str, Callable[[], Round]] = {
            "ours": lambda: _ours(runtime),
            "ours, not comparing": lambda: _ours(runtime, compare=False),
            "library": lambda: _library(bench.postgres, count // _EACH, _EACH)[0],
            "PostgreSQL, our rows alone": lambda: _limit(runtime),
        }
        if bench.emmett is not None:
            peer = stack.enter_context(Talker(bench.emmett, environment(bench.postgres.database())))
            peer.ask(do="fill", events=count)
            sides["Emmett"] = lambda: Round(count / peer.ask(do="rebuild", table=f"said_{uuid4().hex}"))
        rounds = interleaved(1 if story.events > _LONG else min(3, bench.effort.rounds), sides)
    goals = [
        Goal("the library's runner", "ours", 50, than="library"),
        Goal("events a second", "ours", 50_000),
    ]
    yield Figure(f"rebuild of the read models, ours of {story.events:,} events", "a second", rounds, goals=goals)


def _ours(runtime: Runtime, *, compare: bool = True) -> Round:
    report = rebuild(runtime.database, runtime.recorder, compare=compare)
    if not report.swapped:
        raise AssertionError(f"the books differ: {report.differences}")
    return Round(report.position / report.seconds)


def _limit(runtime: Runtime) -> Round:
    """The same rows, with nothing computed or sent: what is left to gain from all else together."""
    database = runtime.database
    with database.owner_connection() as owner:
        found = owner.execute(_TABLES, [database.books]).fetchall()
        tables: dict[str, list[str]] = {}
        for table, index in found:
            tables.setdefault(table, []).extend([index] if index else [])
        owner.execute(f"DROP SCHEMA IF EXISTS {_LIMIT} CASCADE; CREATE SCHEMA {_LIMIT}")

    def make(table: str) -> None:
        with database.owner_connection() as connection:
            connection.execute(f"CREATE TABLE {_LIMIT}.{table} AS TABLE {database.books}.{table}")
            for index in tables[table]:
                connection.execute(index.replace(f" ON {database.books}.", f" ON {_LIMIT}."))

    started = perf_counter()
    with ThreadPoolExecutor(len(tables)) as pool:
        list(pool.map(make, tables))
    seconds = perf_counter() - started
    with database.owner_connection() as owner:
        owner.execute(f"DROP SCHEMA {_LIMIT} CASCADE")
    return Round(runtime.recorder.head().position / seconds)


def library_rows(postgres: Postgres, streams: int, each: int) -> int:
    """How many rows the library's projection has after so many events on each of so many streams."""
    return _library(postgres, streams, each)[1]


def _library(postgres: Postgres, streams: int, each: int) -> tuple[Round, int]:
    """A projection of events of the library's own, the first of a stream creating it; and how many rows it has."""
    database = postgres.for_library()
    with closing(Application[UUID](database)) as application:
        for _ in range(streams):
            aggregate = KeyResult()
            for n in range(each - 1):
                aggregate.check_in(str(n), "a good week")
            application.save(aggregate)
    return _projected(database, streams * each)


def _projected(database: dict[str, str], count: int) -> tuple[Round, int]:
    started = perf_counter()
    with ProjectionRunner(
        application_class=Application[UUID],
        projection_class=KeepsSaid,
        view_class=Rows,
        env=database,
    ) as runner:
        runner.wait(count, timeout=_PATIENCE)
        done = Round(count / (perf_counter() - started))
        with runner.view.datastore.transaction() as cursor:
            cursor.execute("SELECT count(*) AS rows FROM rows")
            found = cursor.fetchone()
    return done, int(found["rows"]) if found else 0
