"""Fixtures for whoever needs a database: `database` is a ledger of its own, empty, migrated and open."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.database import Database
from tests.support.postgres import Postgres

FOLDER = "QUARTERDECK_TEST_FOLDER"
"""The environment variable by which workers learn of the run's folder."""

MEMORY = Path("/dev/shm")
ENOUGH = 2 << 30
"""Bytes. A run needs a few hundred megabytes, and PostgreSQL's log could grow to a gigabyte."""


def _room() -> str | None:
    """Where the folder is made: in memory if there is room, for a new database costs a tenth there of what it does on
    a disk, where hundreds of files are made and removed for each."""
    roomy = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ENOUGH
    return str(MEMORY) if roomy and "TMPDIR" not in os.environ else None


def pytest_configure(config: pytest.Config) -> None:
    """Makes a folder for the run's databases.

    Not in pytest's own: whenever another run begins, it closes that to every other user, and so, when root
    runs the tests, to a PostgreSQL at work.
    """
    if not hasattr(config, "workerinput"):
        os.environ[FOLDER] = tempfile.mkdtemp(prefix="quarterdeck-tests-", dir=_room())


def pytest_unconfigure(config: pytest.Config) -> None:
    """Removes it when all workers are done."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop(FOLDER), ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first: one that began last would keep one process busy and the other waiting."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The run's PostgreSQL, shared by all workers."""
    server = Postgres(Path(os.environ[FOLDER]) / "cluster")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def data_folders() -> Path:
    """Where folders for embedded servers belong."""
    return Path(os.environ[FOLDER])


@pytest.fixture
def data_folder(data_folders: Path) -> Iterator[Path]:
    """An empty folder for an embedded server."""
    folder = Path(tempfile.mkdtemp(dir=data_folders))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def disk_folder() -> Iterator[Path]:
    """The same on a disk, where a commit takes its time: for tests that break a server in the middle of one."""
    folder = Path(tempfile.mkdtemp(prefix="quarterdeck-tests-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def empty_url(postgres: Postgres) -> Iterator[str]:
    """The URL of a new database without a ledger."""
    name = postgres.empty_database()
    yield postgres.url_of(name)
    postgres.drop(name)


@pytest.fixture
def database_url(postgres: Postgres) -> Iterator[str]:
    """The URL of a new database with an empty ledger."""
    name = postgres.migrated_database()
    yield postgres.url_of(name)
    postgres.drop(name)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty ledger's database, open."""
    with Database(database_url) as opened:
        opened._pool.timeout = 60.0  # a machine that is busy with other tests is no fault of this one
        yield opened
