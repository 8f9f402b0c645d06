"""Appends a second in one process, from 1, 16 and 100 callers, every caller checking in on 40 key results of its own.

ours            an event ready to append, with the version that it continues: as much as the library's save does
ours, command   the whole way: look, judge, guard, append
library         `Application.save` of an aggregate in memory
Emmett          `appendToStream` with the expected version, 16 connections at most, as many as callers below that
Emmett, inline  the same with a projection in the transaction
pgbench         the limit: such a row a transaction, on as many connections as there are callers
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import cycle
from uuid import UUID, uuid4

from eventsourcing.application import Application

from api.runtime import Runtime
from benchmarks.appends import give
from benchmarks.library import KeyResult
from benchmarks.side_by_side.bench import Bench
from benchmarks.side_by_side.measure import Figure, Goal, Round, interleaved, load
from benchmarks.side_by_side.postgres import environment, pgbench
from benchmarks.side_by_side.processes import Talker
from domain.kernel import Kind, Ref
from domain.key_result.events import CheckedIn
from ledger.append import Append, Appended
from ledger.envelope import Recordable
from ledger.group import Group

CALLERS = (1, 16, 100)
EACH = 40
_ACTOR = UUID(int=1)
_MOST_CONNECTIONS = 16
_METRIC = {"type": "metric", "baseline": 0, "target": 100}

# The table with its constraints and indexes, less the triggers and the one row that our appends pass; the position
# comes from a sequence, the time from the position, so that nothing collides.
_LIKE = """\
CREATE SEQUENCE limit_position;
CREATE TABLE limit_events (LIKE quarterdeck.events INCLUDING ALL);
"""
_INSERT = """\
WITH next AS (SELECT nextval('limit_position') AS n)
INSERT INTO limit_events
    (position, id, stream, version, type, schema_version, data, texts, actor, effective_at, recorded_at)
SELECT n, gen_random_uuid(), 'key_result/' || gen_random_uuid(), 1, 'key_result.checked_in', 1, '{data}', '{texts}',
       '00000000-0000-0000-0000-000000000001', at, at
  FROM next, LATERAL (SELECT timestamptz '2026-01-01 00:00Z' + n * interval '1 microsecond' AS at) AS time;
"""


def figures(bench: Bench) -> Iterator[Figure]:
    """The figures of this page."""
    with ExitStack() as stack:
        runtime = stack.enter_context(bench.postgres.ledger())
        runtime.projector.stop()  # what is measured is the way in
        ready, whole = _ready(runtime), _whole(runtime)
        save = stack.enter_context(_Library(bench))
        limit = _Limit(runtime)
        peer = None
        if bench.emmett is not None:
            peer = stack.enter_context(Talker(bench.emmett, environment(bench.postgres.database())))
        for callers in CALLERS:
            yield _figure(bench, callers, ready, whole, save, limit, peer)


def _figure(
    bench: Bench,
    callers: int,
    ready: Callable[[int], object],
    whole: Callable[[int], object],
    save: "_Library",
    limit: "_Limit",
    peer: Talker | None,
) -> Figure:
    seconds = bench.effort.seconds
    sides: dict[str, Callable[[], Round]] = {
        "ours": lambda: load(callers, seconds, ready),
        "ours, command": lambda: load(callers, seconds, whole),
        "library": lambda: load(callers, seconds, save.save),
        "pgbench": lambda: limit.round(callers, seconds),
    }
    if peer is not None:
        order = {"callers": callers, "seconds": seconds, "connections": min(callers, _MOST_CONNECTIONS)}
        sides["Emmett"] = lambda: _emmett(peer, order)
        sides["Emmett, inline"] = lambda: _emmett(peer, order | {"inline": True})
        _emmett(peer, order | {"seconds": 0.1})
        _emmett(peer, order | {"seconds": 0.1, "inline": True})
    what = f"appends in one process, {callers} caller{'' if callers == 1 else 's'}"
    goals = [
        Goal("the library's save", "ours", 20, than="library"),
        Goal("the limit, pgbench", "ours", 0.5, than="pgbench"),
    ]
    return Figure(what, "a second", interleaved(bench.effort.rounds, sides), goals=goals if callers == 100 else ())


def _ready(runtime: Runtime) -> Callable[[int], object]:
    """Appends an event of a caller's, in turn on each of its streams, with the version that it continues."""
    group = Group(runtime.recorder.append)
    refs = [[Ref(Kind.KEY_RESULT, uuid4()) for _ in range(EACH)] for _ in range(max(CALLERS))]
    turns, versions = [0] * max(CALLERS), {ref: 0 for some in refs for ref in some}

    def append(caller: int) -> None:
        ref = refs[caller][turns[caller] % EACH]
        turns[caller] += 1
        versions[ref] += 1
        event = Recordable(
            originator_id=str(ref),
            originator_version=versions[ref],
            event=CheckedIn.model_validate({"check_in": uuid4(), "value": 40, "note": "a good week", "source": "http"}),
            event_id=uuid4(),
            actor=_ACTOR,
        )
        outcome = group.append(Append(events=[runtime.recorder.mapper.to_stored_event(event)]))
        if not isinstance(outcome, Appended):
            raise AssertionError(f"not appended: {outcome}")

    return append


