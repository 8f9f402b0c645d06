"""The way in, and the library's recorder on top of it.

`append` takes commands in, any number in one transaction and one round trip; group commit hands it what
waits, and a caller of its own hands it a list of one. One head row is locked by each append until it commits.
That makes positions gapless and visible in order, which is what lets a reader of the tail never miss one.

An append whose answer is lost (the connection broke, the server was killed) is never sent again from here:
whether it was recorded is not known. It is `NotReady`, and the caller's idempotency key tells when it tries
again.
"""

from collections.abc import Callable, Iterable, Sequence
from time import perf_counter
from typing import Any, cast
from uuid import UUID

import psycopg
from eventsourcing.persistence import ApplicationRecorder, IntegrityError, Notification, StoredEvent

from ledger.append import Append, Appended, GuardConflict, Outcome, Replayed, outcome, to_restore_json
from ledger.chunk import Chunk
from ledger.database import Connection, Database
from ledger.envelope import StoredFact
from ledger.errors import RestoreRefused
from ledger.mapper import EventMapper
from ledger.notify import Announcer
from ledger.reader import END, SQL, Reader
from ledger.runs import to_runs
from ledger.subscription import LedgerSubscription


class LedgerRecorder(Reader, ApplicationRecorder):
    """Appends to one ledger and reads it. `close()` ends its thread; the database is the caller's."""

    def __init__(self, database: Database, mapper: EventMapper) -> None:
        super().__init__(database, mapper)
        self._announcer = Announcer(database)

    def append(self, appends: Sequence[Append], *, all_or_nothing: bool = False) -> list[Outcome]:
        """Takes appends in, in order, in one transaction, an outcome each. Later ones see earlier ones.

        With `all_or_nothing`, nothing is kept unless every outcome is `Appended` or `Replayed`. Raises
        `NotReady`; whether anything was recorded is then not known.
        """
        watch, began = self.database.watch, perf_counter()
        with watch.span("commit", commands=len(appends)), self.database.connection() as connection:
            if not all_or_nothing:
                # One statement in autocommit is its own transaction: one round trip.
                outcomes = _append(connection, appends)
            else:
                with connection.transaction():
                    outcomes = _append(connection, appends)
                    if not all(isinstance(each, Appended | Replayed) for each in outcomes):
                        raise psycopg.Rollback
        watch.appended(outcomes, perf_counter() - began)
        self._announce(outcomes)
        return outcomes

    def append_chunks(self, chunks: Iterable[Chunk]) -> list[Outcome]:
        """Takes chunks in, in order, in one transaction, an outcome each: all of them, or none.

        The last outcome is not `Appended` if nothing was kept: why that chunk could not be taken. Raises `NotReady`;
        whether anything was recorded is then not known.
        """
        outcomes: list[Outcome] = []
        try:
            with self.database.connection() as connection, connection.transaction():
                for chunk in chunks:
                    (outcome,) = _append(connection, [chunk.append])
                    outcomes.append(outcome)
                    if not isinstance(outcome, Appended):
                        raise psycopg.Rollback
                    connection.execute(SQL["take_lines"], {"lines": chunk.lines_json(outcome)})
        except psycopg.errors.UniqueViolation:
            return [*outcomes, GuardConflict("lines")]  # another import of the same file was quicker
        if outcomes and isinstance(outcomes[-1], Appended):
            self._announce(outcomes)
        return outcomes

    def restore(self, append: Append) -> int:
        """Takes in a part of an exported ledger: events with positions and times, and what is beside them.

        Answers the position up to which the ledger is restored now. Raises `RestoreRefused` if it has events
        of its own, or if these do not follow on its last one.
        """
        try:
            with self.database.connection() as connection:
                row = connection.execute(SQL["restore"], {"command": to_restore_json(append)}).fetchone()
        except psycopg.errors.RestrictViolation as error:
            raise RestoreRefused(str(error.diag.message_primary)) from error
        return int(cast("Any", row)[0])

    def on_append(self, callback: Callable[[int], None]) -> Callable[[], None]:
        """Calls back after each append of this recorder, with the last position; call the answer to end that.

        It runs in the appending thread, so it should do no more than wake somebody.
        """
        return self._announcer.listen(callback)

    def announce_books(self, position: int) -> None:
        """Tells other processes soon that the books have come to a position: the active projector's does."""
        self._announcer.announce_books(position)

    def close(self) -> None:
        """Sends what is left to announce."""
        self._announcer.close()

    # The library's interface: a store, a subscription or a projection of its own works on this recorder.

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Appends `StoredFact`s; `kwargs` are the other fields of `Append`. Answers the positions.

        Raises the library's `IntegrityError` for every refusal.
        """
        (result,) = self.append([Append(events=cast("Sequence[StoredFact]", stored_events), **kwargs)])
        match result:
            case Appended():
                return range(result.first_position, result.position + 1)
            case Replayed():
                return None
            case _:
                raise IntegrityError(str(result))

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """The rows of one stream, by version."""
        return self.stored_of(str(originator_id), gt or 0, lte, limit, newest_first=desc)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """The rows of the ledger from a position on, by position."""
        after = (start or 0) - (1 if inclusive_of_start else 0)
        return self.stored_after(after, limit, END if stop is None else stop, topics or None)

    def max_notification_id(self) -> int | None:
        """The last position, `None` of an empty ledger."""
        return self.head().position or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> LedgerSubscription:
        """Iterates over everything after a position, and over what comes."""
        return LedgerSubscription(self, gt, topics)

    def _announce(self, outcomes: Sequence[Outcome]) -> None:
        positions = [each.position for each in outcomes if isinstance(each, Appended) and each.count]
        if positions:
            self._announcer.announce(positions[-1])


def _append(connection: Connection, appends: Sequence[Append]) -> list[Outcome]:
    rows = connection.execute(SQL["append"], {"runs": to_runs(appends)}).fetchall()
    return [outcome(append, cast("Any", row)) for append, row in zip(appends, rows, strict=True)]
