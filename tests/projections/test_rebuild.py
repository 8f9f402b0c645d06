"""A rebuild in shares and by several processes makes the same rows as the live driver, whatever hangs together."""

import random
import subprocess
import sys

import psutil  # type: ignore[import-untyped]
import pytest

from domain.kernel import Kind
from ledger.database import Database
from projections import questions
from projections.crew import Crew
from projections.rebuild import RebuildFailed, rebuild
from projections.shares import shares
from tests.support.actions import ANYTHING, KEYS
from tests.support.books import projecting, recording, restore
from tests.support.histories import KPI_BEGINNING, play, tell
from tests.support.kpi_actions import KPIS
from tests.support.patience import PATIENCE

STORY = tell(random.Random(7), 60, [*ANYTHING, *KPIS, *KEYS], KPI_BEGINNING)


@pytest.fixture(scope="module")
def written(postgres):
    """A random company with KPIs, and its live books."""
    name = postgres.migrated_database()
    ledger = play(STORY)
    with Database(postgres.url_of(name)) as database, recording(database) as recorder:
        restore(recorder, ledger.facts)
        with projecting(database, recorder) as (projector, books):
            projector.catch_up()
            yield database, recorder, books, ledger
    postgres.drop(name)


@pytest.mark.parametrize("size", [1, 20, 10_000])
def test_shares_of_any_size_make_the_same_rows(written, monkeypatch, size):
    database, recorder, *_ = written
    monkeypatch.setattr("projections.rebuild.SHARE", size)
    report = rebuild(database, recorder, verify=True)
    assert report.differences == {}
    assert report.rows["key_results"] > 0


def test_several_processes_make_the_same_rows(written, monkeypatch):
    database, recorder, *_ = written
    monkeypatch.setattr("projections.rebuild.SHARE", 20)
    told = []
    report = rebuild(database, recorder, lambda done, of: told.append((done, of)), verify=True, crew=Crew(2))
    assert report.differences == {}
    assert told[-1][0] == told[-1][1] == sum(fact.stream.kind is not Kind.EVENT for fact in written[3].facts)


def test_who_folds_ends_with_whoever_hired_it(written):
    """Also if that is killed, and cannot say so."""
    database, *_ = written
    command = [sys.executable, "-c", _HIRES, database.url, database.schema]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as hirer:
        assert hirer.stdout is not None
        folds = psutil.Process(int(hirer.stdout.readline()))
        hirer.kill()
    folds.wait(PATIENCE)


_HIRES = """
import os, sys, time
from contextlib import ExitStack
from types import SimpleNamespace
from projections import crew

line = SimpleNamespace(database=SimpleNamespace(url=sys.argv[1], schema=sys.argv[2]), head=0)
with ExitStack() as stack:
    print(crew._hire(line, stack).submit(os.getpid).result(), flush=True)
    time.sleep(60)
"""


def test_every_stream_is_in_one_share_and_families_are_whole(written):
    database, _, _, ledger = written
    with database.connection() as connection:
        found = shares(connection, len(ledger.facts), 1)
    streams = [name for share in found for name in share.streams]
    assert sorted(streams) == sorted({str(f.stream) for f in ledger.facts if f.stream.kind is not Kind.EVENT})
    of = {name: n for n, share in enumerate(found) for name in share.streams}
    for fact in ledger.facts:
        for kind in (Kind.OBJECTIVE, Kind.KPI):
            other = getattr(fact.event, kind.value, None)
            if fact.stream.kind in (Kind.KEY_RESULT, Kind.MEASUREMENTS) and other is not None:
                assert of[f"{kind.value}/{other}"] == of[str(fact.stream)]


def test_a_family_brings_the_cycles_of_its_objectives_along(written):
    """Scores depend on their policies and dates."""
    database, _, _, ledger = written
    with database.connection() as connection:
        found = shares(connection, len(ledger.facts), 1)
    for share in found:
        goals = [f.event for f in ledger.facts if f.stream.kind is Kind.OBJECTIVE and str(f.stream) in share.streams]
        assert share.beside == {f"cycle/{goal.cycle}" for goal in goals if hasattr(goal, "cycle")}


def test_two_rebuilds_at_once_do_not_get_in_each_others_way(written):
    database, recorder, *_ = written
    with database.dedicated() as other:
        other.execute(
            "SELECT pg_advisory_lock(hashtext('quarterdeck rebuild'), hashtext(%s))", [database.schema]
        ).fetchone()
        with pytest.raises(RebuildFailed, match="Another rebuild"):
            rebuild(database, recorder, verify=True)
    assert rebuild(database, recorder, verify=True).differences == {}


def test_what_a_dead_rebuild_left_is_in_nobodys_way(written):
    database, recorder, *_ = written
    with database.connection() as connection:
        connection.execute(f'CREATE TABLE "{database.shadow}".objective_versions (nonsense int)')
    assert rebuild(database, recorder, verify=True).differences == {}


def test_a_swapped_rebuild_answers_the_same(written):
    database, recorder, books, ledger = written
    cycle = next(f.stream.id for f in ledger.facts if f.stream.kind is Kind.CYCLE)
    with books.reading() as reading:
        before = questions.board(reading, cycle)["objectives"]
    rebuild(database, recorder)
    with books.reading() as reading:
        assert questions.board(reading, cycle)["objectives"] == before
