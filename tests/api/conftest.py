"""A running ledger behind the app, and clients of it: `api` for an admin, `api.as_("reader")` for others."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from api.attempts import Attempts
from api.runtime import Runtime, running
from api.settings import Settings
from tests.support.http import ADMIN_KEY, Api, company
from tests.support.oidc.members import sign_in
from tests.support.postgres import Postgres


@contextmanager
def serving(url: str, data: Path) -> Iterator[Api]:
    settings = Settings(database_url=url, data=data, admin_key=ADMIN_KEY)
    with running(settings, on_admin_key=lambda *_: None) as runtime, Api(runtime) as client:
        yield client


@pytest.fixture
def api(database_url: str, tmp_path: Path) -> Iterator[Api]:
    """An admin's client on an empty ledger."""
    with serving(database_url, tmp_path / "data") as client:
        yield client


@pytest.fixture
def runtime(api: Api) -> Runtime:
    """What is behind it."""
    return api.runtime


@pytest.fixture(scope="session")
def company_database(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database with the ledger of a small company, to be copied."""
    name = postgres.migrated_database()
    with serving(postgres.url_of(name), tmp_path_factory.mktemp("data")) as client:
        company(client)
    yield name
    postgres.drop(name)


@pytest.fixture
def at_work(postgres: Postgres, company_database: str, tmp_path: Path) -> Iterator[Api]:
    """An admin's client on the ledger of a small company."""
    name = postgres.copy_of(company_database)
    with serving(postgres.url_of(name), tmp_path / "data") as client:
        yield client
    postgres.drop(name)


@pytest.fixture(scope="module")
def unchanged(postgres: Postgres, company_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The same for a module's tests together, as long as nothing is recorded by them."""
    name = postgres.copy_of(company_database)
    with serving(postgres.url_of(name), tmp_path_factory.mktemp("data")) as client:
        yield client
    postgres.drop(name)


@pytest.fixture(scope="session")
def with_tokens(postgres: Postgres, company_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One server for all tests of tokens: each has subjects of its own."""
    name = postgres.copy_of(company_database)
    with serving(postgres.url_of(name), tmp_path_factory.mktemp("data")) as client:
        yield client
    postgres.drop(name)


@pytest.fixture
def admin(with_tokens: Api, monkeypatch: pytest.MonkeyPatch) -> Api:
    """An admin's client, by key, on a server that takes tokens too."""
    monkeypatch.setattr(with_tokens.runtime, "sign_in", sign_in(with_tokens.runtime))
    monkeypatch.setattr(with_tokens.runtime, "attempts", Attempts())
    return with_tokens
