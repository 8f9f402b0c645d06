"""What a process has open while it works on a ledger: the database, the way in, the books, the keys.

    with running(settings) as runtime:
        runtime.ledger.execute(order)

It opens and closes in one place, for the server and for the command line. A server starts also while its
database is away: everything is refused with `NotReady` until a thread in the background has found it.
"""

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from api.admission import Admission
from api.attempts import Attempts
from api.credentials import Keys
from api.lookups import Lookups
from api.metrics import Metrics
from api.observer import Observer
from api.oidc.settings import OidcSettings
from api.parts import Part, Whole, Works
from api.setting_errors import SettingsError
from api.settings import Settings
from api.tracing import Tracer
from domain.catalogue import EVENTS
from domain.errors import NotReady
from ledger.application import Ledger
from ledger.database import Database
from ledger.embedded import embedded
from ledger.errors import LedgerError
from ledger.mapper import EventMapper
from ledger.migrations import check_migrated, migrate
from ledger.proofs.keys import KeyFolder
from ledger.proofs.sealer import Sealer
from ledger.recorder import LedgerRecorder
from projections.projector import Projector
from projections.reading import Books
from projections.replica import PATIENCE as REPLICA_PATIENCE
from projections.replica import Replica
from projections.sealing import seal_due

if TYPE_CHECKING:
    from api.oidc.sign_in import SignIn

_LOG = logging.getLogger("quarterdeck.runtime")

PATIENCE = 5.0
"""Seconds to wait for the books of a new ledger."""

RETRY = 1.0
"""Seconds between two attempts at what the database does not allow just now."""

OnAdminKey = Callable[[str, Path], None]
"""Is told of the key that a server's first start makes, and of the folder where it is kept."""


