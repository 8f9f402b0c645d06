"""Waking those who follow the tail: threads of this process at once, other processes by NOTIFY.

Both are a courtesy. A NOTIFY inside the append's transaction would take a lock that all commits of the
cluster share, so it is sent afterwards, by a thread, once for all appends of about ten milliseconds. It may
be late or lost; whoever follows polls as well (`ledger.subscription`).
"""

import logging
import threading
from collections.abc import Callable

from domain.errors import NotReady
from ledger.database import Connection, Database, reachable
from ledger.sql import load

_SQL = load("ledger", "queries.sql")
_LOG = logging.getLogger(__name__)

PAUSE = 0.01
"""Seconds between two announcements."""


class Announcer:
    """Tells of new positions. Its thread starts with the first one and ends with `close()`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: list[Callable[[int], None]] = []
        self._due = threading.Event()
        self._closed = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._position = 0

    def listen(self, callback: Callable[[int], None]) -> Callable[[], None]:
        """Calls back in the appending thread after a commit, with the last position; the answer ends that."""
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback)

    def announce(self, position: int) -> None:
        """Tells listeners here now, and other processes soon."""
        self._position = max(self._position, position)
        for callback in tuple(self._listeners):
            try:
                callback(position)
            except Exception:  # what is recorded is recorded: the append must not fail for its listeners
                _LOG.exception("A listener failed at position %s", position)
        with self._starting:
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._run, name="announcer", daemon=True)
                self._thread.start()
        self._due.set()

    def close(self) -> None:
        """Sends what is due and ends the thread."""
        with self._starting:
            self._closed.set()
        self._due.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while self._due.is_set() or not self._closed.is_set():
            self._due.wait()
            self._due.clear()
            self._send()
            self._closed.wait(PAUSE)

    def _send(self) -> None:
        announcement = {"schema": self._database.schema, "position": self._position}
        try:
            with self._database.connection() as connection:
                connection.execute(_SQL["announce"], announcement)
        except NotReady as error:
            _LOG.debug("Not announced, followers will see it when they poll: %s", error)


class Ear:
    """Hears the announcements of any process, on a connection of its own, made again when it breaks."""

    def __init__(self, database: Database, heard: Callable[[], None]) -> None:
        self._database = database
        self._heard = heard
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ear", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the thread, within half a second."""
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                with reachable(), self._database.dedicated() as connection:
                    connection.execute(_SQL["listen"])
                    self._heard()  # whatever was said while nobody listened
                    self._hear(connection)
            except NotReady as error:
                _LOG.info("Hearing of appends is interrupted, polling goes on: %s", error)
                self._closed.wait(1)

    def _hear(self, connection: Connection) -> None:
        prefix = f"{self._database.schema} "
        while not self._closed.is_set():
            for notification in connection.notifies(timeout=0.5, stop_after=1):
                if notification.payload.startswith(prefix):
                    self._heard()
