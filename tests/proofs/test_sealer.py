"""The sealer: one at a time, never two trees of one size, and it stops where something does not fit."""

import shutil
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from ledger.append import Append
from ledger.database import Database
from ledger.errors import DataFolderUnusable, SigningKeyElsewhere, TreeBroken
from ledger.proofs import sealer as sealing
from ledger.proofs import store
from ledger.proofs.keys import KEY_FILE, KeyFolder
from ledger.proofs.leaf import leaf_of
from ledger.proofs.sealer import Sealer, rotate
from ledger.proofs.tree import EMPTY
from ledger.recorder import LedgerRecorder
from tests.proofs import naive
from tests.support.ledger import append, objective


def newest(database: Database):
    with database.connection() as connection:
        return store.newest(connection)


def leaves(recorder: LedgerRecorder) -> list[bytes]:
    return [leaf_of(stored) for stored in recorder.iterate_stored()]


def test_an_empty_ledger_has_a_checkpoint_too(sealer, database):
    assert sealer.catch_up() == 0
    assert (newest(database).size, newest(database).root) == (0, EMPTY)


def test_what_is_sealed_is_the_tree_over_all_leaves(sealer, recorder, database, monkeypatch):
    """In whatever batches."""
    monkeypatch.setattr(sealing, "BATCH", 3)
    for versions in (1, 4, 9):
        recorder.append([append(objective(), *range(1, versions + 1))])
        assert sealer.catch_up() == recorder.head().position
        assert newest(database).root == naive.mth(leaves(recorder))
    with database.connection() as connection:
        for signed in store.checkpoints(connection):
            assert signed.root == naive.mth(leaves(recorder)[: signed.size])
            signed.signed_by(store.verifier_keys(connection))
        for size in range(15):
            assert store.root_at(connection, size) == naive.mth(leaves(recorder)[:size])


def test_nothing_new_makes_no_checkpoint(sealer, recorder, database):
    sealer.catch_up()
    recorder.append([append(objective(), 1)])
    for _ in range(3):
        sealer.catch_up()
    with database.connection() as connection:
        assert [each.size for each in store.checkpoints(connection)] == [0, 1]


def test_another_sealer_goes_on_where_one_ended(sealer, recorder, database, keys):
    recorder.append([append(objective(), 1, 2, 3)])
    sealer.catch_up()
    recorder.append([append(objective(), 1, 2)])
    Sealer(database, recorder, keys).catch_up()
    assert newest(database).root == naive.mth(leaves(recorder))


def test_a_leaf_is_the_same_from_a_restored_ledger(recorder, postgres):
    recorder.append([append(objective(), 1, 2, 3)])
    name = postgres.migrated_database()
    with Database(postgres.url_of(name)) as database:
        empty = LedgerRecorder(database, recorder.mapper)
        empty.restore(Append(events=list(recorder.iterate_stored())))
        assert leaves(empty) == leaves(recorder)
        empty.close()
    postgres.drop(name)


def test_two_that_believe_to_be_the_active_one_make_one_tree(recorder, database, keys, monkeypatch):
    """The lease only saves work: without it nothing goes wrong."""
    monkeypatch.setattr(sealing, "BATCH", 7)
    sealers = [Sealer(database, recorder, keys) for _ in range(4)]
    for versions in (50, 60):
        recorder.append([append(objective(), *range(1, versions))])

    def seal(sealer: Sealer) -> None:
        while sealer.step() < recorder.head().position:
            pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(seal, sealers))
    assert newest(database).root == naive.mth(leaves(recorder))
    with database.connection() as connection:
        sizes = [each.size for each in store.checkpoints(connection)]
    assert len(sizes) == len(set(sizes))


def test_one_has_the_lease_and_the_other_waits_for_it(recorder, database, keys):
    recorder.append([append(objective(), 1)])
    one, other = Sealer(database, recorder, keys), Sealer(database, recorder, keys)
    assert one._leads()
    assert not other._leads()
    one.step()
    assert other.catch_up() == 1
    one.stop()
    assert other._leads()
    other.stop()


