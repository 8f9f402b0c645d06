"""Real PostgreSQL for tests: one embedded cluster for all workers of a run, a database for who wants one.

A database is cloned from a template that is migrated once a run, which takes some tens of milliseconds.
"""

from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ledger.database import Database
from ledger.embedded import embedded
from ledger.migrations import migrate

TEMPLATE = "quarterdeck_template"


class Postgres:
    """The run's cluster. Each worker starts or joins it; it stops with the last one."""

    def __init__(self, folder: Path) -> None:
        # What is lost when the machine loses power during a test is no loss.
        self._embedded = embedded(folder, durable=False)
        self.url = self._embedded.url

    def stop(self) -> None:
        self._embedded.stop()

    def url_of(self, name: str, **parameters: str) -> str:
        # A machine that is busy with other tests is no fault of the one that waits.
        return make_conninfo(self.url, dbname=name, **{"connect_timeout": "60", **parameters})

    def empty_database(self) -> str:
        """The name of a new database without a ledger."""
        return self._create("template1")

    def migrated_database(self) -> str:
        """The name of a new database with an empty ledger."""
        self._make_template()
        return self._create(TEMPLATE)

    def copy_of(self, name: str) -> str:
        """The name of a new database like one that nobody is connected to."""
        return self._create(name)

    def drop(self, name: str) -> None:
        with self.admin() as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def admin(self, name: str = "postgres") -> psycopg.Connection:
        """A connection of the superuser, in autocommit."""
        return psycopg.connect(self.url_of(name), autocommit=True)

    def _create(self, template: str) -> str:
        name = f"test_{uuid4().hex}"
        # Where nothing waits for the disk, copying files is twice as fast as logging pages.
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        with self.admin() as connection:
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return name

    def _make_template(self) -> None:
        """Once a run, whichever worker comes first."""
        with self.admin() as connection:
            connection.execute("SELECT pg_advisory_lock(1)")
            found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone()
            if found is None:
                name = self._create("template1")
                migrate(Database(self.url_of(name)))
                statement = sql.SQL("ALTER DATABASE {} RENAME TO {}")
                connection.execute(statement.format(sql.Identifier(name), sql.Identifier(TEMPLATE)))
