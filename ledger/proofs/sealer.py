"""The sealer: follows the ledger, adds its events to the tree, and signs what it comes to.

It is off the write path: appends know nothing of it. One is active at a time, by a PostgreSQL advisory lock on a
connection of its own. The lock only saves work. That there are never two trees of one size is seen to where they are
written, in one transaction:

    lock the tree ─▶ the root of the stored nodes is the last checkpoint's? ─▶ add ─▶ sign ─▶ write

and what was signed is kept beside the key too, so that a ledger which was set back to an older backup is not signed
anew as another. Whatever does not fit stops the sealer, loudly and without a further signature: `error` says why, and
`GET /ledger` shows it. It looks again every few seconds, in case it was put right.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Event, Thread
from time import monotonic

import psycopg

from domain.errors import NotReady
from ledger.database import Connection, Database
from ledger.envelope import StoredFact
from ledger.errors import DataFolderUnusable, LedgerError, SigningKeyElsewhere, TreeBroken
from ledger.notify import Ear
from ledger.proofs import store
from ledger.proofs.keys import KeyFolder
from ledger.proofs.leaf import NoLeaf, leaf_of
from ledger.proofs.notes import Checkpoint, Signer
from ledger.proofs.store import SQL, Incomplete
from ledger.proofs.tree import Growing, Node, leaf_hash
from ledger.reader import END, Reader

BATCH = 5_000
POLL = 0.25
PAUSE = 0.4
"""Seconds between two checkpoints of a ledger that is written to all the time. A first event waits for none of it."""
STANDBY = 1.0
RETRY = 5.0
_LOG = logging.getLogger("quarterdeck.sealer")


class Sealer:
    """Seals one ledger. `start()` runs it in a thread; `catch_up()` in the caller's."""

    def __init__(self, database: Database, reader: Reader, keys: KeyFolder) -> None:
        self._database = database
        self._reader = reader
        self._keys = keys
        self._may_make_key = False
        self._woken = Event()
        self._stopping = Event()
        self._lock: Connection | None = None
        self._checked = 0.0
        self._thread: Thread | None = None
        self._ear: Ear | None = None
        self.error: str | None = None
        """Why it is stopped; `None` if it is not."""
        self._on_error: Callable[[str | None], None] = lambda _: None

    def start(self) -> None:
        """Begins to follow the ledger; makes the signing key if there is none."""
        self._may_make_key = True
        self._ear = Ear(self._database, self.wake)
        self._thread = Thread(target=self._run, name="sealer", daemon=True)
        self._thread.start()

    def on_error(self, callback: Callable[[str | None], None]) -> None:
        """Calls back when it stops, with why, and with `None` when it goes on; now, too."""
        self._on_error = callback
        callback(self.error)

    def _say(self, error: str | None) -> None:
        if error != self.error:
            self.error = error
            self._on_error(error)
            if error is not None:
                _LOG.critical("The sealer is stopped: %s", error)

    def wake(self, _position: int = 0) -> None:
        """There is something new."""
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

    def catch_up(self, patience: float = 10.0, progress: Callable[[int, int], None] | None = None) -> int:
        """Seals up to the head: itself if the lease is free, else by waiting for whoever has it.

        Answers the size of the tree. Raises `NotReady` if it does not get on for so many seconds, `TreeBroken`, or
        `SigningKeyElsewhere`.
        """
        before, deadline = -1, monotonic() + patience
        head = self._reader.head().position
        try:
            while True:
                size = self.step() if self._leads() else self._sealed()
                if progress is not None:
                    progress(size, head)
                if size >= head:
                    return size
                if size > before:
                    before, deadline = size, monotonic() + patience
                if monotonic() > deadline:
                    raise NotReady(f"The tree is at {size}, the ledger is at {head}.")
                if not self._lock:
                    self._stopping.wait(0.05)
        except SigningKeyElsewhere:
            if self._sealed() < head:
                raise
            return head
        finally:
            if self._thread is None:
                self._release()

    def step(self) -> int:
        """Seals the next batch, if there is one; answers the size of the tree then. Needs the lease.

        Raises `TreeBroken` where what is there does not fit what was signed.
        """
        signer = self._signer()
        with self._database.connection() as connection:
            before = store.newest(connection)
        size = before.size if before else -1
        last = self._keys.last(signer)
        ahead = last is not None and last.size > size
        stored = self._reader.stored_after(max(size, 0), BATCH, last.size if last and ahead else END)
        if last is not None and ahead and max(size, 0) + len(stored) < last.size and len(stored) < BATCH:
            raise TreeBroken(
                f"A tree of {last.size} events was signed, and the ledger has {max(size, 0) + len(stored)}: "
                "it was set back, as by an older backup. What was signed is not signed again as something else; "
                "`quarterdeck keys rotate-signing` begins a new log."
            )
        if not stored and before is not None and before.origin == signer.name:
            return size
        hashes = _leaf_hashes(stored, max(size, 0))
        try:
            with self._database.connection() as connection, connection.transaction():
                return self._grow(connection, signer, before, last, hashes)
        except (psycopg.errors.UniqueViolation, psycopg.errors.RestrictViolation) as error:
            raise TreeBroken(f"The stored tree has more than was signed: {error.diag.message_primary}.") from error

    def _grow(
        self,
        connection: Connection,
        signer: Signer,
        before: Checkpoint | None,
        last: Checkpoint | None,
        hashes: Sequence[bytes],
    ) -> int:
        """Adds leaves to the tree, in the caller's transaction. `last`: what this key signed last, by its own note."""
        connection.execute(SQL["lock_tree"], {"schema": self._database.schema})
        if store.newest(connection) != before:
            return before.size if before else 0  # somebody else was quicker; look again
        tree = _tree_of(connection, before, last)
        made: list[tuple[Node, bytes]] = []
        for hashed in hashes:
            made += tree.add(hashed)
        if last is not None and last.size == tree.size and last.root != tree.root:
            raise TreeBroken(f"Another tree of {last.size} events was signed before: the ledger was changed.")
        signed = signer.sign(tree.size, tree.root)
        store.write(connection, made, signed, signer.verifier)
        if last is None or last.size <= signed.size:
            self._keys.keep(signed)
        return signed.size

    def _signer(self) -> Signer:
        with self._database.connection() as connection:
            log = store.log_id(connection)
            signer = self._keys.signer(log)
            if signer is not None:
                return signer
            known = store.verifier_keys(connection)
        if known and not self._may_make_key:
            raise SigningKeyElsewhere(
                f"The checkpoints of this ledger are signed by {known[0].name}, and there is no {self._keys.file} here."
            )
        signer = self._keys.make(log)
        if known:
            _LOG.warning("A new signing key was made, %s: the one before, %s, is not here.", signer.name, known[0].name)
        return signer

    def _sealed(self) -> int:
        with self._database.connection() as connection:
            newest = store.newest(connection)
        return newest.size if newest else -1

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if not self._leads():
                    self._say(None)
                    self._stopping.wait(STANDBY)  # each try costs a connection
                    continue
                before = self._sealed()
                self._woken.clear()
                size = self.step()
                self._say(None)
                if size == before:
                    self._woken.wait(POLL)
                elif size - before < BATCH:
                    self._stopping.wait(PAUSE)
            except (TreeBroken, DataFolderUnusable, SigningKeyElsewhere) as error:
                self._say(str(error))
                self._release()  # whoever verifies meets the same
                self._stopping.wait(RETRY)
            except (NotReady, LedgerError, psycopg.Error) as error:
                _LOG.warning("The sealer pauses: %s", error)
                self._release()
                self._stopping.wait(STANDBY)
            except Exception:
                _LOG.exception("The sealer starts over")
                self._release()
                self._stopping.wait(STANDBY)

    def _leads(self) -> bool:
        """Whether the lease is ours; takes it if it is free."""
        if self._lock is not None and not self._lock.closed:
            if monotonic() - self._checked > 1.0:
                self._lock.execute("SELECT 1")
                self._checked = monotonic()
            return True
        self._lock = store.try_lease(self._database)
        self._checked = monotonic()
        return self._lock is not None

    def _release(self) -> None:
        if self._lock is not None:
            with suppress(psycopg.Error):
                self._lock.close()
            self._lock = None


