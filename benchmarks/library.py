"""The library as its own documentation uses it: an aggregate with a check-in, and a projection that keeps a row."""

from typing import Any

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import ApplicationRecorder, Mapper, Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection
from psycopg.sql import SQL, Identifier

from domain.catalogue import EVENTS
from ledger.database import Database
from ledger.mapper import EventMapper
from ledger.recorder import LedgerRecorder


class KeyResult(Aggregate):
    """What is checked in on."""

    value = ""

    @event("CheckedIn")
    def check_in(self, value: str, note: str) -> None:
        """Says where it stands."""
        self.value = value
        self.note = note


class Rows(PostgresTrackingRecorder):
    """A read model of one table: for each stream what was last said of it, with the bookmark."""

    def __init__(self, datastore: PostgresDatastore, **kwargs: Any) -> None:
        super().__init__(datastore, **kwargs)
        self._table = Identifier(self.datastore.schema), Identifier("rows")
        create = "CREATE TABLE IF NOT EXISTS {}.{} (stream text PRIMARY KEY, version integer, said text)"
        self.sql_create_statements.append(SQL(create).format(*self._table))

    def keep(self, stream: str, version: int, said: str, tracking: Tracking) -> None:
        """Writes a row and the bookmark, in one transaction."""
        upsert = (
            "INSERT INTO {}.{} VALUES (%s, %s, %s) "
            "ON CONFLICT (stream) DO UPDATE SET (version, said) = (excluded.version, excluded.said)"
        )
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute(SQL(upsert).format(*self._table), (stream, version, said), prepare=True)
            self._insert_tracking(cursor, tracking)


class KeepsRows(Projection[Rows]):
    """The least that a projection can do."""

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        """One event, one commit: so the library's runner works."""
        stream, version = domain_event.originator_id, domain_event.originator_version
        self.view.keep(stream, version, domain_event.event.model_dump_json(), tracking)


def on(database: Database) -> type[Application[str]]:
    """An application of the library's on one of our ledgers, so that both project the same events."""

    class OnOurLedger(Application[str]):
        def construct_mapper(self) -> Mapper[str]:
            return EventMapper(EVENTS)

        def construct_recorder(self) -> ApplicationRecorder:
            return LedgerRecorder(database, EventMapper(EVENTS))

    return OnOurLedger
