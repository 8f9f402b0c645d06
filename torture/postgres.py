"""A PostgreSQL of its own to break: killed, frozen, restarted, out of space, with its clock set back, failed over.

It is durable, as a server's is. Where mounting is allowed (root on Linux), it lives on a small tmpfs whose size can be
taken down to what is used: that is the full disk. Where it is not, `can_fill` says so.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import LiteralString

import psutil  # type: ignore[import-untyped]
import psycopg
from psycopg.conninfo import make_conninfo

from ledger.cluster import Cluster
from ledger.database import Database
from ledger.migrations import migrate

_SIZE = "2g"
_OURS = "torture"
_SETTINGS = {
    "max_wal_size": "128MB",  # the disk is small
    "wal_keep_size": "0",
    "restart_after_crash": "on",
}


class Postgres:
    """The cluster that the servers use; after a failover, another one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._disk = folder / "disk"
        self._disk.mkdir()
        self.can_fill = _mounted(self._disk)
        self._generation = 0
        self._replica: Cluster | None = None
        self.cluster = Cluster(self._disk / "pg0")
        self.cluster.start()
        with self.admin() as admin:
            for name, value in _SETTINGS.items():
                admin.execute(f"ALTER SYSTEM SET {name} = '{value}'")
            admin.execute("SELECT pg_reload_conf()")
        migrate(Database(self.url))

    @property
    def url(self) -> str:
        """For those who want no proxy between."""
        return make_conninfo(dbname="postgres", user="postgres", port=5432, host=str(self.cluster.sockets()))

    def connect(self) -> socket.socket:
        """A connection to its socket. Raises `OSError` while there is none."""
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(f"{self.cluster.sockets()}/.s.PGSQL.5432")
        except (OSError, IndexError) as error:
            connection.close()
            raise OSError("PostgreSQL is away") from error
        return connection

    @contextmanager
    def admin(self) -> Iterator[psycopg.Connection]:
        """A connection of the superuser, in autocommit; it has a name, so that no fault is meant for it."""
        with psycopg.connect(self.url, autocommit=True, connect_timeout=10, application_name=_OURS) as connection:
            yield connection

    def start(self) -> None:
        """Starts it unless it runs."""
        self.cluster.start()

    def kill(self) -> None:
        """kill -9 of the postmaster; its processes notice and end."""
        for process in self.processes()[:1]:
            with suppress(psutil.Error):
                process.kill()

    def restart(self, mode: str) -> None:
        """As its operator does: fast or immediate."""
        self.cluster._run("pg_ctl", "restart", "-w", "-t", "600", "-m", mode, "-l", self.cluster.log.name)

    def processes(self) -> list[psutil.Process]:
        """All of its processes, the first one first; none if it does not run."""
        return _processes(self.cluster)

    def backends(self) -> list[int]:
        """The process ids of all connections but ours."""
        with self.admin() as admin:
            rows = admin.execute(
                "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name <> %s",
                [_OURS],
            ).fetchall()
        return [row[0] for row in rows]

    def holders(self, what: str) -> list[int]:
        """The process ids of connections that hold the lease of the `projector` or the `sealer`."""
        with self.admin() as admin:
            rows = admin.execute(
                "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid ="
                " (hashtext(%s)::bigint & 4294967295)::oid",
                [f"quarterdeck {what}"],
            ).fetchall()
        return [row[0] for row in rows]

    def terminate(self, pids: Sequence[int]) -> int:
        """pg_terminate_backend of each. Answers how many there were."""
        with self.admin() as admin:
            rows = admin.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS pid", [list(pids)])
            return sum(row[0] for row in rows)

    def set_clock_back(self, seconds: float) -> None:
        """By moving the last recording into the future: to the ledger, its clock is behind by as much then."""
        with self.admin() as admin:
            admin.execute(
                "UPDATE quarterdeck.head SET recorded_at = greatest(recorded_at, clock_timestamp())"
                " + %s * interval '1 second' WHERE position > 0",
                [seconds],
            )

    def follow(self) -> None:
        """Makes a synchronous replica: from when this returns, no commit is answered that it does not have."""
        self._give_up_replica()
        replica = Cluster(self._disk / f"pg{self._generation + 1}")
        replica.folder.mkdir(mode=0o700)
        replica._give_away(replica.folder)
        self._replica = replica
        replica._run("pg_basebackup", "-d", self.url, "-X", "stream", "-c", "fast", "-R")
        for note in replica.folder.glob(".s.PGSQL.*.lock"):
            note.unlink()
        replica.start()
        self._await("SELECT FROM pg_stat_replication WHERE state = 'streaming'", replica)
        with self.admin() as admin:
            # After the copy: promoted, the replica waits for nobody.
            admin.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            admin.execute("SELECT pg_reload_conf()")
        self._await("SELECT FROM pg_stat_replication WHERE sync_state = 'sync'", replica)

    def _await(self, query: LiteralString, replica: Cluster) -> None:
        for _ in range(600):
            with self.admin() as admin:
                if admin.execute(query).fetchone() is not None:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"the replica does not follow: {(replica.folder / 'log').read_text()[-2000:]}")

    def _give_up_replica(self) -> None:
        """One that was begun and did not come to follow."""
        with self.admin() as admin:
            admin.execute("ALTER SYSTEM RESET synchronous_standby_names")
            admin.execute("SELECT pg_reload_conf()")
        if self._replica is not None:
            _kill(self._replica)
            shutil.rmtree(self._replica.folder, ignore_errors=True)
            self._replica = None

    def fail_over(self) -> None:
        """Kills all of the primary's processes; the replica takes its place, and the primary's folder goes."""
        assert self._replica is not None, "there is a replica"
        old, self.cluster, self._generation = self.cluster, self._replica, self._generation + 1
        self._replica = None
        _kill(old)
        with self.admin() as admin:
            admin.execute("SELECT pg_promote(true, 60)")
        shutil.rmtree(old.folder)

    def fill(self, *, log: bool) -> bool:
        """Leaves no space on the disk, nor, with `log`, in the segments that the log has in reserve.

        Answers whether that was felt: somebody who wants space is told that there is none, or PostgreSQL gives up.
        """
        used = shutil.disk_usage(self._disk).used
        _remount(self._disk, f"{used // 1024 + 16}k")
        try:
            with self.admin() as admin:
                for _ in range(30):
                    admin.execute("CREATE TABLE IF NOT EXISTS filler AS SELECT repeat('x', 1000) AS x")
                    admin.execute("INSERT INTO filler SELECT repeat('x', 1000) FROM generate_series(1, 500)")
                    if log:
                        admin.execute("SELECT pg_switch_wal()")
        except psycopg.OperationalError:
            return True
        return False

    def free(self) -> None:
        """Gives the space back."""
        _remount(self._disk, _SIZE)

    def clean(self) -> None:
        """Removes what `fill` has made."""
        with self.admin() as admin:
            admin.execute("DROP TABLE IF EXISTS filler")

    def close(self) -> None:
        """Ends it, and removes its disk."""
        for process in self.processes():
            with suppress(psutil.Error):
                process.resume()
        try:
            self.cluster.stop()
        finally:
            if self._replica is not None:
                _kill(self._replica)
            if self.can_fill:
                subprocess.run(["umount", "-l", self._disk], check=False, capture_output=True)


def _processes(cluster: Cluster) -> list[psutil.Process]:
    """Of a cluster; of one that does not run, none."""
    with suppress(psutil.Error, OSError, IndexError, ValueError):
        first = psutil.Process(int((cluster.folder / "postmaster.pid").read_text().split()[0]))
        if "postgres" in first.name():  # and not somebody who has its number by now
            return [first, *first.children()]
    return []


def _kill(cluster: Cluster) -> None:
    """All of a cluster's processes at once, and waits until they are gone."""
    killed = _processes(cluster)
    for process in killed:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(killed, timeout=30)


def _mounted(folder: Path) -> bool:
    """Puts a small disk there, if we may."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    command = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE},mode=0755", "tmpfs", str(folder)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _remount(folder: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", folder], check=True, capture_output=True)
