"""Keys in the ledger: the event and the row are one transaction, whoever else is at it; and old rows are put right."""

from threading import Barrier
from uuid import UUID, uuid4

import pytest

import ledger.migrations as steps
from domain.catalogue import EVENTS
from domain.errors import Refusal
from domain.key.decisions import CreateKey, RevokeKey
from domain.member.decisions import EraseMember, RegisterMember
from ledger.application import Ledger
from ledger.database import Database
from ledger.mapper import EventMapper
from ledger.orders import IdempotencyKey, Order
from ledger.recorder import LedgerRecorder
from tests.support.ledger import in_threads

ACTOR = UUID(int=9)


@pytest.fixture
def ledgers(database):
    """Two processes on one ledger, each with a cache of its own."""
    recorders = [LedgerRecorder(database, EventMapper(EVENTS)) for _ in range(2)]
    yield [Ledger(recorder) for recorder in recorders]
    for recorder in recorders:
        recorder.close()


def rows(database):
    """The keys: hash, and whether each is good."""
    with database.connection() as connection:
        return connection.execute("SELECT hash, revoked_at IS NULL FROM keys ORDER BY created_at").fetchall()


def test_of_many_who_make_one_key_at_once_one_does_and_its_secret_is_good(ledgers, database):
    start, command = Barrier(8), CreateKey(id=uuid4(), role="reader")

    def make(n):
        start.wait()
        return ledgers[n % 2].execute(Order(command, ACTOR, key_hash=b"%d" % n))

    (maker,) = [n for n, done in enumerate(in_threads(8, make)) if done.changed]
    assert rows(database) == [(b"%d" % maker, True)]
    assert ledgers[0].recorder.head().position == 1


def test_a_key_that_was_asked_for_twice_keeps_its_first_secret(ledgers, database):
    for n, ledger in enumerate(ledgers):
        once = IdempotencyKey("somebody", "once", b"the same")
        ledger.execute(Order(CreateKey(role="reader"), ACTOR, idempotency=once, key_hash=b"%d" % n))
    assert rows(database) == [(b"0", True)]


def test_of_many_who_revoke_a_key_at_once_one_does(ledgers, database):
    key = ledgers[0].execute(Order(CreateKey(role="reader"), ACTOR, key_hash=b"x")).subject.id
    start = Barrier(8)

    def revoke(n):
        start.wait()
        return ledgers[n % 2].execute(Order(RevokeKey(key=key), ACTOR)).changed

    assert sum(in_threads(8, revoke)) == 1
    assert rows(database) == [(b"x", False)]


def test_a_key_that_is_made_while_its_member_is_erased_is_never_good(ledgers, database):
    """Either it was there before and goes with the member, or it is refused."""
    members = [ledgers[0].execute(Order(RegisterMember(name="Dee", kind="person"), ACTOR)).subject.id for _ in range(6)]
    start = Barrier(12)

    def work(n):
        member = members[n // 2]
        command = CreateKey(role="lead", member=member) if n % 2 else EraseMember(member=member, reason="left")
        start.wait()
        try:
            ledgers[n % 2].execute(Order(command, ACTOR, key_hash=b"%d" % n))
        except Refusal as refusal:
            assert refusal.slug == "erased"

    in_threads(12, work)
    assert not any(good for _, good in rows(database))


def test_a_key_that_is_refused_leaves_no_row(ledgers, database):
    with pytest.raises(Refusal):
        ledgers[0].execute(Order(CreateKey(role="lead", member=uuid4()), ACTOR, key_hash=b"x"))
    assert rows(database) == []


def test_the_keys_of_members_who_were_erased_before_end_with_the_migration(empty_url, monkeypatch):
    database, all_steps = Database(empty_url, "earlier"), steps.migrations()
    monkeypatch.setattr(steps, "migrations", lambda: all_steps[:8])
    steps.migrate(database)
    gone, here = uuid4(), uuid4()
    with database.owner_connection() as owner:
        for n, member in enumerate((gone, here), 1):
            owner.execute(
                "INSERT INTO events SELECT %s, gen_random_uuid(), 'member/' || %s, 1, %s, 1, '{}', '{}', %s,"
                " NULL, NULL, at, NULL, at FROM (SELECT clock_timestamp() AS at) AS now",
                [n, member, "member.erased" if member == gone else "member.registered", ACTOR],
            )
            owner.execute(
                "INSERT INTO keys (id, hash, role, member) VALUES (gen_random_uuid(), %s, 'lead', %s)",
                [b"%d" % n, member],
            )
    monkeypatch.setattr(steps, "migrations", lambda: all_steps)
    steps.migrate(database)
    with database.owner_connection() as owner:
        assert owner.execute("SELECT member FROM keys WHERE revoked_at IS NOT NULL").fetchall() == [(gone,)]
