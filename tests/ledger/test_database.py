"""Connections are what they must be, whatever the URL and the server's defaults say; and named SQL."""

from datetime import UTC

import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ledger.database import Database
from ledger.recorder import LedgerRecorder
from ledger.sql import load
from tests.support.ledger import MAPPER, append, objective

SETTINGS = ("role", "timezone", "default_transaction_isolation", "application_name", "work_mem")


def settings(connection):
    return [connection.execute(f"SHOW {name}").fetchone()[0] for name in SETTINGS]


def test_the_url_adds_settings_but_does_not_change_ours(database_url):
    url = make_conninfo(
        database_url, application_name="mine", options="-c work_mem=5MB -c timezone=Asia/Tokyo -c role=postgres"
    )
    with Database(url) as database, database.connection() as pooled, database.dedicated() as dedicated:
        expected = ["quarterdeck_app", "UTC", "read committed", "mine", "5MB"]
        assert settings(pooled) == settings(dedicated) == expected


def test_the_servers_defaults_do_not_reach_an_append(postgres, database_url):
    """Under another isolation level an append would not see what was committed while it waited for its turn."""
    name = conninfo_to_dict(database_url)["dbname"]
    with postgres.admin() as admin:
        for default in ("default_transaction_isolation = 'serializable'", "timezone = 'Asia/Tokyo'"):
            statement = sql.SQL(f"ALTER DATABASE {{}} SET {default}")
            admin.execute(statement.format(sql.Identifier(name)))
    with Database(database_url) as database:
        recorder = LedgerRecorder(database, MAPPER)
        recorder.append([append(objective(), 1)])
        with database.connection() as connection:
            assert settings(connection)[:3] == ["quarterdeck_app", "UTC", "read committed"]
        (fact,) = recorder.iterate()
        assert fact.recorded_at.tzinfo is UTC
        recorder.close()


def test_sql_is_loaded_by_name(tmp_path, monkeypatch):
    package = tmp_path / "some_package"
    package.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    (package / "good.sql").write_text(
        "-- Of the file.\n\n-- name: one\n-- What.\nSELECT 1;\n\n-- name: two\nSELECT 2;\n"
    )
    assert {name: text.split() for name, text in load("some_package", "good.sql").items()} == {
        "one": ["--", "What.", "SELECT", "1;"],
        "two": ["SELECT", "2;"],
    }
    for bad in ("-- name: one\nSELECT 1;\n-- name: one\nSELECT 2;", "SELECT 1;"):
        (package / "bad.sql").write_text(bad)
        with pytest.raises(ValueError, match=r"some_package/bad\.sql"):
            load("some_package", "bad.sql")
