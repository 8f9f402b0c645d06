"""Migrating: by many at once, by a login with few privileges, and what a program refuses to run on."""

from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from ledger.database import Database
from ledger.errors import MigrationChanged, MigrationRefused, NotMigrated, SchemaTooNew
from ledger.migrations import check_migrated, migrate, migrations
from ledger.recorder import LedgerRecorder
from tests.support.ledger import MAPPER, append, in_threads, objective


@pytest.fixture
def schema():
    """A schema whose role does not exist in the cluster yet."""
    return f"s_{uuid4().hex[:12]}"


@pytest.fixture
def login(postgres, empty_url):
    """Makes a login that may make schemas in the database, with more privileges if said; answers its URL."""
    names = []

    def make(privileges=""):
        name = f"login_{uuid4().hex[:12]}"
        database = psycopg.conninfo.conninfo_to_dict(empty_url)["dbname"]
        with postgres.admin(database) as admin:
            admin.execute(sql.SQL(f"CREATE ROLE {name} LOGIN {privileges}"))
            admin.execute(sql.SQL(f"GRANT CREATE ON DATABASE {database} TO {name}"))
        names.append(name)
        return psycopg.conninfo.make_conninfo(empty_url, user=name)

    yield make
    with postgres.admin(psycopg.conninfo.conninfo_to_dict(empty_url)["dbname"]) as admin:
        for name in names:
            admin.execute(sql.SQL(f"DROP OWNED BY {name} CASCADE"))
            admin.execute(sql.SQL(f"DROP ROLE {name}"))


def test_twenty_at_once_migrate_once(empty_url, schema):
    done = in_threads(20, lambda _: migrate(Database(empty_url, schema)))
    assert sorted(len(steps) for steps in done) == [0] * 19 + [len(migrations())]
    check_migrated(Database(empty_url, schema))


def test_databases_of_one_cluster_can_be_migrated_at_once(postgres, schema):
    """They share the role, which belongs to the cluster."""
    names = [postgres.empty_database() for _ in range(4)]
    done = in_threads(4, lambda n: migrate(Database(postgres.url_of(names[n]), schema)))
    for name in names:
        postgres.drop(name)
    assert [len(steps) for steps in done] == [len(migrations())] * 4


def test_a_login_that_may_make_roles_and_schemas_needs_no_superuser(login, schema):
    """What it owns is append-only for it as well."""
    url = login("CREATEROLE")
    migrate(Database(url, schema))
    migrate(Database(url, schema))
    with Database(url, schema) as database:
        recorder = LedgerRecorder(database, MAPPER)
        recorder.append([append(objective(), 1)])
        recorder.close()
        with database.owner_connection() as owner, pytest.raises(psycopg.errors.RestrictViolation):
            owner.execute("DELETE FROM events")


def test_a_login_without_the_privilege_is_told_what_to_ask_for(login, schema):
    url = login()
    with pytest.raises(MigrationRefused, match=f"CREATE ROLE {schema}_app NOLOGIN; GRANT {schema}_app TO"):
        migrate(Database(url, schema))


def test_a_login_for_whom_the_role_was_made_can_migrate(postgres, login, schema):
    url = login()
    with postgres.admin() as admin:
        user = psycopg.conninfo.conninfo_to_dict(url)["user"]
        admin.execute(f"CREATE ROLE {schema}_app NOLOGIN; GRANT {schema}_app TO {user}")
    migrate(Database(url, schema))
    check_migrated(Database(url, schema))


def test_an_empty_database_is_not_migrated(empty_url):
    with pytest.raises(NotMigrated, match="quarterdeck migrate"):
        check_migrated(Database(empty_url))


def test_a_schema_that_lacks_a_step_names_it(database_url, owner):
    last = migrations()[-1]
    owner.execute("DELETE FROM migrations WHERE number = %s", [last.number])
    with pytest.raises(NotMigrated, match=f"{last.number:04}_{last.name}"):
        check_migrated(Database(database_url))


@pytest.mark.parametrize("check", [migrate, check_migrated])
def test_a_schema_of_a_newer_program_is_left_alone(database_url, owner, check):
    owner.execute("INSERT INTO migrations VALUES (9999, 'from_the_future', 'x')")
    with pytest.raises(SchemaTooNew, match="9999"):
        check(Database(database_url))


@pytest.mark.parametrize("check", [migrate, check_migrated])
def test_a_migration_that_changed_after_it_was_run_stops_the_program(database_url, owner, check):
    owner.execute("UPDATE migrations SET sha256 = 'x' WHERE number = 1")
    with pytest.raises(MigrationChanged, match="0001_ledger"):
        check(Database(database_url))


def test_two_ledgers_live_in_one_database(database_url, schema):
    migrate(Database(database_url, schema))
    with Database(database_url) as one, Database(database_url, schema) as other:
        recorders = [LedgerRecorder(one, MAPPER), LedgerRecorder(other, MAPPER)]
        recorders[0].append([append(objective(), 1, 2)])
        assert [recorder.head().position for recorder in recorders] == [2, 0]
        recorders[0].close()


def test_the_ledger_belongs_to_who_migrated_it_and_the_books_to_the_servers_role(owner):
    """A table of the ledger that the server's role owned could be changed by it."""
    schemas = owner.execute(
        "SELECT nspname, nspowner::regrole::text FROM pg_namespace WHERE nspname ~ '^quarterdeck'"
    ).fetchall()
    assert dict(schemas) == {
        "quarterdeck": "postgres",
        "quarterdeck_books": "quarterdeck_app",
        "quarterdeck_shadow": "quarterdeck_app",
    }
    owners = owner.execute(
        "SELECT relowner::regrole::text FROM pg_class WHERE relnamespace = 'quarterdeck'::regnamespace"
        " UNION SELECT proowner::regrole::text FROM pg_proc WHERE pronamespace = 'quarterdeck'::regnamespace"
    ).fetchall()
    assert owners == [("postgres",)]


def test_functions_that_run_as_their_owner_have_a_search_path_of_their_own(owner):
    """Or the caller could put tables of its own in their way. Nobody else may call any function."""
    rows = owner.execute(
        "SELECT proname, prosecdef, proconfig, has_function_privilege('public', oid, 'EXECUTE')"
        " FROM pg_proc WHERE pronamespace = 'quarterdeck'::regnamespace"
    ).fetchall()
    definers = {name: config for name, definer, config, _ in rows if definer}
    assert definers.keys() == {"append_events", "append_runs", "restore_events", "take_lines"}
    assert all('search_path="quarterdeck",pg_temp' in config for config in definers.values())
    assert [name for name, _, _, public in rows if public] == []


@pytest.mark.parametrize("name", ["", "Quarterdeck", "1st", "a-b", 'a"; DROP', "a" * 57])
def test_a_schema_has_a_plain_name(name):
    with pytest.raises(ValueError, match="cannot name a schema"):
        Database("postgresql:///", name)
