"""An event as it is stored: its data as JSON, and around it the envelope of columns.

`Recordable` is what a caller gives and gets, `StoredFact` what the recorder writes and reads; `ledger.mapper`
turns the one into the other. Both are shaped so that the `eventsourcing` library's EventStore can carry them:
a stream's name is the `originator_id`, its versions count from 1, and a position is the notification's `id`.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from eventsourcing.persistence import Notification

from domain.kernel import Event


@dataclass(frozen=True, kw_only=True)
class Recordable:
    """An event with what its writer says about it. `effective_at` `None`: when the ledger records it."""

    originator_id: str
    originator_version: int
    event: Event
    event_id: UUID
    actor: UUID
    on_behalf_of: UUID | None = None
    correlation_id: str | None = None
    effective_at: datetime | None = None
    reported_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class StoredFact(Notification):
    """One row of `events`, `state` and `texts` as UTF-8 JSON.

    By the library's names, `originator_id` is the stream, `originator_version` the version, `topic` the type,
    `state` the data and `id` the position, 0 as long as it is not recorded. Once it is, `effective_at` and
    `recorded_at` are never `None`.
    """

    originator_id: str
    id: int = 0
    event_id: UUID
    schema_version: int
    texts: bytes
    actor: UUID
    on_behalf_of: UUID | None
    correlation_id: str | None
    effective_at: datetime | None
    reported_at: datetime | None
    recorded_at: datetime | None = None
