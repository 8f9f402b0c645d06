"""A ledger with a sealer: small ones of test events, and one of a company's goals that is closed and sealed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from domain.catalogue import EVENTS
from domain.kernel import Kind, Ref
from domain.redaction.decisions import RedactText
from ledger.application import Ledger
from ledger.database import Database
from ledger.history_file import HistoryFile
from ledger.importing import import_history
from ledger.mapper import EventMapper
from ledger.orders import Order
from ledger.proofs.keys import KeyFolder
from ledger.proofs.sealer import Sealer
from ledger.recorder import LedgerRecorder
from projections.projector import Projector
from projections.reading import Books
from projections.sealing import seal_due
from tests.history.conftest import written
from tests.history.lines import id_of
from tests.history.test_restoring import ADMIN, EVERYTHING, keys_and_an_erasure
from tests.support.postgres import Postgres


@pytest.fixture
def recorder(database: Database) -> Iterator[LedgerRecorder]:
    """A recorder on an empty ledger, with the real events."""
    recorder = LedgerRecorder(database, EventMapper(EVENTS))
    yield recorder
    recorder.close()


@pytest.fixture
def keys(tmp_path: Path) -> KeyFolder:
    """A data folder without a key yet."""
    return KeyFolder(tmp_path / "data", "quarterdeck")


@pytest.fixture
def sealer(database: Database, recorder: LedgerRecorder, keys: KeyFolder) -> Sealer:
    """A sealer that was not started."""
    return Sealer(database, recorder, keys)


@pytest.fixture
def owner(database_url: str) -> Iterator[psycopg.Connection]:
    """A connection of a superuser who owns the tables."""
    with psycopg.connect(database_url, autocommit=True, options="-c search_path=quarterdeck") as connection:
        yield connection


def fill(recorder: LedgerRecorder, folder: Path) -> None:
    """A company's quarter, closed and sealed, with keys made and revoked, somebody erased and a text redacted since."""
    ledger, books = Ledger(recorder), Books(recorder.database, recorder)
    import_history(ledger, HistoryFile(written(folder / "history.jsonl", *EVERYTHING)), lambda *_: None)
    projector = Projector(recorder.database, recorder, books.reached)
    projector.catch_up()
    seal_due(ledger, books)
    keys_and_an_erasure(ledger)
    position = recorder.read_stream(Ref(Kind.OBJECTIVE, id_of("objective", "low")))[0].position
    ledger.execute(Order(RedactText(position=position, field="description", reason="named"), ADMIN))
    projector.catch_up()
    projector.stop()


@pytest.fixture(scope="session")
def filled_database(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database with that, not yet sealed into a tree; to be copied."""
    name = postgres.migrated_database()
    with Database(postgres.url_of(name)) as database:
        recorder = LedgerRecorder(database, EventMapper(EVENTS))
        fill(recorder, tmp_path_factory.mktemp("filled"))
        recorder.close()
    yield name
    postgres.drop(name)


@pytest.fixture
def copied(postgres: Postgres, filled_database: str) -> Iterator[Callable[[], str]]:
    """Makes copies of it."""
    names: list[str] = []

    def copy() -> str:
        names.append(postgres.copy_of(filled_database))
        return postgres.url_of(names[-1])

    yield copy
    for name in names:
        postgres.drop(name)
