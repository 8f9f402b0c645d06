"""Numbered SQL files, each run once, in order, each in a transaction with the row that says so.

However many processes start at once, an advisory lock on the schema's name lets one migrate at a time. A
schema that a newer program migrated, or a file that changed after it was run, stops the program: nothing good
comes of guessing.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.resources import files
from typing import LiteralString

import psycopg
from psycopg.rows import class_row

from ledger.database import Connection, Database
from ledger.errors import MigrationChanged, MigrationRefused, NotMigrated, SchemaTooNew
from ledger.sql import load

_SQL = load("ledger", "bootstrap.sql")
_OLDEST_SERVER = 160_000  # privileges to SET ROLE (bootstrap.sql)
_NAME = re.compile(r"([0-9]{4})_(\w+)\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step, as it stands in a file."""

    number: int
    name: str
    script: LiteralString = field(repr=False)

    @property
    def sha256(self) -> str:
        """What tells whether the file still reads as it did when it was run."""
        return sha256(self.script.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Applied:
    """One step, as the database remembers it."""

    number: int
    name: str
    sha256: str


def migrations() -> tuple[Migration, ...]:
    """All steps that this program knows, in order."""
    found = []
    for file in files("ledger").joinpath("migrations").iterdir():
        if match := _NAME.fullmatch(file.name):
            found.append(Migration(int(match[1]), match[2], file.read_text("utf-8")))
    return tuple(sorted(found, key=lambda migration: migration.number))


def migrate(database: Database) -> Sequence[Migration]:
    """Brings the schema up to this program, and answers the steps that were run for it.

    Raises `SchemaTooNew`, `MigrationChanged` or `MigrationRefused`; what was run before the error stays.
    """
    with database.owner_connection() as connection, _permitted(connection, database):
        if connection.info.server_version < _OLDEST_SERVER:
            raise MigrationRefused("PostgreSQL 16 or newer is needed.")
        connection.execute(_SQL["lock"], {"schema": database.schema})
        _bootstrap(connection)
        pending = _pending(connection, database)
        for migration in pending:
            with connection.transaction():
                connection.execute(migration.script)
                connection.execute(
                    _SQL["record"],
                    {"number": migration.number, "name": migration.name, "sha256": migration.sha256},
                )
        return pending


def check_migrated(database: Database) -> None:
    """Raises `NotMigrated`, `SchemaTooNew` or `MigrationChanged` unless the schema is what we know."""
    with database.owner_connection() as connection:
        row = connection.execute(_SQL["has_migrations"], {"schema": database.schema}).fetchone()
        if row is None or not row[0]:
            raise NotMigrated(f"The schema {database.schema} holds no ledger yet: run `quarterdeck migrate`.")
        if pending := _pending(connection, database):
            names = ", ".join(f"{migration.number:04}_{migration.name}" for migration in pending)
            raise NotMigrated(f"The schema {database.schema} lacks {names}: run `quarterdeck migrate`.")


@contextmanager
def _permitted(connection: Connection, database: Database) -> Iterator[None]:
    try:
        yield
    except psycopg.errors.InsufficientPrivilege as error:
        login, app = connection.info.user, database.app_role
        raise MigrationRefused(
            f"The login {login} may not make what a ledger needs: {error.diag.message_primary}. "
            f"Have an administrator run: CREATE ROLE {app} NOLOGIN; GRANT {app} TO {login}; "
            f"GRANT CREATE ON DATABASE {connection.info.dbname} TO {login};"
        ) from error


def _bootstrap(connection: Connection) -> None:
    attempts = 5
    for attempt in range(attempts):
        try:
            connection.execute(_SQL["schemas"])
            return
        except (psycopg.errors.InternalError_, psycopg.errors.UniqueViolation):
            # "tuple concurrently updated": another database of the cluster grants the same role this moment.
            if attempt == attempts - 1:
                raise


def _pending(connection: Connection, database: Database) -> Sequence[Migration]:
    known = {migration.number: migration for migration in migrations()}
    with connection.cursor(row_factory=class_row(Applied)) as cursor:
        applied = {row.number: row for row in cursor.execute(_SQL["applied"])}
    if too_new := applied.keys() - known.keys():
        raise SchemaTooNew(
            f"The schema {database.schema} is at migration {max(too_new):04}, this program knows "
            f"{max(known):04}: run the newer program."
        )
    for number, row in applied.items():
        if row.sha256 != known[number].sha256:
            raise MigrationChanged(
                f"Migration {number:04}_{known[number].name} is not the one that was run on the schema "
                f"{database.schema}: released migrations must not be changed."
            )
    return [migration for number, migration in known.items() if number not in applied]