class Runtime:
    """One open ledger. Nothing connects until `prepare()`."""

    def __init__(
        self, settings: Settings, database: Database, replica: Database | None = None, part: Part | None = None
    ) -> None:
        self.settings = settings
        self.database = database
        self.recorder = LedgerRecorder(database, EventMapper(EVENTS))
        self.ledger = Ledger(self.recorder, most_waiting=settings.most_waiting)
        self.admission = Admission(settings.most_waiting)
        self.books = Books(database, self.recorder)
        self.replica = Replica(replica, self.books) if replica is not None else None
        self.projector = Projector(database, self.recorder, self._advanced, self.books.told)
        self.keys = Keys(database, settings.admin_key)
        self.lookups = Lookups(self.keys)
        self.attempts = Attempts()
        self.sign_in = None if settings.oidc is None else _sign_in(settings.oidc, database, self.ledger, self.books)
        self.signing = KeyFolder(settings.data, database.schema)
        self.sealer = Sealer(database, self.recorder, self.signing)
        self._part = part or Whole()
        self._works = Works(self.recorder, self.books, self.projector, self.sealer)
        self.metrics: Metrics | None = None
        """A server's figures; the command line has none."""
        self.tracer = Tracer(settings.traces) if settings.traces else None
        database.watch = Observer(None, self.tracer)
        self.stopping = False
        """Whether it was told to stop: what is in hand is finished, and nothing more is begun."""
        self._reason: str | None = "The server is starting."
        self._closing = threading.Event()
        self._unsealed = threading.Event()
        self._thread: threading.Thread | None = None

    def _advanced(self, position: int) -> None:
        self._part.advanced(self._works, position)

    def seal_error(self) -> str | None:
        """Why nothing is sealed; `None` if it is."""
        return self._part.seal_error(self._works)

    def check(self) -> None:
        """Raises `NotReady` until the ledger has been found and is one that this program knows, and at the end."""
        if self.stopping:
            raise NotReady("The server is stopping.")
        if self._reason is not None:
            raise NotReady(self._reason)

    def prepare(self, on_admin_key: OnAdminKey | None = None) -> None:
        """Makes the ledger ready for work; with `on_admin_key`, for a server's. Raises `NotReady`, `LedgerError`."""
        try:
            if self.settings.database_url is None:
                migrate(self.database)
            else:
                check_migrated(self.database)
            secret = self.keys.ensure_admin(self.settings.data) if on_admin_key else None
        except NotReady:
            self._reason = "The database cannot be reached just now."
            raise
        except LedgerError as error:
            self._reason = str(error)
            raise
        if on_admin_key and secret is not None:
            on_admin_key(secret, self.settings.data)
        # A server seals; the command line has the sealer catch up where it is needed.
        self._part.begin(self._works, seals=on_admin_key is not None)
        self._await_books()
        if self.replica is not None:
            self.replica.start()
        self._reason = None

    def _await_books(self) -> None:
        """On a new ledger the projector makes the books' tables first; whoever reads at once should not meet that."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and not self._closing.wait(0.01):
            try:
                with self.books.reading():
                    return
            except NotReady as error:
                _LOG.debug("The books are not there yet: %s", error)

    def serve(self, on_admin_key: OnAdminKey) -> None:
        """Prepares for serving. Raises a `LedgerError`; what the database does not allow yet is done later.

        That includes the sealing of cycles which a server closed that died before it came to that.
        """
        self.metrics = Metrics(self.database)
        self.database.watch = Observer(self.metrics, self.tracer)
        prepare: Callable[[], object] = partial(self.prepare, on_admin_key)
        try:
            prepare()
            todo = []
        except NotReady as error:
            _LOG.warning("Starting without the database, and looking for it: %s", error)
            todo = [prepare]
        self._thread = threading.Thread(target=self._work, args=(todo,), name="runtime", daemon=True)
        self._thread.start()

    def seal_later(self) -> None:
        """Has the background seal what could not be sealed at once."""
        self._unsealed.set()

    def _work(self, todo: Sequence[Callable[[], object]]) -> None:
        for step in todo:
            self._persist(step)
        while not self._closing.is_set():
            self._unsealed.clear()
            self._persist(partial(seal_due, self.ledger, self.books))
            self._unsealed.wait()

    def _persist(self, step: Callable[[], object]) -> None:
        said = None
        while not self._closing.is_set():
            try:
                step()
                return
            except (NotReady, LedgerError) as error:
                if str(error) != said:
                    said = str(error)
                    _LOG.warning("Not ready yet: %s", said)
                self._closing.wait(RETRY)

    def close(self) -> None:
        """Ends what works in the background; what it has in hand is finished, unless that takes long."""
        self._closing.set()
        self._unsealed.set()
        if not self.ledger.close():
            _LOG.warning("Some writes are still under way; who sent them cannot know what became of them.")
        if self._thread is not None:
            self._thread.join(RETRY)
        if self.replica is not None:
            self.replica.stop()
        self._part.end(self._works)
        self.recorder.close()
        if self.tracer is not None:
            self.tracer.close()


def _sign_in(settings: OidcSettings, database: Database, ledger: Ledger, books: Books) -> "SignIn":
    # What it takes to ask a provider is large, and most have none.
    from api.oidc.sign_in import SignIn

    return SignIn(settings, database, ledger, books)


def _unquoted(error: Exception) -> str:
    """What is wrong with a URL, without what it quotes of it, which may be the password."""
    return re.sub(r'"[^"]*"', '"…"', str(error))


@contextmanager
def running(
    settings: Settings, *, on_admin_key: OnAdminKey | None = None, part: Part | None = None
) -> Iterator[Runtime]:
    """Opens the ledger of the settings, ready for work, and closes it. `part`: of a server's work, if not all.

    With `on_admin_key` it is a server's: it opens although the database is away, and an admin's key is made
    if there never was one. Raises a `LedgerError` where waiting would not help, `SettingsError`, and
    `NotReady` when the database is away and it is no server's.
    """
    with ExitStack() as stack:
        url = settings.database_url
        if url is None:
            server = embedded(settings.data)
            stack.callback(server.stop)
            url = server.url
        try:
            database = stack.enter_context(Database(url, settings.schema))
            copy = None
            if settings.read_database_url is not None and on_admin_key is not None:
                # Whoever finds no connection free there is answered by the primary before long.
                url = settings.read_database_url
                copy = stack.enter_context(Database(url, settings.schema, patience=REPLICA_PATIENCE))
        except (ValueError, psycopg.ProgrammingError) as error:
            raise SettingsError(f"This names no database: {_unquoted(error)}") from None
        runtime = Runtime(settings, database, copy, part)
        stack.callback(runtime.close)
        if on_admin_key is None:
            runtime.prepare()
        else:
            runtime.serve(on_admin_key)
        yield runtime
