"""Many at once: commands all or nothing, as an import gives them, beside COPY of such rows, which checks nothing."""

from collections.abc import Iterator

from benchmarks import goals
from benchmarks.side_by_side.bench import Bench
from benchmarks.side_by_side.measure import Figure, Round, interleaved, timed
from ledger.database import Connection

_CHECK_INS = 2


def figures(bench: Bench) -> Iterator[Figure]:
    """The figures of this page."""
    sides = {"ours, commands": lambda: _ours(bench), "COPY": lambda: _copy(bench)}
    yield Figure("events in bulk", "a second", interleaved(min(3, bench.effort.rounds), sides))


def _ours(bench: Bench) -> Round:
    with bench.postgres.ledger() as runtime:
        runtime.projector.stop()
        counts: list[int] = []
        seconds = timed(lambda: counts.append(goals.fill(runtime.ledger, _CHECK_INS)))
        return Round(counts[0] / seconds)


def _copy(bench: Bench) -> Round:
    """Rows that a ledger has recorded, copied as they are into a table with the same constraints and indexes."""
    with bench.postgres.ledger() as runtime:
        runtime.projector.stop()
        goals.fill(runtime.ledger, 0)
        count = runtime.recorder.head().position
        with runtime.database.owner_connection() as connection:
            connection.execute("CREATE TABLE limit_events (LIKE events INCLUDING ALL)")
            with connection.cursor() as cursor, cursor.copy("COPY events TO STDOUT") as copy:
                rows = [bytes(block) for block in copy]
            return Round(count / timed(lambda: _write(connection, b"".join(rows))))


def _write(connection: Connection, rows: bytes) -> None:
    with connection.cursor() as cursor, cursor.copy("COPY limit_events FROM STDIN") as copy:
        copy.write(rows)