def _whole(runtime: Runtime) -> Callable[[int], object]:
    """Gives the command."""
    quarter = {"kind": "quarter", "starts_on": "2026-01-01", "ends_on": "2026-03-31"}
    period = give(runtime.ledger, "plan_cycle", label=uuid4().hex[:8] + "-Q1", **quarter)
    parts = []
    for n in range(max(CALLERS)):
        objective = give(runtime.ledger, "set_objective", cycle=period, title=f"Grow {n}")
        more = {"objective": objective, "title": "Revenue", "measure": _METRIC}
        parts.append(cycle([give(runtime.ledger, "add_key_result", **more) for _ in range(EACH)]))

    def check_in(caller: int) -> None:
        give(runtime.ledger, "check_in", key_result=next(parts[caller]), value="40", note="a good week")

    return check_in


class _Library:
    """The library on a database of its own, with a connection for every caller up to 32."""

    def __init__(self, bench: Bench) -> None:
        self._application: Application[UUID] = Application(bench.postgres.for_library() | {"POSTGRES_POOL_SIZE": "32"})
        self._aggregates = [cycle([KeyResult() for _ in range(EACH)]) for _ in range(max(CALLERS))]

    def save(self, caller: int) -> None:
        aggregate = next(self._aggregates[caller])
        aggregate.check_in("40", "a good week")
        self._application.save(aggregate)

    def __enter__(self) -> "_Library":
        return self

    def __exit__(self, *_: object) -> None:
        self._application.close()


class _Limit:
    """pgbench on a table like ours, with the data and texts of an event that we recorded."""

    def __init__(self, runtime: Runtime) -> None:
        _ready(runtime)(0)
        with runtime.database.owner_connection() as connection:
            connection.execute(_LIKE)
            found = connection.execute(
                "SELECT data::text, texts::text FROM events WHERE type = 'key_result.checked_in' LIMIT 1"
            ).fetchone()
        if found is None:
            raise AssertionError("nothing was recorded")
        data, texts = (text.replace("'", "''") for text in found)
        self._script = _INSERT.format(data=data, texts=texts).replace("limit_", "quarterdeck.limit_")
        self._url = runtime.database.url

    def round(self, connections: int, seconds: float) -> Round:
        return Round(pgbench(self._url, self._script, connections, seconds))


def _emmett(peer: Talker, order: dict[str, object]) -> Round:
    found = peer.ask(do="append", **order)
    return Round(len(found["milliseconds"]) / found["seconds"], found["milliseconds"])