def test_a_started_one_seals_what_comes(recorder, database, keys):
    sealer = Sealer(database, recorder, keys)
    recorder.on_append(sealer.wake)
    sealer.start()
    try:
        for _ in range(3):
            recorder.append([append(objective(), 1, 2)])
        waiting = Sealer(database, recorder, keys)
        assert waiting.catch_up(patience=60) == 6
    finally:
        sealer.stop()
    assert (sealer.error, newest(database).root) == (None, naive.mth(leaves(recorder)))


class TestTheKey:
    def test_is_the_owner_s_alone(self, sealer, keys):
        sealer.catch_up()
        assert stat.S_IMODE(keys.file.stat().st_mode) == 0o600
        assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in keys.file.parent.iterdir())

    def test_is_the_same_for_many_that_start_at_once(self, keys):
        from uuid import UUID

        with ThreadPoolExecutor(8) as pool:
            names = {signer.name for signer in pool.map(lambda _: keys.make(UUID(int=1)), range(8))}
        assert len(names) == 1

    def test_is_not_made_where_another_has_signed(self, sealer, recorder, database, tmp_path):
        """Who only verifies beside a server makes no key."""
        sealer.catch_up()
        recorder.append([append(objective(), 1)])
        elsewhere = KeyFolder(tmp_path / "elsewhere", "quarterdeck")
        with pytest.raises(SigningKeyElsewhere, match="there is no"):
            Sealer(database, recorder, elsewhere).catch_up()
        assert not elsewhere.file.exists()

    def test_is_not_needed_where_all_is_sealed(self, sealer, recorder, database, tmp_path):
        sealer.catch_up()
        assert Sealer(database, recorder, KeyFolder(tmp_path / "elsewhere", "quarterdeck")).catch_up() == 0

    def test_that_cannot_be_read_stops_it(self, sealer, keys):
        sealer.catch_up()
        keys.file.write_text("no key")
        with pytest.raises(DataFolderUnusable, match=KEY_FILE):
            sealer.step()

    def test_is_replaced_and_old_checkpoints_still_verify(self, sealer, recorder, database, keys):
        recorder.append([append(objective(), 1)])
        sealer.catch_up()
        old = newest(database)
        signer = rotate(database, keys)
        sealer.catch_up()
        new = newest(database)
        assert (new.size, new.root) == (old.size, old.root)
        assert new.origin == signer.name != old.origin
        with database.connection() as connection:
            current, before = store.verifier_keys(connection)
        assert (current.name, before.name) == (new.origin, old.origin)
        assert (new.signed_by([current]), old.signed_by([before])) == (current, before)
        recorder.append([append(objective(), 1)])
        sealer.catch_up()
        assert newest(database).origin == signer.name


