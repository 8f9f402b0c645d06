"""The story as a ledger: its events written straight into the tables, as an import leaves them, and the books made."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from psycopg import sql

from api.runtime import Runtime
from benchmarks.side_by_side.story import (
    BASELINE,
    BEGIN,
    TARGET,
    CheckInFact,
    CycleFact,
    Fact,
    KeyResultFact,
    ObjectiveFact,
    Story,
)
from domain.catalogue import EVENTS
from domain.cycle.decisions import LABELS
from domain.cycle.events import CycleOpened, CyclePlanned
from domain.kernel import Event
from domain.key_result.check_ins import CHECK_INS
from domain.key_result.events import KeyResultAdded
from domain.objective.events import ObjectiveSet
from ledger.database import Connection
from ledger.mapper import EventMapper
from projections.rebuild import rebuild

_ACTOR = UUID(int=1)
_AT_ONCE = 50_000
_MAPPER = EventMapper(EVENTS)
_NOBODY = {"team": None, "owner": None, "weight": 1, "tags": (), "external_id": None, "source": "http"}
_TABLES = {
    "events": "position,id,stream,version,type,schema_version,data,texts,actor,effective_at,recorded_at",
    "attachments": "parent,child,position",
    "cycle_events": "cycle,effective_at,position",
    "claims": "scope,value,stream,position",
}


def fill(runtime: Runtime, story: Story) -> None:
    """Tells the story to an empty ledger, whose projector is stopped, and makes the books."""
    runtime.projector.stop()
    with runtime.database.owner_connection() as connection, connection.transaction():
        rows = _Rows()
        for fact in story.facts():
            rows.take(fact)
            if len(rows.of["events"]) >= _AT_ONCE:
                _copy(connection, rows.of)
        _copy(connection, rows.of)
        connection.execute("UPDATE head SET position = %s, recorded_at = %s", [rows.position, rows.at])
    if rows.position != story.events:
        raise AssertionError(f"the story has {rows.position} events, not {story.events}")
    with runtime.database.owner_connection() as connection:
        connection.execute("VACUUM ANALYZE")
    rebuild(runtime.database, runtime.recorder)


def _copy(connection: Connection, rows: dict[str, list[tuple[Any, ...]]]) -> None:
    for table, some in rows.items():
        names = sql.SQL(", ").join(map(sql.Identifier, _TABLES[table].split(",")))
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in some:
                copy.write_row(row)
        some.clear()


class _Rows:
    """The rows of a ledger in the making. Streams are as long as a quarter, so versions are counted for one."""

    def __init__(self) -> None:
        self.position = 0
        self.at = BEGIN
        self.of: dict[str, list[tuple[Any, ...]]] = {table: [] for table in _TABLES}
        self._versions: dict[str, int] = {}

    def take(self, fact: Fact) -> None:
        """The rows of a fact."""
        self.at = fact.at
        match fact:
            case CycleFact():
                self._versions.clear()
                for event in _of_cycle(fact):
                    self._event(f"cycle/{fact.id}", event, fact.id)
                self.of["claims"].append((LABELS, fact.label, f"cycle/{fact.id}", self.position - 1))
            case ObjectiveFact():
                more = {"commitment": "aspirational", "description": None, "aligned_to": None}
                given = {"cycle": fact.cycle, "title": fact.title, **more, **_NOBODY}
                self._event(f"objective/{fact.id}", ObjectiveSet.model_validate(given), fact.cycle)
                self.of["attachments"].append((f"cycle/{fact.cycle}", f"objective/{fact.id}", self.position))
            case KeyResultFact():
                measure = {"type": "metric", "baseline": BASELINE, "target": TARGET}
                given = {"objective": fact.objective, "title": fact.title, "measure": measure, **_NOBODY}
                self._event(f"key_result/{fact.id}", KeyResultAdded.model_validate(given), fact.cycle)
                parent, child = f"objective/{fact.objective}", f"key_result/{fact.id}"
                self.of["attachments"].append((parent, child, self.position))
            case CheckInFact():
                # Spelt out: it is what there is a million of.
                said = {"value": str(fact.value), "check_in": str(fact.id), "source": "http"}
                stream = f"key_result/{fact.key_result}"
                self._row(stream, "key_result.checked_in", orjson.dumps(said).decode(), "{}", fact.cycle)
                self.of["claims"].append((CHECK_INS, str(fact.id), stream, self.position))

    def _event(self, stream: str, event: Event, cycle: UUID) -> None:
        _, _, data, texts = _MAPPER.to_stored(event)
        self._row(stream, event.TOPIC, orjson.dumps(data).decode(), orjson.dumps(texts).decode(), cycle)

    def _row(self, stream: str, topic: str, data: str, texts: str, cycle: UUID) -> None:
        self.position += 1
        version = self._versions[stream] = self._versions.get(stream, 0) + 1
        at = self.at
        if topic == CycleOpened.TOPIC:
            at = self.at = at + timedelta(microseconds=1)
        id = UUID(int=self.position)
        self.of["events"].append((self.position, id, stream, version, topic, 1, data, texts, _ACTOR, at, at))
        self.of["cycle_events"].append((cycle, at, self.position))


def _of_cycle(fact: CycleFact) -> Iterator[Event]:
    given = {"label": fact.label, "kind": "quarter", "starts_on": fact.starts_on, "ends_on": fact.ends_on}
    more = {"parent": None, "scoring": "linear-v1", "check_in_every_days": 14, "external_id": None, "source": "http"}
    yield CyclePlanned.model_validate(given | more)
    yield CycleOpened()
