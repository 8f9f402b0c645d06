"""Two PostgreSQL servers in streaming replication, for tests of a replica and of a failover.

    with replication(folder) as pair:
        pair.primary.url("postgres")     writes go here
        pair.standby.url("postgres")     a hot standby of it: reads only, a moment behind
        pair.standby.pause()             it receives and keeps what is written, but does not show it
        pair.primary.kill()              as if the machine had lost power
        pair.standby.promote()           it takes writes from now on

Both listen on sockets in their folders and nowhere else, keep nothing safe from a loss of power (`fsync` is off),
and are gone, with all their processes, when the block ends.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ledger.cluster import Cluster

PATIENCE = 60.0


class Server(Cluster):
    """One of the two, running or not. As root it runs as a user of its own, as every `Cluster` does."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, durable=False)

    def url(self, name: str = "postgres", **parameters: str) -> str:
        """The URL of a database, for the superuser."""
        where = {"host": str(self._socket_folder()), "port": "5432", "user": "postgres", "dbname": name}
        return make_conninfo("", **where, **{"connect_timeout": "60", **parameters})

    def admin(self, name: str = "postgres") -> psycopg.Connection:
        """A connection of the superuser, in autocommit."""
        return psycopg.connect(self.url(name), autocommit=True)

    def value(self, query: str) -> object:
        """The one value that a query answers."""
        with self.admin() as connection:
            row = connection.execute(query.encode()).fetchone()
        return row[0] if row else None

    def set(self, **settings: str) -> None:
        """Changes settings that need no restart; they outlive one, and are copied to a standby made later."""
        statement = sql.SQL("ALTER SYSTEM SET {} = {}")
        with self.admin() as connection:
            for name, value in settings.items():
                connection.execute(statement.format(sql.Identifier(name), sql.Literal(value)))
            connection.execute("SELECT pg_reload_conf()")

    def follow(self, primary: "Server") -> None:
        """Becomes a standby of `primary`, from a copy made now; what the folder held is lost. Starts it."""
        if self.folder.exists():
            shutil.rmtree(self.folder)
        self._let_through(self.folder)
        self.folder.mkdir(mode=0o700)
        self._give_away(self.folder)
        self._run("pg_basebackup", "-d", primary.url(), "-X", "stream", "-c", "fast", "-R", "--no-sync")
        # The copy has the note of the primary's socket too, where that lies in its folder.
        for note in self.folder.glob(".s.PGSQL.*.lock"):
            note.unlink()
        self.start()

    def kill(self) -> None:
        """Ends every process of it at once, with SIGKILL. Of one that does not run, nothing."""
        with suppress(FileNotFoundError, IndexError, psutil.NoSuchProcess):
            postmaster = psutil.Process(int(self._postmaster()[0]))
            processes = [postmaster, *postmaster.children(recursive=True)]
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            psutil.wait_procs(processes, timeout=PATIENCE)

    def pause(self) -> None:
        """A standby shows nothing new from here on, though it goes on receiving."""
        self.value("SELECT pg_wal_replay_pause()")
        _until(lambda: self.value("SELECT pg_get_wal_replay_pause_state()") == "paused", "replay did not pause")

    def resume(self) -> None:
        """Goes on after `pause`."""
        self.value("SELECT pg_wal_replay_resume()")

    def promote(self) -> None:
        """A standby becomes a primary, of which the other server knows nothing."""
        with self.admin() as connection:
            assert connection.execute("SELECT pg_promote(true, 60)").fetchone() == (True,)


class Pair:
    """A primary and its standby. The names stay with the servers, whatever becomes of them."""

    def __init__(self, folder: Path) -> None:
        self.primary = Server(folder / "primary")
        self.standby = Server(folder / "standby")

    def start(self, *, synchronous: bool = False) -> None:
        """Makes and starts both. Synchronous: a commit on the primary waits until the standby has it too."""
        self.primary.start()
        # `durable=False` turns this off, and what is written would reach a standby only now and then.
        self.primary.set(synchronous_commit="on", wal_retrieve_retry_interval="100ms")
        self.standby.follow(self.primary)
        if synchronous:
            # After the copy: the standby, once promoted, must wait for nobody.
            self.primary.set(synchronous_standby_names="*")
            _until(self._is_synchronous, "the standby did not become synchronous")

    def _is_synchronous(self) -> bool:
        return self.primary.value("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == 1

    def caught_up(self) -> None:
        """Waits until the standby shows all that the primary has written by now."""
        # A commit sends what it follows, and the record of a lock that somebody holds would wait for one.
        self.primary.value("SELECT pg_logical_emit_message(true, 'so far', '')")
        written = self.primary.value("SELECT pg_current_wal_insert_lsn()")
        _until(
            lambda: self.standby.value(f"SELECT pg_last_wal_replay_lsn() >= '{written}'") is True,
            "the standby did not catch up",
        )

    def end(self) -> None:
        """Ends both, whatever state they are in."""
        self.standby.kill()
        self.primary.kill()


@contextmanager
def replication(folder: Path, *, synchronous: bool = False) -> Iterator[Pair]:
    """A pair in a folder, which is made; it ends with the block."""
    folder.mkdir(parents=True, exist_ok=True)
    pair = Pair(folder)
    try:
        pair.start(synchronous=synchronous)
        yield pair
    finally:
        pair.end()


def _until(holds: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.02)
