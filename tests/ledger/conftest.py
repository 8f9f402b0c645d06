"""Fixtures for tests of the ledger itself."""

from collections.abc import Iterator

import psycopg
import pytest

from ledger.database import Database
from ledger.recorder import LedgerRecorder
from tests.support.ledger import MAPPER


@pytest.fixture
def recorder(database: Database) -> Iterator[LedgerRecorder]:
    """A recorder on an empty ledger."""
    recorder = LedgerRecorder(database, MAPPER)
    yield recorder
    recorder.close()


@pytest.fixture
def owner(database_url: str) -> Iterator[psycopg.Connection]:
    """A connection of a superuser who owns the tables, in the ledger's schema."""
    with psycopg.connect(database_url, autocommit=True, options="-c search_path=quarterdeck") as connection:
        yield connection
