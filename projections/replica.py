"""Reads of the past from a streaming replica of the ledger's database, as long as it answers like the primary.

A read with `as_of` is of a position, and what was recorded up to there does not change: a replica that has replayed
so far has the same rows. So such a read goes to the replica if it is known to follow this ledger, and if its books
have reached what is asked for, `Min-Position`, and the last redaction or erasure, which reaches back into what was
recorded before. One that is nearly there is waited for, shortly. Everything else is for the primary: reads of now
(today's date is now), which show a client its own writes; and everything that the replica cannot answer just now.

A thread looks at both servers every second. It says in `standing` how the replica is, in the log when that
changes, and finds it again when it is back. A read that the replica breaks off is the caller's to repeat
(`Reading.replica` tells that it was one).
"""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any, Literal
from uuid import UUID

import psycopg
from psycopg_pool import PoolTimeout

from domain.errors import NotReady
from ledger.database import Connection, Database, reachable
from projections.reading import POSITION, SQL, Asked, Books, Reading, instant_of, position_at, snapshot, view

_LOG = logging.getLogger("quarterdeck.replica")

EVERY = 1.0
"""Seconds between two looks."""

TRUSTED = 5.0
"""Seconds for which a look counts: a server that hangs is not waited for longer than that."""

WAIT = 0.25
"""Seconds that a read waits for a replica that is nearly there: by then it is quicker to ask the primary."""

PATIENCE = 1.0
"""Seconds that it waits for a connection."""

_LOOK_AGAIN = 0.01
_PASSING = (
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.QueryCanceled,
    PoolTimeout,
)
"""What ends one read and says nothing about the server: rows that it needed were cleared away on the primary (a
recovery conflict), it took too long, or all connections were busy."""

_AWAY = "The replica cannot be reached."

