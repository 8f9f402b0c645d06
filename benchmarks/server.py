"""An embedded server for one run of the benchmarks, durable as always, and a new database for whoever wants one."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from api.runtime import Runtime, running
from api.settings import Settings
from ledger.database import Database
from ledger.embedded import Embedded, embedded
from ledger.migrations import migrate

ADMIN_KEY = "qd_the-admin-of-all-benchmarks"


class Server:
    """The server and what is made on it; all of it goes at the end."""

    def __init__(self, folder: Path, server: Embedded) -> None:
        self._folder = folder
        self._url = server.url

    def database(self) -> str:
        """The URL of a new, empty database."""
        name = f"benchmark_{uuid4().hex}"
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return make_conninfo(self._url, dbname=name)

    @contextmanager
    def ledger(self) -> Iterator[Runtime]:
        """A new ledger with its projector, as a server has it."""
        url = self.database()
        migrate(Database(url))
        with running(Settings(database_url=url, data=self._folder, admin_key=ADMIN_KEY)) as runtime:
            yield runtime

    def for_library(self) -> dict[str, str]:
        """A new database, as the library wants to be told of it."""
        parts = conninfo_to_dict(self.database())
        return {
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": str(parts["dbname"]),
            "POSTGRES_HOST": str(parts["host"]),
            "POSTGRES_PORT": "5432",
            "POSTGRES_USER": str(parts["user"]),
            "POSTGRES_PASSWORD": "none is needed",
            "POSTGRES_POOL_SIZE": "16",
        }


@contextmanager
def started() -> Iterator[Server]:
    """The server of this run."""
    with tempfile.TemporaryDirectory(prefix="quarterdeck-benchmarks-") as folder:
        server = embedded(Path(folder))
        try:
            yield Server(Path(folder), server)
        finally:
            server.stop()
