"""The live driver: follows the ledger and keeps the books, one projector active at a time.

The active one holds a PostgreSQL advisory lock on a connection of its own; when its process or that connection
dies, another takes over. The lock only saves work: what keeps two from writing at once is that the bookmarks are
locked, and compared, in the transaction that writes the rows. That transaction is made on the lease's own connection
(`projections.batches`), so whoever has lost that cannot write at all.

It is woken by appends of its own process, if the recorder is told to (`wake`), and by announcements of those of
others (`ledger.notify`) from `start()` to `stop()`. Both may be missing or late, so it looks by itself as well,
every 250 ms. While another projector is the active one, nothing wakes it but that look for the lease. It goes on after
any failure of the database; an event that a book cannot take stops that book alone (`projections.engine`).
"""

import logging
import os
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import suppress
from threading import Event, Thread
from time import monotonic
from typing import Any

import psycopg

from domain.errors import NotReady
from domain.kernel import Fact
from domain.lean import lean
from ledger.database import Connection, Database, reachable
from ledger.notify import Ear
from ledger.reader import Reader
from projections import shadow, store
from projections.batches import Writer
from projections.crew import Crew
from projections.engine import Engine, Standing
from projections.preparing import prepare
from projections.rebuild import RebuildFailed, rebuild
from projections.renewal import redacted, renew
from projections.shelf import BOOKS
from projections.store import SQL
from projections.world import BLANK, World

BATCH = 500
POLL = 0.25
MOST_FACTS = 30_000
FAR = 50_000
"""Events: whoever has so many to catch up with, and a quarter of the ledger, is quicker by a rebuild than batch after
batch."""
_SHOW_EVERY = 5.0
"""Seconds between two lines of a log about a long rebuild."""

_log = logging.getLogger("quarterdeck.projector")


class LostLease(Exception):
    """Somebody else wrote the books: this projector starts over."""