State = Literal["live", "behind", "unreachable", "not_a_replica", "other_ledger"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How the replica is: `position` of its books, `lag` in events behind the primary's, `error` in words."""

    state: State
    position: int = 0
    lag: int = 0
    error: str | None = None


class Replica:
    """The way to read the past: from the replica or, where it cannot answer, from the primary."""

    def __init__(self, database: Database, primary: Books) -> None:
        self._database = database
        self._primary = primary
        self._standing = Standing("unreachable", error="The replica has not been looked at yet.")
        self._looked_at = float("-inf")
        self._mark = 0
        self._forgotten = 0
        self._closing = Event()
        self._thread: Thread | None = None

    @property
    def standing(self) -> Standing:
        """How it is, by the last look."""
        if self._thread is not None and monotonic() - self._looked_at > TRUSTED:
            return replace(self._standing, state="unreachable", error=self._standing.error or "The replica is silent.")
        return self._standing

    def start(self) -> None:
        """Begins to look, in the background."""
        self._thread = Thread(target=self._watch, name="replica", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends that."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(EVERY)

    def forgot(self, position: int) -> None:
        """Something was redacted or erased at a position: before the replica has it too, it answers nothing."""
        self._forgotten = max(self._forgotten, position)

    def lost(self, error: NotReady) -> None:
        """A read broke off. The server is asked nothing until the next look, unless it was the read alone."""
        _LOG.warning("A read is made on the primary instead: %s", error)
        if not isinstance(error.__cause__, _PASSING):
            self._note(replace(self._standing, state="unreachable", error=_AWAY))

    @contextmanager
    def reading(
        self, as_of: str | None = None, valid_at: str | None = None, *, min_position: int | None = None
    ) -> Iterator[Reading]:
        """A view at the two clocks, as `Books.reading` gives it. Raises `Invalid`, `NotReady`."""
        with ExitStack() as stack:
            reading = self._answer(stack, as_of, valid_at, min_position or 0) if as_of is not None else None
            yield reading or stack.enter_context(self._primary.reading(as_of, valid_at, min_position=min_position))

    def _answer(self, stack: ExitStack, as_of: str, valid_at: str | None, least: int) -> Reading | None:
        """The replica's view; `None` if it is for the primary."""
        state = self.standing.state
        if state not in ("live", "behind"):
            return None
        deadline = monotonic() + (WAIT if state == "live" else 0)
        try:
            while True:
                connection = stack.enter_context(snapshot(self._database))
                asked, reached = self._stand(connection, as_of, max(least, self._forgotten))
                if reached and asked is not None:
                    found = view(connection, self._primary.reader, asked, valid_at, replica=True)
                    return replace(found, remembered=self._primary.remembered)
                stack.close()
                if reached or monotonic() > deadline:
                    return None
                sleep(_LOOK_AGAIN)
        except NotReady as error:
            stack.close()
            self.lost(error)
            return None

    def _stand(self, connection: Connection, as_of: str, least: int) -> tuple[Asked | None, bool]:
        """What `as_of` comes to here, if that is known here; and whether the replica has reached what is needed.

        Which position an instant names is known once something later has been recorded.
        """
        row: Any = connection.execute(SQL["replica_stands"]).fetchone()
        follows, stands, recorded_at, now = row
        if not follows or as_of == now.date().isoformat():
            return None, True
        position = _position(connection, as_of, recorded_at)
        if position is None:
            return None, False
        return Asked(position, explicit=True, now=now), stands >= max(position, least)

    def _watch(self) -> None:
        while not self._closing.is_set():
            self._looked()
            self._closing.wait(EVERY)

    def _looked(self) -> None:
        """One look, noted."""
        try:
            self._note(self._look())
            self._looked_at = monotonic()
        except (NotReady, psycopg.errors.UndefinedTable) as error:
            # The primary is away, or has no books yet: what is known of the replica goes stale.
            _LOG.debug("The primary cannot be asked how far it is: %s", error)

    def _look(self) -> Standing:
        """How the replica is now. Raises `NotReady` if the primary cannot be asked."""
        newest, trouble = self._newest()
        follows, stands, position, id = newest or (True, 0, 0, None)
        with self._primary.database.connection() as connection:
            row: Any = connection.execute(SQL["beside"], {"position": position, "id": id}).fetchone()
        _, reached, forgotten, is_ours = row
        self.forgot(forgotten)
        mark, self._mark = self._mark, reached
        lag = max(reached - stands, 0)
        if trouble is not None:
            _LOG.debug("The replica cannot be read: %s", trouble)
            return Standing("unreachable", stands, lag, _AWAY)
        if not follows:
            return Standing("not_a_replica", stands, lag, "The server is no replica; it takes writes of its own.")
        if newest and not is_ours:
            return Standing("other_ledger", stands, lag, "The server follows another ledger.")
        if stands < mark:
            return Standing("behind", stands, lag, f"The replica is {lag} event{'s' * (lag != 1)} behind.")
        return Standing("live", stands, lag)

    def _newest(self) -> tuple[tuple[bool, int, int, UUID] | None, str | None]:
        """Where the replica is; or what is wrong. By a connection of its own, since those of the pool may be busy."""
        try:
            with reachable(), closing(self._database.dedicated()) as connection:
                row: Any = connection.execute(SQL["newest"]).fetchone()
        except (NotReady, psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege) as error:
            return None, str(error)
        return row, None

    def _note(self, standing: Standing) -> None:
        if standing.state != self._standing.state:
            say = _LOG.info if standing.state == "live" else _LOG.warning
            say("The replica is %s%s", standing.state, f": {standing.error}" if standing.error else ".")
        self._standing = standing


def _position(connection: Connection, as_of: str, recorded_at: datetime | None) -> int | None:
    """The position that `as_of` names; `None` if the primary alone can tell. Raises `Invalid`."""
    if POSITION.fullmatch(as_of):
        return int(as_of)
    instant = instant_of("as_of", as_of, "a position, ")
    if recorded_at is None or instant > recorded_at:
        return None
    return position_at(connection, instant)
