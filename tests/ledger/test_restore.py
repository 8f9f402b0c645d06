"""Restoring an exported ledger: everything as it was, into an empty ledger only."""

from dataclasses import replace
from uuid import uuid4

import pytest

from domain.kernel import Claim, Kind, Person, Ref
from ledger.append import Append, Appended, Attachment, Claiming, GuardConflict, InCycle, Redaction
from ledger.database import Database
from ledger.errors import RestoreRefused
from ledger.recorder import LedgerRecorder
from tests.support.ledger import MAPPER, append, day, objective, stored

CYCLE, STREAM, OTHER = uuid4(), objective(), objective()


@pytest.fixture
def exported(recorder):
    """Six events of a ledger, one of them redacted, as they are stored."""
    for version in (1, 2, 3):
        event = stored(OTHER, version, effective_at=day("2020-01-01"), correlation_id="c")
        recorder.append([append(STREAM, version), Append(events=[event])])
    recorder.append([Append(redaction=Redaction(2, ["/note"], "why"))])
    return list(recorder.iterate_stored())


@pytest.fixture
def empty(postgres):
    """A recorder on another ledger, which is empty."""
    name = postgres.migrated_database()
    with Database(postgres.url_of(name)) as database:
        recorder = LedgerRecorder(database, MAPPER)
        yield recorder
        recorder.close()
    postgres.drop(name)


def test_a_restored_ledger_is_the_same_and_goes_on_from_there(exported, empty):
    """In parts: positions, times, texts with their salts, redactions."""
    assert [empty.restore(Append(events=exported[at : at + 2])) for at in (0, 2, 4)] == [2, 4, 6]
    assert list(empty.iterate_stored()) == exported
    assert empty.head() == (6, exported[-1].recorded_at)
    (outcome,) = empty.append([append(STREAM, 4)])
    assert isinstance(outcome, Appended)
    assert outcome.first_position == 7


def test_what_stands_beside_the_events_is_restored_with_them(exported, empty):
    empty.restore(Append(events=exported[:2]))
    parent, label = Ref(Kind.CYCLE, CYCLE), Claim("label", "2026-Q1")
    empty.restore(
        Append(
            events=exported[2:],
            attach=[Attachment(1, parent, OTHER)],
            cycles=[InCycle(1, CYCLE), InCycle(3, CYCLE)],
            claims=[Claiming(0, label, STREAM)],
        )
    )
    assert empty.children(parent, Kind.OBJECTIVE) == [OTHER.id]
    assert empty.last_effective_in(CYCLE) == day("2020-01-01")
    assert empty.holder("label", "2026-Q1") == STREAM
    assert isinstance(empty.append([append(STREAM, 3)])[0], GuardConflict)


def test_personal_data_come_back_apart(exported, empty):
    """As an append without events, before or after the ledger is in use."""
    empty.restore(Append(events=exported))
    member = Ref(Kind.MEMBER, uuid4())
    claim = Claim("external_id:member:http", "ada-1")
    people = {member.id: Person("Ada", None, "ada-1", "http")}
    empty.append([Append(people=people, claims=[Claiming(0, claim, member)])])
    assert empty.people() == people
    assert empty.holder(claim.scope, claim.value) == member
    assert empty.head().position == 6


def test_a_ledger_that_has_events_of_its_own_is_not_restored(exported, empty):
    """Nor is one that was restored and then used."""
    empty.restore(Append(events=exported[:2]))
    empty.append([append(objective(), 1)])
    with pytest.raises(RestoreRefused, match="events of its own, up to position 3"):
        empty.restore(Append(events=[replace(exported[3], id=4)]))


def test_events_that_do_not_follow_one_another_are_not_restored(exported, empty, subtests):
    first, second, third, *rest = exported
    broken = {
        "a gap": [first, third, *rest],
        "a late start": [second, third, *rest],
        "times turned": [first, replace(second, recorded_at=first.recorded_at), third, *rest],
        "a version missing": [first, second, replace(third, originator_version=3), *rest],
    }
    for what, events in broken.items():
        with subtests.test(what), pytest.raises(RestoreRefused, match="does not follow"):
            empty.restore(Append(events=events))
    assert empty.head() == (0, None)


def test_restoring_a_part_twice_is_refused(exported, empty):
    """So a restore that broke off goes on at the head, and cannot double anything."""
    empty.restore(Append(events=exported[:3]))
    with pytest.raises(RestoreRefused):
        empty.restore(Append(events=exported[:3]))
    assert empty.restore(Append(events=exported[3:])) == 6