class Projector:
    """Keeps the books of one ledger. `start()` runs it in a thread; `catch_up()` in the caller's.

    `on_progress` is called with the position after each batch; `on_told`, when it follows, with the position where
    another process says the books are.
    """

    def __init__(
        self,
        database: Database,
        reader: Reader,
        on_progress: Callable[[int], None] = lambda _: None,
        on_told: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._database = database
        self._reader = reader
        self._on_progress = on_progress
        self._on_told = on_told
        self._woken = Event()
        self._stopping = Event()
        self._lock: Connection | None = None
        self._writer: Writer | None = None
        self._checked = 0.0
        self._engine: Engine | None = None
        self._may_leap = True
        self._thread: Thread | None = None
        self._ear: Ear | None = None

    def start(self) -> None:
        """Begins to follow the ledger."""
        self._ear = Ear(self._database, self.wake, self._on_told)
        self._thread = Thread(target=self._run, name="projector", daemon=True)
        self._thread.start()

    def wake(self, position: int = 0) -> None:
        """There is something new, up to a position if it is known: what was taken already is no reason to look."""
        engine = self._engine
        if engine is None or not 0 < position <= engine.position:
            self._woken.set()

    def stop(self) -> None:
        """Ends after the batch in hand, and gives the lease up."""
        self._stopping.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join()
        if self._ear is not None:
            self._ear.close()
        self._release()

    def catch_up(self, timeout: float = 3600.0, progress: Callable[[int, int], None] | None = None) -> int:
        """Brings the books to the head: itself if the lease is free, else by waiting for whoever has it.

        Answers the position. Raises `NotReady` when it takes longer than `timeout` seconds.
        """
        deadline = monotonic() + timeout
        head = self._reader.head().position
        while True:
            position = self.step() if self._leads() else self._standing_position()
            if progress is not None:
                progress(position, head)
            if position >= head:
                return position
            if monotonic() > deadline:
                raise NotReady(f"The books are at {position}, the ledger is at {head}.")
            if not self._lock:
                self._woken.wait(0.02)
                self._woken.clear()

    def step(self) -> int:
        """Takes the next batch, if there is one; answers where the books are then. Needs the lease."""
        engine = self._engine = self._engine or self._open_engine()
        facts = self._reader.read_after(engine.position, BATCH)
        if len(facts) == BATCH and self._leapt(engine.position):
            engine = self._engine = self._open_engine()
            self._on_progress(engine.position)
        elif facts:
            try:
                first, last = facts[0].position, facts[-1].position
                with self._database.watch.span("project", events=len(facts), first=first, last=last):
                    self._project(engine, facts)
            except BaseException:
                self._engine = None  # what it holds is not what is written: begin anew from the bookmarks
                raise
            self._on_progress(engine.position)
        return engine.position

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if not self._leads():
                    self._stopping.wait(POLL)  # each try costs a connection: appends are no reason for one
                    continue
                self._woken.clear()  # whatever is recorded from here on wakes it again
                before = self._engine.position if self._engine else -1
                if self.step() - before < BATCH and not self._stopping.is_set():
                    self._woken.wait(POLL)  # at most a moment, since nothing guarantees that we hear of it
            except (NotReady, LostLease, psycopg.Error) as error:
                _log.warning("The projector pauses: %s", error)
                self._release()
                self._stopping.wait(POLL)
            except Exception:
                _log.exception("The projector starts over")
                self._release()
                self._stopping.wait(1.0)

    def _leads(self) -> bool:
        """Whether the lease is ours; takes it if it is free."""
        if self._lock is not None and not self._lock.closed:
            if monotonic() - self._checked > 1.0:
                self._lock.execute("SELECT 1")
                self._checked = monotonic()
            return True
        self._engine = None
        connection = self._database.dedicated()
        row = connection.execute(SQL["try_lease"], {"schema": self._database.schema}).fetchone()
        if row is None or not row[0]:
            connection.close()
            return False
        self._lock = connection
        self._checked = monotonic()
        try:
            self._take_over(connection)
        except BaseException:
            self._release()
            raise
        return True

    def _take_over(self, connection: Connection) -> None:
        """Makes sure of the books, and says who writes them from now on."""
        outdated = prepare(self._database)
        if outdated:
            # Those of the older program answer until it is done.
            self._rebuild(f"for this version of the program: {', '.join(outdated)}")
        holder = f"{socket.gethostname()}:{os.getpid()}"
        connection.execute(SQL["show_lease"], {"holder": holder})
        self._writer = Writer(connection)

    def _leapt(self, position: int) -> bool:
        """Whether the books were far behind and a rebuild has brought them on, while they answered as of before."""
        head = self._reader.head().position
        if not self._may_leap or head - position < FAR or (head - position) * 4 < head:
            return False
        self._may_leap = False  # whatever it fails for, it would fail for again, and nothing would go on meanwhile
        try:
            self._rebuild("to catch up")
        except RebuildFailed as error:  # a book that stops, or somebody else's rebuild
            _log.warning("Going on batch after batch: %s", error)
            return False
        except (NotReady, psycopg.Error, BrokenExecutor):
            with suppress(NotReady, psycopg.Error):
                shadow.give_up(self._database)  # what it has written may be what fills the disk
            raise
        self._may_leap = True
        return True

    def _rebuild(self, why: str) -> None:
        _log.warning("Rebuilding %s", why)
        shown = monotonic()

        def show(done: int, of: int) -> None:
            nonlocal shown
            if self._stopping.is_set():
                raise LostLease("told to stop; the next start goes on with it")
            if monotonic() - shown > _SHOW_EVERY:
                shown = monotonic()
                _log.info("Rebuilt %d of %d events", done, of)

        report = rebuild(self._database, self._reader, show, compare=False, crew=Crew(here=False))
        _log.warning("Rebuilt %d events in %.1f s", report.position, report.seconds)

    def _release(self) -> None:
        self._engine = self._writer = None
        if self._lock is not None:
            with suppress(psycopg.Error):
                self._lock.close()
            self._lock = None

    def _open_engine(self) -> Engine:
        with self._database.connection() as connection:
            known = store.standings(connection)
        standings = [Standing(book, known[book.name][1]) for book in BOOKS]
        engine = Engine(standings, World(BLANK, MOST_FACTS))
        engine.world = World(store.source(self._reader, lambda: engine.position), MOST_FACTS)
        # A book that is stopped stays behind, and would stop a rebuild.
        self._may_leap = self._may_leap and not any(error for _, _, error in known.values())
        return engine

    def _standing_position(self) -> int:
        with suppress(psycopg.errors.UndefinedTable), self._database.connection() as connection:
            return min((position for _, position, _ in store.standings(connection).values()), default=0)
        return 0

    def _project(self, engine: Engine, facts: Sequence[Fact[Any]]) -> None:
        before = {standing.book.name: standing.position for standing in engine.standings}
        for fact in facts:
            lean(fact.event)  # the engine keeps them
        output = engine.take(facts)
        renewed = redacted(facts)

        def renew_all(connection: Connection) -> None:
            for ref in renewed:
                renew(connection, self._reader, ref, engine.position)
                engine.forget()

        with reachable():
            assert self._writer is not None  # noqa: S101  # the lease is held
            if not self._writer.write(output, engine.standings, before, renew_all if renewed else None):
                raise LostLease("the books were written by somebody else")
        stopped = [standing for standing in engine.standings if standing.error]
        for standing in stopped:
            _log.error("The book of %s is stopped: %s", standing.book.name, standing.error)
