"""Waking those who follow the tail: threads of this process at once, other processes by NOTIFY.

It is told where the ledger is, and where its books are, for those who wait for these where the active projector is not.
Both are a courtesy. A NOTIFY inside the append's transaction would take a lock that all commits of the cluster share,
so it is sent afterwards, by a thread, once for all appends of about ten milliseconds. It may be late or lost; whoever
follows polls as well (`ledger.subscription`).
"""

import logging
import selectors
import socket
import threading
from collections.abc import Callable

import psycopg

from domain.errors import NotReady
from ledger.database import Connection, Database, reachable
from ledger.sql import load

_SQL = load("ledger", "queries.sql")
_LOG = logging.getLogger(__name__)

PAUSE = 0.01
"""Seconds between two announcements."""

_DIGITS = 20
"""A position has fewer."""

_BOOKS = "books "

RETRY = 1.0
"""Seconds between two attempts to listen."""


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
        self._books = 0
        self._sent: dict[str, int] = {}

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
        self._send_soon()

    def announce_books(self, position: int) -> None:
        """Tells other processes soon how far the books are."""
        self._books = max(self._books, position)
        self._send_soon()

    def _send_soon(self) -> None:
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
        due = {"": self._position, _BOOKS: self._books}
        payloads = [f"{self._database.schema} {of}{now}" for of, now in due.items() if now > self._sent.get(of, 0)]
        self._sent = due
        try:
            with self._database.connection() as connection:
                connection.execute(_SQL["announce"], {"payloads": payloads})
        except NotReady as error:
            _LOG.debug("Not announced, followers will see it when they poll: %s", error)


class Ear:
    """Hears the announcements of any process, on a connection of its own, made again when it breaks.

    `heard` is given the position that was announced, `books` that of the books; 0 if some may have been missed.
    """

    def __init__(
        self, database: Database, heard: Callable[[int], None], books: Callable[[int], None] = lambda _: None
    ) -> None:
        self._database = database
        self._heard = heard
        self._books = books
        self._closed = threading.Event()
        # A connection belongs to one thread at a time, so `close()` leaves it alone and says so beside it.
        self._closing, self._close = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="ear", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the thread and its connection, at once unless it is just connecting. Twice does no harm."""
        self._closed.set()
        self._close.close()
        self._thread.join()
        self._closing.close()

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                with reachable(), self._database.dedicated() as connection:
                    connection.execute(_SQL["listen"])
                    for callback in (self._heard, self._books):  # whatever was said while nobody listened
                        callback(0)
                    self._hear(connection)
            except (NotReady, psycopg.Error) as error:  # also of an engine that has no LISTEN
                _LOG.info("Hearing of appends is interrupted, polling goes on: %s", error)
                self._books(0)  # from here on they may come to positions that nobody hears of
                self._closed.wait(RETRY)

    def _hear(self, connection: Connection) -> None:
        prefix = f"{self._database.schema} "
        with selectors.DefaultSelector() as selector:
            selector.register(connection.fileno(), selectors.EVENT_READ)
            selector.register(self._closing, selectors.EVENT_READ)
            while not self._closed.is_set():
                selector.select()
                payloads = [each.payload for each in connection.notifies(timeout=0)]
                heard = [payload.removeprefix(prefix) for payload in payloads if payload.startswith(prefix)]
                books = [_position(told.removeprefix(_BOOKS)) for told in heard if told.startswith(_BOOKS)]
                positions = [_position(told) for told in heard if not told.startswith(_BOOKS)]
                if positions:
                    self._heard(max(positions))
                if books:
                    self._books(max(books))


def _position(told: str) -> int:
    """The position that was announced; 0 of what is none, for whoever may connect to the database may say anything."""
    return int(told) if told.isdecimal() and len(told) < _DIGITS else 0
