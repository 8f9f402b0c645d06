"""`quarterdeck verify` on a live ledger: what a superuser changed behind its back is found, and the position named."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from domain.catalogue import EVENTS
from domain.team.decisions import FormTeam
from ledger.application import Ledger
from ledger.database import Database
from ledger.mapper import EventMapper
from ledger.orders import Order
from ledger.proofs import store
from ledger.proofs.auditing import Found
from ledger.proofs.keys import KeyFolder
from ledger.proofs.notes import Checkpoint, Verifier
from ledger.proofs.sealer import Sealer, rotate
from ledger.recorder import LedgerRecorder
from projections.reading import Books
from projections.verifying import Live, Verified
from tests.history.test_restoring import ADMIN

UNDO = tuple(
    f"ALTER TABLE {table} DISABLE TRIGGER ALL" for table in ("events", "head", "nodes", "checkpoints", "verifier_keys")
)


class Watched:
    """A sealed ledger, and a superuser who may do anything to it."""

    def __init__(self, url: str, database: Database, folder: Path) -> None:
        self.database = database
        self.recorder = LedgerRecorder(database, EventMapper(EVENTS))
        self.keys = KeyFolder(folder, "quarterdeck")
        self.sealer = Sealer(database, self.recorder, self.keys)
        self._url = url

    def seal(self) -> Checkpoint:
        self.sealer.catch_up()
        with self.database.connection() as connection:
            newest = store.newest(connection)
        assert newest is not None
        return newest

    def tamper(self, *statements: str) -> None:
        options = "-c search_path=quarterdeck,quarterdeck_books"
        with psycopg.connect(self._url, autocommit=True, options=options) as connection:
            for statement in (*UNDO, *statements):
                connection.execute(statement)

    def verify(self, *anchors: Checkpoint, keys: tuple[Verifier, ...] = ()) -> Verified:
        books = Books(self.database, self.recorder)
        live = Live(self.database, self.recorder, books, anchors, keys)
        live.events(lambda *_: None)
        live.seals(lambda *_: None)
        live.books(lambda *_: None)
        return live.verified

    def found(self, *anchors: Checkpoint, keys: tuple[Verifier, ...] = ()) -> Found:
        with pytest.raises(Found) as found:
            self.verify(*anchors, keys=keys)
        return found.value


@pytest.fixture
def watched(copied, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """Sealed in small batches, so that there are older checkpoints."""
    monkeypatch.setattr("ledger.proofs.sealer.BATCH", 10)
    url = copied()
    with Database(url) as database:
        watched = Watched(url, database, tmp_path)
        watched.seal()
        yield watched
        watched.recorder.close()


def test_a_ledger_holds_with_keys_an_erasure_and_a_redaction_in_it(watched):
    newest = watched.seal()
    verified = watched.verify(newest)
    assert (verified.events, verified.sealed) == (newest.size, newest.size)
    assert (verified.checkpoints, verified.seals) == (5, 1)  # the given one once more
    assert verified.rows > 20


AT = 17
OTHER = "'0190a2f0-8277-7374-90aa-6f81d2537499'"


@pytest.mark.parametrize(
    "change",
    [
        f"id = {OTHER}",
        "type = 'objective.changed'",
        'data = data || \'{"weight": "3"}\'',
        "data = data - 'source'",
        f"actor = {OTHER}",
        f"on_behalf_of = {OTHER}",
        "effective_at = effective_at - interval '1 day'",
        "reported_at = coalesce(reported_at, recorded_at) - interval '1 microsecond'",
        "recorded_at = recorded_at + interval '1 hour'",
        "version = version + 10",
        f"stream = 'objective/' || {OTHER}",
        "schema_version = 2",
        "texts = '{}'",
        'texts = jsonb_build_object(\'/title\', \'{"salt": "00", "text": "x"}\'::jsonb)',
    ],
)
def test_a_superuser_s_update_of_an_event_is_found(watched, change):
    goal = watched.recorder.stored_after(0, 1, types=["objective.set"])[0].id
    watched.tamper(f"UPDATE events SET {change} WHERE position = {goal}")
    assert watched.found().position == goal


def test_a_deleted_event_is_found(watched):
    watched.tamper(f"DELETE FROM events WHERE position = {AT}")
    assert watched.found().position == AT


def test_events_that_changed_places_are_found(watched):
    watched.tamper(
        f"UPDATE events SET position = 1000000 WHERE position = {AT}",
        f"UPDATE events SET position = {AT} WHERE position = {AT + 1}",
        f"UPDATE events SET position = {AT + 1} WHERE position = 1000000",
    )
    assert watched.found().position == AT


def test_a_leaf_and_a_node_that_were_changed_are_found(watched):
    watched.tamper(f"UPDATE nodes SET hash = sha256('x') WHERE level = 0 AND index = {AT - 1}")
    assert (watched.found().check, watched.found().position) == ("leaf", AT)


def test_an_inner_node_that_was_changed_is_found(watched):
    watched.tamper("UPDATE nodes SET hash = sha256('x') WHERE level = 2 AND index = 1")
    assert (watched.found().check, watched.found().position) == ("nodes", 5)


def test_whoever_changes_the_tree_too_meets_the_checkpoints(watched):
    """All but the signatures can be computed anew; then it is known between which checkpoints it lies."""
    watched.tamper(f"UPDATE events SET actor = {OTHER} WHERE position = {AT}")
    watched.tamper("CREATE TABLE kept AS TABLE checkpoints", "DELETE FROM checkpoints", "DELETE FROM nodes")
    for file in watched.keys.file.parent.glob("*.checkpoint"):
        file.unlink()
    watched.seal()
    watched.tamper("DELETE FROM checkpoints", "INSERT INTO checkpoints TABLE kept")
    found = watched.found()
    assert (found.check, found.position) == ("root", 11)
    assert "events 11 to 20" in found.detail


def test_whoever_has_the_key_too_meets_a_checkpoint_that_was_kept_elsewhere(watched):
    anchor = watched.seal()
    watched.tamper(f"UPDATE events SET actor = {OTHER} WHERE position = {AT}")
    watched.tamper("DELETE FROM checkpoints", "DELETE FROM nodes")
    for file in watched.keys.file.parent.glob("*.checkpoint"):
        file.unlink()
    watched.seal()
    assert watched.verify().sealed == anchor.size
    assert watched.found(anchor).check == "root"


def test_an_older_backup_is_noticed_against_a_newer_checkpoint(watched):
    anchor = watched.seal()
    watched.tamper(
        "DELETE FROM events WHERE position > 12",
        "UPDATE head SET position = 12, recorded_at = (SELECT max(recorded_at) FROM events)",
        "DELETE FROM checkpoints WHERE size > 10",
        "DELETE FROM nodes WHERE (index + 1) << level > 10",
    )
    found = watched.found(anchor)
    assert found.position in (11, 13)  # a text of 11 was redacted since, by an event that is not there any more


def test_a_checkpoint_without_a_good_signature_is_found(watched):
    watched.tamper("UPDATE checkpoints SET note = replace(note, 'quarterdeck/quarterdeck', 'quarterdeck/quarterdecl')")
    assert watched.found().check == "checkpoint"


def test_a_key_that_was_slipped_in_is_found_by_whoever_knows_the_right_one(watched):
    with watched.database.connection() as connection:
        (known,) = store.verifier_keys(connection)
    assert watched.verify(keys=(known,)).checkpoints == 4
    rotate(watched.database, watched.keys)
    watched.seal()
    assert watched.verify().checkpoints == 5
    assert watched.found(keys=(known,)).check == "checkpoint"


def test_a_seal_that_does_not_follow_from_the_events_is_found(watched):
    """As if it had been written so: the tree is made anew over it."""
    watched.tamper(
        "UPDATE events SET data = jsonb_set(data, '{score}', '\"0.99\"') WHERE type = 'cycle.sealed'",
        "DELETE FROM checkpoints",
        "DELETE FROM nodes",
    )
    for file in watched.keys.file.parent.glob("*.checkpoint"):
        file.unlink()
    watched.seal()
    found = watched.found()
    assert found.check == "seals"
    (sealed,) = watched.recorder.stored_after(0, 5, types=["cycle.sealed"])
    assert found.position == sealed.id


def test_a_book_that_was_changed_is_found(watched):
    watched.tamper("UPDATE quarterdeck_books.team_versions SET name = 'other' WHERE name IS NOT NULL")
    assert (watched.found().check, watched.found().position) == ("books", None)
    assert "teams" in watched.found().detail


def test_events_that_are_not_sealed_yet_are_told_apart(watched):
    sealed = watched.seal().size
    Ledger(watched.recorder).execute(Order(FormTeam(name="later"), ADMIN))
    live = Live(watched.database, watched.recorder, Books(watched.database, watched.recorder))
    live.events(lambda *_: None)
    assert (live.verified.events, live.verified.sealed) == (sealed + 1, sealed)


BESIDE = ("attachments", "cycle_events", "claims", "keys")


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM attachments WHERE position = (SELECT max(position) FROM attachments)",
        "UPDATE attachments SET child = 'key_result/' || gen_random_uuid() WHERE starts_with(child, 'key_result/')",
        "DELETE FROM cycle_events WHERE position = (SELECT min(position) FROM cycle_events)",
        "INSERT INTO cycle_events SELECT cycle, effective_at, 1 FROM cycle_events LIMIT 1",
        "UPDATE claims SET value = 'x' WHERE value = (SELECT max(value) FROM claims WHERE stream LIKE 'cycle/%')",
        "UPDATE keys SET role = 'admin' WHERE role <> 'admin'",
        "DELETE FROM keys",
    ],
)
def test_what_follows_from_the_events_is_found_where_it_was_changed(watched, change):
    """It is in no leaf; but what belongs to what, and who may do what, is read from it."""
    watched.tamper(*(f"ALTER TABLE {name} DISABLE TRIGGER USER" for name in BESIDE), change)
    assert watched.found().check == "beside"
