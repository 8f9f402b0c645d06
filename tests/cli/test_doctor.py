"""`quarterdeck doctor`: what is wrong is provoked for real, and found, with what to do about it.

The tests' own cluster does not wait for the disk, so durability is always among what is found here; an embedded ledger
with nothing wrong is in `tests/operations`.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cli.doctor import ledger, server
from cli.doctor.findings import size
from tests.cli.conftest import Quarterdeck
from tests.support.postgres import Postgres

Owner = Callable[..., None]


@pytest.fixture
def owner(database_url: str) -> Iterator[Owner]:
    """Runs statements as a superuser who owns the ledger."""
    options = "-c search_path=quarterdeck,quarterdeck_books"
    with psycopg.connect(database_url, autocommit=True, options=options) as connection:

        def run(*statements: str) -> None:
            for statement in statements:
                connection.execute(statement)

        yield run


class Examination:
    """What the doctor said."""

    def __init__(self, quarterdeck: Quarterdeck, *flags: str) -> None:
        ended = quarterdeck("doctor", "--json", *flags)
        told = json.loads(ended.out)
        self.text = ended.out + ended.err
        self.findings: list[dict[str, Any]] = told["findings"]
        states = [finding["state"] for finding in self.findings]
        worst = max(states, key=["ok", "look at this", "broken"].index)
        assert (told["state"], ended.code) == (worst, ["ok", "look at this", "broken"].index(worst))

    def about(self, about: str) -> list[dict[str, Any]]:
        return [finding for finding in self.findings if finding["about"] == about]

    def one(self, about: str, state: str, *words: str) -> dict[str, Any]:
        """The one finding about something, which is in that state, says these words, and what to do if need be."""
        (found,) = self.about(about)
        assert found["state"] == state, found
        assert all(word in found["said"] for word in words), found
        assert bool(found["advice"]) == (state != "ok"), found
        return found

    @property
    def wrong(self) -> set[str]:
        return {finding["about"] for finding in self.findings if finding["state"] != "ok"}


def test_a_ledger_at_rest_has_nothing_wrong_but_the_tests_own_cluster(filled: Quarterdeck):
    assert filled("rebuild").code == 0
    found = Examination(filled)
    assert found.wrong == {"durability"}
    found.one("durability", "broken", "fsync", "full_page_writes", "synchronous_commit")
    found.one("server", "ok", "No server is running")
    found.one("book key_results", "ok", "It has all")
    found.one("sealer", "ok", "It has all")
    found.one("triggers", "ok", f"All {len(ledger.guards())}")
    assert found.one("disk", "ok")["figures"]["free"] > 0
    assert found.one("tables", "ok")["figures"]["tables"]["quarterdeck.events"]["bytes"] > 0


def test_it_is_told_in_words_too(filled: Quarterdeck):
    ended = filled("doctor")
    assert ended.code == 2
    assert "broken       durability: Off: fsync, full_page_writes, synchronous_commit." in ended.out
    assert "             → Set them on" in ended.out
    assert ended.out.splitlines()[-1].endswith("0 to look at, 1 broken.")


def test_settings_say_where_they_come_from_and_keep_secrets(quarterdeck: Quarterdeck, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("QUARTERDECK_ADMIN_KEY", "qd_swordfish")
    monkeypatch.setenv("QUARTERDECK_PORT", "9000")
    found = Examination(quarterdeck, "--schema", "quarterdeck")
    assert found.one("setting port", "ok", "9000")["figures"]["source"] == "QUARTERDECK_PORT"
    assert found.one("setting schema", "ok")["figures"]["source"] == "a flag"
    assert found.one("setting host", "ok")["figures"]["source"] == "the default"
    found.one("setting admin_key", "ok", "given, not shown")
    assert "swordfish" not in found.text


def test_a_setting_that_cannot_be(quarterdeck: Quarterdeck, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("QUARTERDECK_PORT", "http")
    Examination(quarterdeck).one("settings", "broken", "QUARTERDECK_PORT")


def test_a_database_that_is_away(program: Quarterdeck):
    found = Examination(program, "--database-url", "postgresql://u:swordfish@localhost/x?host=/nowhere")
    found.one("connection", "broken", "cannot be reached")
    found.one("program", "ok", "Quarterdeck")
    assert "swordfish" not in found.text


def test_no_database_yet(program: Quarterdeck, tmp_path: Path):
    found = Examination(program, "--data", str(tmp_path / "none"))
    assert found.wrong == set()
    found.one("database", "ok", "none yet")
    assert not (tmp_path / "none").exists()


def test_a_schema_that_was_never_migrated_and_one_that_is_newer(quarterdeck: Quarterdeck, owner: Owner):
    owner("INSERT INTO migrations (number, name, sha256) VALUES (9000, 'later', '')")
    Examination(quarterdeck).one("schema", "broken", "migration 9000")
    found = Examination(quarterdeck, "--schema", "another").one("schema", "broken", "holds no ledger yet")
    assert "quarterdeck migrate" in found["advice"]


def test_guards_of_the_past_that_are_gone_or_weakened(quarterdeck: Quarterdeck, owner: Owner):
    owner(
        "DROP TRIGGER append_only ON events",
        "ALTER TABLE head ENABLE TRIGGER grow_only",
        "GRANT DELETE, UPDATE (data) ON events TO quarterdeck_app",
    )
    found = Examination(quarterdeck)
    gone, weak = found.about("triggers")
    assert "append_only on events is missing" in gone["said"] and "verify" in gone["advice"]
    assert "grow_only on head is not always enabled" in weak["said"]
    assert "ALTER TABLE quarterdeck.head ENABLE ALWAYS TRIGGER grow_only" in weak["advice"]
    found.one("privileges", "broken", "UPDATE and DELETE on events")


def test_every_trigger_that_a_migration_enables_for_always_is_looked_for():
    assert {("events", "redact_only"), ("checkpoints", "one_tree"), ("log", "append_only")} <= ledger.guards()
    assert len(ledger.guards()) >= 13


def test_a_book_that_is_stopped_or_of_another_version_or_behind(filled: Quarterdeck, owner: Owner):
    owner(
        "UPDATE books SET error = 'cannot take event 3' WHERE name = 'teams'",
        "UPDATE books SET version = 0 WHERE name = 'kpis'",
        "UPDATE books SET version = 999 WHERE name = 'members'",
        "UPDATE books SET position = position - 2 WHERE name = 'cycles'",
    )
    found = Examination(filled)
    found.one("book teams", "broken", "cannot take event 3")
    newer, older = found.about("books")
    assert (newer["state"], older["state"]) == ("broken", "look at this")
    assert "members" in newer["said"] and "kpis" in older["said"]
    behind = found.one("book cycles", "look at this", "2 events behind", "no projector runs")
    assert behind["figures"]["lag"] == 2


def test_a_clock_that_was_set_back(quarterdeck: Quarterdeck, owner: Owner):
    later = datetime.now(UTC) + timedelta(hours=1)
    owner(f"UPDATE head SET position = 1, recorded_at = '{later.isoformat()}'")
    found = Examination(quarterdeck).one("last event", "look at this", "s from now")
    assert 3000 < found["figures"]["ahead"] <= 3600


def test_keys_that_others_can_read(filled: Quarterdeck, tmp_path: Path):
    (tmp_path / ".quarterdeck" / "signing.key").chmod(0o644)
    found = Examination(filled).one("signing key", "broken", "mode 0644")
    assert "chmod 600" in found["advice"] and "rotate-signing" in found["advice"]


def test_another_signing_key_and_a_ledger_that_was_set_back(filled: Quarterdeck, owner: Owner, tmp_path: Path):
    Examination(filled, "--data", str(tmp_path / "other")).one("signatures", "look at this", "no signing key")
    owner("ALTER TABLE checkpoints DISABLE TRIGGER ALL", "DELETE FROM checkpoints WHERE size > 0")
    Examination(filled).one("signatures", "broken", "events was signed with this key, and the ledger has sealed 0")


def test_what_a_rebuild_and_a_build_of_an_index_left_behind(quarterdeck: Quarterdeck, owner: Owner):
    owner(
        "CREATE TABLE quarterdeck_shadow.objectives (id uuid)",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'events_recorded_at'::regclass",
    )
    found = Examination(quarterdeck)
    found.one("shadow tables", "look at this", "1 tables in quarterdeck_shadow")
    found.one("indexes", "broken", "quarterdeck.events_recorded_at")


def test_who_is_at_work_or_in_the_way(filled: Quarterdeck, database_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server, "LONG", 0.0)
    with psycopg.connect(database_url, application_name="a careless report") as other:
        other.execute("SELECT pg_advisory_lock(hashtext('quarterdeck rebuild'), hashtext('quarterdeck'))")
        other.execute("SELECT pg_advisory_lock(hashtext('quarterdeck projector'), hashtext('quarterdeck'))")
        found = Examination(filled)
        pid = other.info.backend_pid
    found.one("rebuild", "look at this", f"process {pid}")
    found.one("transactions", "look at this", "a careless report", "idle in transaction")
    assert found.one("server", "ok", "at work since")["figures"]["running"] is True


def test_tables_that_nobody_cleans_up(quarterdeck: Quarterdeck, owner: Owner, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server, "MANY_DEAD", 10)
    owner(
        "CREATE TABLE quarterdeck.heap (id int) WITH (autovacuum_enabled = off)",
        "INSERT INTO quarterdeck.heap SELECT generate_series(1, 100)",
        "DELETE FROM quarterdeck.heap WHERE id > 20",
        "SELECT pg_stat_force_next_flush()",
    )
    found = Examination(quarterdeck).one("table quarterdeck.heap", "look at this", "80 dead rows beside 20 live ones")
    assert "VACUUM" in found["advice"]


def test_a_login_that_may_see_little_is_told_what_could_not_be_looked_at(
    quarterdeck: Quarterdeck, postgres: Postgres, database_url: str, monkeypatch: pytest.MonkeyPatch, owner: Owner
):
    owner("DROP ROLE IF EXISTS stranger_of_doctor", "CREATE ROLE stranger_of_doctor LOGIN")
    name = database_url.split("dbname=")[1].split(maxsplit=1)[0]
    monkeypatch.setenv("QUARTERDECK_DATABASE_URL", postgres.url_of(name, user="stranger_of_doctor"))
    try:
        ended = quarterdeck("doctor")
    finally:
        owner("DROP ROLE stranger_of_doctor")
    assert ended.code in (1, 2)
    assert "Traceback" not in ended.err and ended.out.splitlines()[-1].endswith("broken.")


@pytest.mark.parametrize(("count", "words"), [(999, "999 bytes"), (1_400_000_000, "1.4 GB"), (2e12, "2.0 TB")])
def test_sizes_are_told_in_words(count: float, words: str):
    assert size(count) == words