class TestWhatDoesNotFit:
    """Nothing is signed then."""

    @pytest.fixture
    def sealed(self, sealer, recorder):
        recorder.append([append(objective(), *range(1, 7))])
        sealer.catch_up()
        recorder.append([append(objective(), 1)])
        return sealer

    @staticmethod
    def tamper(owner: psycopg.Connection, *statements: str) -> None:
        for statement in (
            "ALTER TABLE events DISABLE TRIGGER ALL",
            "ALTER TABLE head DISABLE TRIGGER ALL",
            "ALTER TABLE nodes DISABLE TRIGGER ALL",
            "ALTER TABLE checkpoints DISABLE TRIGGER ALL",
            *statements,
        ):
            owner.execute(statement)

    @pytest.mark.parametrize(
        ("statement", "why"),
        [
            ("UPDATE nodes SET hash = sha256('x') WHERE level = 2 AND index = 0", "not the one whose checkpoint"),
            ("DELETE FROM nodes WHERE level = 1 AND index = 2", "level 1, index 2 is missing"),
            ("UPDATE checkpoints SET root = sha256('x') WHERE size = 6", "not the one whose checkpoint"),
            ("INSERT INTO nodes VALUES (0, 6, sha256('x'))", "more than was signed"),
            ("DELETE FROM events WHERE position = 7", None),
            ("UPDATE events SET data = '{\"number\": 1.5}' WHERE position = 7", "position 7 has the number 1.5"),
        ],
    )
    def test_it_stops(self, sealed, database, owner, statement, why):
        self.tamper(owner, statement)
        before = newest(database)
        if why is None:
            assert sealed.step() == 6
        else:
            with pytest.raises(TreeBroken, match=why):
                sealed.catch_up()
        assert newest(database) == before

    def test_a_started_one_says_so_and_goes_on_when_it_was_put_right(
        self, recorder, database, keys, owner, monkeypatch
    ):
        monkeypatch.setattr(sealing, "RETRY", 0.05)
        recorder.append([append(objective(), 1, 2)])
        sealer = Sealer(database, recorder, keys)
        sealer.catch_up()
        self.tamper(owner, "CREATE TABLE was AS TABLE nodes", "UPDATE nodes SET hash = sha256('x')")
        recorder.append([append(objective(), 1)])
        sealer.start()
        try:
            while sealer.error is None:
                sealer._stopping.wait(0.01)
            assert "not the one whose checkpoint was signed" in sealer.error
            owner.execute(
                "UPDATE nodes SET hash = was.hash FROM was WHERE (was.level, was.index) = (nodes.level, nodes.index)"
            )
            while sealer.error is not None:
                sealer._stopping.wait(0.01)
        finally:
            sealer.stop()
        assert newest(database).size == 3

    def test_an_older_backup_is_not_signed_anew(self, sealed, recorder, database, owner, keys):
        """The folder knows what was signed; a new key, and with it a new name, begins another log."""
        sealed.catch_up()
        self.tamper(
            owner,
            "DELETE FROM events WHERE position > 4",
            "UPDATE head SET position = 4, recorded_at = (SELECT max(recorded_at) FROM events)",
            "DELETE FROM checkpoints",
            "DELETE FROM nodes",
        )
        with pytest.raises(TreeBroken, match=r"A tree of 7 events was signed, and the ledger has 4"):
            sealed.catch_up()
        recorder.append([append(objective(), *range(1, 9))])
        with pytest.raises(TreeBroken, match="Another tree of 7 events was signed before"):
            sealed.catch_up()
        rotate(database, keys)
        assert sealed.catch_up() == 12

    def test_a_tree_that_was_lost_is_signed_again_if_it_is_the_same(self, sealed, recorder, database, owner):
        """As after a crash between the note in the folder and the commit."""
        sealed.catch_up()
        before = newest(database)
        self.tamper(owner, "DELETE FROM checkpoints", "DELETE FROM nodes")
        assert sealed.catch_up() == 7
        assert newest(database) == before

    def test_another_ledger_in_the_same_folder_has_its_own_name(self, sealed, postgres, recorder, keys):
        name = postgres.migrated_database()
        with Database(postgres.url_of(name)) as other:
            another = LedgerRecorder(other, recorder.mapper)
            another.append([append(objective(), 1)])
            Sealer(other, another, keys).catch_up()
            assert newest(other).origin != newest(recorder.database).origin
            another.close()
        postgres.drop(name)

    def test_the_database_refuses_two_trees_of_one_size(self, sealed, owner, subtests):
        sealed.catch_up()
        for size, root in (("7", "sha256('x')"), ("6", "(SELECT root FROM checkpoints WHERE size = 6)")):
            with subtests.test(size=size), pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
                owner.execute("INSERT INTO verifier_keys VALUES ('n', sha256('n')) ON CONFLICT DO NOTHING")
                owner.execute(f"INSERT INTO checkpoints VALUES ({size}, 'n', {root}, '')")

    def test_the_tree_is_append_only(self, sealed, owner, database, subtests):
        for table in ("nodes", "checkpoints", "verifier_keys", "log"):
            for change in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
                with subtests.test(change=change):
                    with pytest.raises(psycopg.errors.RestrictViolation):
                        owner.execute(change)
                    with database.connection() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
                        connection.execute(change)


def test_what_is_in_the_folder_of_another_machine_does_not_matter(recorder, database, keys, tmp_path: Path):
    """Two servers, each with a folder of its own: whoever seals signs with its key, and both are known."""
    one = Sealer(database, recorder, keys)
    other = Sealer(database, recorder, KeyFolder(tmp_path / "other", "quarterdeck"))
    other._may_make_key = True
    for sealer in (one, other, one):
        recorder.append([append(objective(), 1)])
        sealer.catch_up()
    with database.connection() as connection:
        keys_known = store.verifier_keys(connection)
        assert len(keys_known) == 2
        for signed in store.checkpoints(connection):
            signed.signed_by(keys_known)
    shutil.rmtree(tmp_path / "other")