def _leaf_hashes(stored: Sequence[StoredFact], size: int) -> list[bytes]:
    hashes = []
    for position, event in enumerate(stored, size + 1):
        if event.id != position:
            raise TreeBroken(f"The event at position {position} is missing.")
        try:
            hashes.append(leaf_hash(leaf_of(event)))
        except NoLeaf as error:
            raise TreeBroken(f"The event at position {position} {error}.") from None
    return hashes


def _tree_of(connection: Connection, newest: Checkpoint | None, last: Checkpoint | None) -> Growing:
    """The tree as it is stored. Raises `TreeBroken` unless it is the one that was signed."""
    size = newest.size if newest else 0
    try:
        tree = Growing(size, store.edge(connection, size))
        if newest is not None and tree.root != newest.root:
            raise TreeBroken(f"The stored tree of {size} events is not the one whose checkpoint was signed.")
        if last is not None and last.size <= size and store.root_at(connection, last.size) != last.root:
            raise TreeBroken(f"Another tree of {last.size} events was signed before: this ledger is another one.")
    except Incomplete as error:
        raise TreeBroken(f"Of the stored tree of {size} events {error}.") from None
    return tree


def rotate(database: Database, keys: KeyFolder) -> Signer:
    """Replaces the signing key. The sealer signs with it from then on, also what is sealed already."""
    with database.connection() as connection:
        signer = keys.replace(store.log_id(connection))
        store.add_key(connection, signer.verifier)
    return signer
