"""The PostgreSQL under the data folder: who shares it, when it stops, and where it cannot live."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest
from psycopg.pq import PGconn, Ping

from ledger.embedded import embedded
from ledger.errors import DataFolderUnusable

USE = """
import sys
from pathlib import Path
from ledger.embedded import embedded
server = embedded(Path(sys.argv[1]), durable=False)
print(server.url, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def user():
    """Starts another process that uses the server of a folder; answers it and the URL that it was given."""
    processes = []

    def start(folder):
        environment = os.environ | {"XDG_RUNTIME_DIR": str(folder / "nowhere")}
        process = subprocess.Popen[str](
            [sys.executable, "-c", USE, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=Path(__file__).parents[2],
        )
        processes.append(process)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    yield start
    for process in processes:
        process.communicate()


@pytest.fixture(scope="module")
def made(data_folders):
    """A data folder whose server was made and is stopped."""
    folder = Path(tempfile.mkdtemp(dir=data_folders))
    embedded(folder, durable=False).stop()
    return folder


def is_up(url):
    return PGconn.ping(url.encode()) == Ping.OK


def test_processes_share_it_and_it_stops_with_the_last_one(data_folder, user):
    """Three begin at once on a folder that has nothing yet. Two uses by one process are two uses."""
    (process, url), (other, same) = user(data_folder), user(data_folder)
    server, again = embedded(data_folder, durable=False), embedded(data_folder, durable=False)
    assert {url, same, server.url, again.url} == {url}
    process.communicate()
    server.stop()
    server.stop()
    other.communicate()
    assert is_up(url)
    again.stop()
    assert not is_up(url)


def test_a_killed_process_does_not_keep_it_up(made, user):
    process, url = user(made)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert is_up(url)
    server = embedded(made, durable=False)
    server.stop()
    assert not is_up(url)


def test_what_was_written_is_there_when_it_starts_again(made):
    for statement, rows in (("CREATE TABLE x AS SELECT 1 AS n", None), ("SELECT n FROM x", [(1,)])):
        server = embedded(made, durable=False)
        with psycopg.connect(server.url) as connection:
            cursor = connection.execute(statement)
            assert rows is None or cursor.fetchall() == rows
        server.stop()


def test_it_is_durable_quiet_and_reached_by_its_owner_alone(made, capfd):
    server = embedded(made)
    names = ("fsync", "full_page_writes", "synchronous_commit", "jit", "listen_addresses", "data_checksums")
    with psycopg.connect(server.url) as connection:
        rows = [connection.execute("SELECT current_setting(%s)", [name]).fetchall() for name in names]
    settings = [setting for ((setting,),) in rows]
    assert settings == ["on", "on", "on", "off", "", "on"]
    assert stat.S_IMODE((made / "postgres" / ".s.PGSQL.5432").stat().st_mode) == 0o700
    assert stat.S_IMODE((made / "postgres").stat().st_mode) == 0o700
    server.stop()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["""it's $PATH `a "quoted"` ümläut""", "a, comma", "long" * 25])
def test_a_folder_may_have_any_name(data_folder, name):
    """A name that is too long for a socket, or has a comma, puts the socket elsewhere, for its owner."""
    server = embedded(data_folder / name, durable=False)
    with psycopg.connect(server.url) as connection:
        ((sockets,),) = connection.execute("SHOW unix_socket_directories").fetchall()
        sockets = Path(sockets.strip('"').replace('""', '"'))
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    server.stop()
    assert sockets.exists() == (sockets == data_folder / name / "postgres")


def test_settings_for_other_servers_are_not_for_this_one(made, monkeypatch):
    for name, value in {"PGPORT": "6543", "PGHOST": "example.invalid", "PGDATA": "/nowhere"}.items():
        monkeypatch.setenv(name, value)
    server = embedded(made, durable=False)
    assert is_up(server.url)
    server.stop()


def test_a_note_of_a_dead_server_under_another_process_id_is_no_obstacle(made):
    """As in a container that was killed: the next one has the same process ids for other processes."""
    note = [
        str(os.getpid()),
        str(made / "postgres"),
        "1700000000",
        "5432",
        str(made / "postgres"),
        "",
        "",
    ]
    (made / "postgres" / "postmaster.pid").write_text("\n".join(note))
    server = embedded(made, durable=False)
    assert is_up(server.url)
    server.stop()


def test_being_killed_while_making_it_leaves_nothing_half_made(data_folder):
    (data_folder / "postgres.new").mkdir()
    (data_folder / "postgres.new" / "PG_VERSION").write_text("18")
    embedded(data_folder, durable=False).stop()
    assert not (data_folder / "postgres.new").exists()


def test_a_folder_that_cannot_be_written_is_named(data_folder):
    """A file stands where the folder should be: that stops root as well."""
    (data_folder / "file").touch()
    with pytest.raises(DataFolderUnusable, match=str(data_folder / "file" / "data")):
        embedded(data_folder / "file" / "data")


def test_a_cluster_that_does_not_start_says_why(made):
    """Here it seems to have been made by a PostgreSQL of long ago."""
    version = made / "postgres" / "PG_VERSION"
    version_now = version.read_text()
    version.write_text("9.6")
    with pytest.raises(DataFolderUnusable, match=r"9\.6"):
        embedded(made)
    version.write_text(version_now)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lets another user in")
def test_root_lets_the_servers_user_through_folders_but_nobody_list_them(data_folder):
    (data_folder / "private").mkdir(mode=0o700)
    server = embedded(data_folder / "private" / "data", durable=False)
    assert stat.S_IMODE((data_folder / "private").stat().st_mode) == 0o701
    server.stop()
