"""Ledgers of 10,000, 100,000 and more events, quarter after quarter of 500 objectives with 4 key results each.

They are written straight into the tables, as an import would leave them, since what is measured is how questions
grow with what lies before them: the board of the latest quarter now, as of an earlier position, and as it stood at an
earlier date; its series, its replay, what changed in it lately; and the rebuild of the books.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from time import perf_counter
from typing import Any
from uuid import UUID, uuid5

import orjson
from psycopg import sql

from api.answers import to_json
from api.runtime import Runtime
from benchmarks.measuring import Effort, Figure, milliseconds
from benchmarks.server import Server
from domain.catalogue import EVENTS
from domain.cycle.decisions import LABELS
from domain.cycle.events import CycleOpened, CyclePlanned
from domain.kernel import Event
from domain.key_result.check_ins import CHECK_INS as KEPT_CHECK_INS
from domain.key_result.events import KeyResultAdded
from domain.objective.events import ObjectiveSet
from ledger.mapper import EventMapper
from projections import questions
from projections.diff import cycle_diff
from projections.ends import Ends, between
from projections.explain import explain_cycle
from projections.rebuild import rebuild
from projections.replay import frames
from projections.series import cycle_series

OBJECTIVES, PARTS, CHECK_INS = 500, 4, 4
_SPACE = UUID("5f0c0c0e-0000-4000-8000-000000000002")
_ACTOR = UUID(int=1)
_BEGIN = datetime(1990, 1, 1, 9, tzinfo=UTC)
_MAPPER = EventMapper(EVENTS)
_TIMES = 11
_NOBODY = {"team": None, "owner": None, "weight": 1, "tags": (), "external_id": None, "source": "http"}
_METRIC = {"type": "metric", "baseline": 0, "target": 100}
_COLUMNS = {
    "events": "position,id,stream,version,type,schema_version,data,texts,actor,effective_at,recorded_at",
    "attachments": "parent,child,position",
    "cycle_events": "cycle,effective_at,position",
    "claims": "scope,value,stream,position",
}


def figures(server: Server, effort: Effort) -> Iterator[Figure]:
    """The figures of this page."""
    for quarters in effort.quarters:
        with server.ledger() as runtime:
            runtime.projector.stop()
            made = _Ledger(quarters)
            made.write(runtime)
            yield from _figures(runtime, made)


def _figures(runtime: Runtime, made: "_Ledger") -> Iterator[Figure]:
    size = f"{made.position:,} events"
    report = rebuild(runtime.database, runtime.recorder)
    yield Figure(f"{size}: rebuild", report.position / report.seconds, "a second")
    runtime.books.reached(report.position)
    cycle, middle = made.cycles[-1], made.middle

    def board(as_of: str | None = None, valid_at: str | None = None) -> None:
        with runtime.books.reading(as_of, valid_at) as reading:
            to_json(questions.board(reading, cycle))

    def series() -> None:
        with runtime.books.reading() as reading:
            to_json(cycle_series(reading, cycle, "day"))

    for when, ask in (
        ("now", board),
        ("as of a past position", lambda: board(str(made.position - OBJECTIVES * PARTS))),
        ("at a past valid_at", lambda: board(None, middle.isoformat())),
    ):
        yield Figure(f"{size}: board {when}", milliseconds(_TIMES, ask), "ms", less=True)
    yield Figure(f"{size}: series of the quarter by day", milliseconds(3, series), "ms", less=True)
    yield from _told(runtime, made, size)


def _told(runtime: Runtime, made: "_Ledger", size: str) -> Iterator[Figure]:
    """How the quarter is told: frame by frame, and between two ends."""
    cycle = made.cycles[-1]
    with runtime.books.reading() as reading, closing(frames(reading, cycle)) as found:
        started = perf_counter()
        next(found)
        first = perf_counter() - started
        count = 1 + sum(len(to_json(frame)) > 0 for frame in found)
        rate = count / (perf_counter() - started)
    yield Figure(f"{size}: the first frame of its replay", 1_000 * first, "ms", less=True)
    yield Figure(f"{size}: frames of its replay, as JSON", rate, "a second")
    past = str(made.position - 200)
    for what, ask in (("diff", cycle_diff), ("explain", explain_cycle)):

        def between_ends(ask: Callable[[Ends, UUID], object] = ask) -> None:
            with between(runtime.books, past, None, None, None) as ends:
                to_json(ask(ends, cycle))

        yield Figure(f"{size}: {what} over the last 200 events", milliseconds(3, between_ends), "ms", less=True)


class _Ledger:
    """The rows of a ledger in the making."""

    def __init__(self, quarters: int) -> None:
        self.position = 0
        self.at = _BEGIN
        self.cycles: list[UUID] = []
        self.middle = date.min
        self.rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in _COLUMNS}
        self._versions: dict[str, int] = {}
        for number in range(quarters):
            self._quarter(number)

    def write(self, runtime: Runtime) -> None:
        """Copies the rows into an empty ledger."""
        with runtime.database.owner_connection() as connection, connection.transaction():
            for table, rows in self.rows.items():
                names = sql.SQL(", ").join(map(sql.Identifier, _COLUMNS[table].split(",")))
                statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
                with connection.cursor() as cursor, cursor.copy(statement) as copy:
                    for row in rows:
                        copy.write_row(row)
            connection.execute("UPDATE head SET position = %s, recorded_at = %s", [self.position, self.at])
        with runtime.database.owner_connection() as connection:
            connection.execute("ANALYZE")
        self.rows.clear()
        self._versions.clear()
        gc.collect()
        gc.freeze()  # what it took to make the rows is no part of a server's heap, and not to be looked through

    def _quarter(self, number: int) -> None:
        self.at = max(self.at, _BEGIN + timedelta(days=91 * number))
        cycle = uuid5(_SPACE, f"cycle {number}")
        first = self.at.date()
        self.cycles.append(cycle)
        self.middle = first + timedelta(days=45)
        planned = CyclePlanned.model_validate(
            {"label": f"Q{number}", "kind": "quarter", "starts_on": first, "ends_on": first + timedelta(days=90)}
            | {"parent": None, "scoring": "linear-v1", "check_in_every_days": 14, "external_id": None, "source": "http"}
        )
        self._event(f"cycle/{cycle}", planned, cycle)
        self._claim(LABELS, planned.label, f"cycle/{cycle}")
        self._event(f"cycle/{cycle}", CycleOpened(), cycle)
        parts = [part for n in range(OBJECTIVES) for part in self._objective(cycle, number, n)]
        for week in range(CHECK_INS):
            self.at = max(self.at, _BEGIN + timedelta(days=91 * number + 20 * week + 1))
            for n, part in enumerate(parts):
                said = {"value": str((week * 23 + n) % 120), "check_in": str(uuid5(part, str(week))), "source": "http"}
                self._row(f"key_result/{part}", "key_result.checked_in", orjson.dumps(said).decode(), "{}", cycle)
                self._claim(KEPT_CHECK_INS, said["check_in"], f"key_result/{part}")

    def _objective(self, cycle: UUID, number: int, n: int) -> Iterator[UUID]:
        id = uuid5(cycle, str(n))
        objective = ObjectiveSet.model_validate(
            {"cycle": cycle, "title": f"Objective {n} of {number}", "commitment": "aspirational", **_NOBODY}
            | {"description": None, "aligned_to": None}
        )
        self._event(f"objective/{id}", objective, cycle, f"cycle/{cycle}")
        for m in range(PARTS):
            part = uuid5(id, str(m))
            added = KeyResultAdded.model_validate(
                {"objective": id, "title": f"Key result {m} of {n}", "measure": _METRIC, **_NOBODY}
            )
            self._event(f"key_result/{part}", added, cycle, f"objective/{id}")
            yield part

    def _event(self, stream: str, event: Event, cycle: UUID, parent: str | None = None) -> None:
        _, _, data, texts = _MAPPER.to_stored(event)
        self._row(stream, event.TOPIC, orjson.dumps(data).decode(), orjson.dumps(texts).decode(), cycle)
        if parent is not None:
            self.rows["attachments"].append((parent, stream, self.position))

    def _claim(self, scope: str, value: str, stream: str) -> None:
        self.rows["claims"].append((scope, value, stream, self.position))

    def _row(self, stream: str, topic: str, data: str, texts: str, cycle: UUID) -> None:
        self.position += 1
        self.at += timedelta(microseconds=1)
        version = self._versions[stream] = self._versions.get(stream, 0) + 1
        id = UUID(int=_SPACE.int + self.position)
        row = (self.position, id, stream, version, topic, 1, data, texts, _ACTOR, self.at, self.at)
        self.rows["events"].append(row)
        self.rows["cycle_events"].append((cycle, self.at, self.position))
