"""Rebuilding, migrating, keys, erasing; and a database that is not as it should be."""

from uuid import uuid4

import psycopg
import pytest

from cli.opening import ACTOR
from tests.cli.conftest import refused
from tests.history.conftest import written
from tests.history.lines import id_of, plan


class TestRebuild:
    def test_nothing_differs(self, filled):
        assert "The books are what the ledger says: no row differs." in filled("rebuild", "--verify").out
        assert filled("rebuild", "--verify", "--json").json["differences"] == {}
        assert "The books were swapped in." in filled("rebuild").out

    def test_what_differs_is_shown_row_by_row_and_mended(self, filled, database_url):
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("UPDATE quarterdeck_books.key_result_versions SET score = 0.9 WHERE score = 0.4")
        ended = filled("rebuild", "--verify")
        assert ended.code == 1
        assert "key_results differs:" in ended.out
        assert "  - " in ended.out and "  + " in ended.out
        assert filled("rebuild", "--verify", "--json").code == 1
        refused = filled("rebuild")
        assert refused.code == 1
        assert "Nothing was swapped" in refused.out and "key_results differs:" in refused.out
        assert filled("rebuild", "--accept-differences").code == 0
        assert filled("rebuild", "--verify").code == 0


class TestMigrate:
    def test_a_new_database_then_one_that_is_up_to_date(self, program, empty_url):
        assert "was brought up to date: 0001_" in program("migrate", "--database-url", empty_url).out
        assert "is up to date" in program("migrate", "--database-url", empty_url).out
        assert program("migrate", "--database-url", empty_url, "--json").json["applied"] == []

    def test_nothing_works_before(self, program, empty_url):
        refused(program("board", "2026-Q1", "--database-url", empty_url), "run `quarterdeck migrate`")

    def test_a_schema_newer_than_the_program(self, quarterdeck, database_url):
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("INSERT INTO quarterdeck.migrations VALUES (9999, 'of_next_year', '')")
        for command in (("board", "2026-Q1"), ("serve", "--port", "0"), ("migrate",)):
            refused(quarterdeck(*command), "at migration 9999", "run the newer program")

    def test_another_schema_is_another_ledger(self, filled):
        schema = ("--schema", "other")
        refused(filled("export", *schema), "The schema other holds no ledger yet")
        assert filled("migrate", *schema).code == 0
        assert filled("export", *schema).out == '{"quarterdeck":"ledger/1"}\n'


class TestKeys:
    def test_a_key_is_shown_once(self, quarterdeck):
        made = quarterdeck("keys", "add", "--role", "reader", "--label", "a dashboard", "--json").json
        assert list(made) == ["id", "key"]
        assert made["key"].startswith("qd_")
        (listed,) = quarterdeck("keys", "list", "--json").json["items"]
        assert (listed["id"], listed["role"], listed["label"]) == (made["id"], "reader", "a dashboard")
        assert made["key"] not in str(listed)
        assert (listed["state"], listed["created_by"]) == ("active", str(ACTOR))

    def test_for_people(self, filled):
        ada = str(id_of("member", "ada"))
        out = filled("keys", "add", "--role", "lead", "--member", ada, "--expires-at", "2999-01-01").out
        assert out.startswith("qd_")
        assert "It is not shown again." in out
        listed = filled("keys", "list").out
        assert "2999-01-01" in listed
        assert " ".join(listed.split()).endswith("by the command line")
        (key,) = filled("keys", "list", "--json").json["items"]
        assert (key["member"], key["expires_at"]) == (ada, "2999-01-01T00:00:00Z")
        assert key["id"] in listed

    def test_revoking(self, quarterdeck):
        made = quarterdeck("keys", "add", "--role", "reader", "--json").json
        assert quarterdeck("keys", "revoke", made["id"], "--reason", "lost", "--json").json["revoked_at"] is not None
        assert '"text":"lost"' in quarterdeck("export").out
        assert "revoked" in quarterdeck("keys", "list").out
        assert "was revoked" in quarterdeck("keys", "revoke", made["id"]).out

    def test_what_cannot_be(self, quarterdeck):
        refused(quarterdeck("keys", "revoke", str(uuid4())), "There is no key")
        refused(quarterdeck("keys", "add", "--role", "lead", "--member", str(uuid4())), "There is no member")
        past = ("--expires-at", "2020-01-01")
        refused(quarterdeck("keys", "add", "--role", "reader", *past), "expires_at: lies in the past")
        assert quarterdeck("keys", "add", "--role", "owner").code == 2
        assert quarterdeck("keys", "add", "--role", "reader", "--expires-at", "soon").code == 2


class TestErasing:
    def test_by_the_name_in_the_source(self, filled):
        assert "was erased" in filled("members", "erase", "ada", "--reason", "asked for it").out
        refused(filled("members", "erase", "ada", "--reason", "asked again"), "There is no member 'ada'")

    def test_by_id(self, filled):
        erased = filled("members", "erase", str(id_of("member", "ada")), "--reason", "asked", "--json").json
        assert (erased["state"], erased["name"]) == ("erased", None)

    def test_who_is_not_there(self, filled):
        refused(filled("members", "erase", str(uuid4()), "--reason", "x"), "There is no member")
        refused(filled("members", "erase", str(id_of("member", "ada")), "--reason", " "), "must not be empty")


class TestTheDatabase:
    def test_is_down(self, program):
        url = "postgresql://localhost:1/none?connect_timeout=2"
        refused(program("board", "2026-Q1", "--database-url", url), "The database cannot be reached just now")
        refused(program("migrate", "--database-url", url), "The database cannot be reached just now")

    @pytest.mark.parametrize(
        ("url", "schema"), [("postgresql://[", "quarterdeck"), ("nonsense", "quarterdeck"), (None, "No Such")]
    )
    def test_cannot_be_named_so(self, program, database_url, url, schema):
        for command in (("board", "2026-Q1"), ("migrate",)):
            refused(program(*command, "--database-url", url or database_url, "--schema", schema))

    def test_is_one_of_its_own_if_none_is_named(self, program, tmp_path):
        """Every command that needs the schema makes it. A path may have spaces."""
        history = written(tmp_path / "history", plan())
        assert program("import", history, "--data", "some data").code == 0
        assert program("board", "2026-Q1", "--json", "--data", "some data").json["score"] is None
        assert "is up to date" in program("migrate", "--data", "some data").out
        assert (tmp_path / "some data" / "postgres").is_dir()

    def test_cannot_live_in_a_folder_that_is_none(self, program, tmp_path):
        (tmp_path / "file").write_text("")
        refused(program("export", "--data", "file"), "The data folder", "cannot be used")
        refused(program("migrate", "--data", "file/below"), "The data folder", "cannot be used")
