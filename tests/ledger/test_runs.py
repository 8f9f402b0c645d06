"""Runs: what is taken in together comes out as if it had been taken in one after the other."""

import random
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import orjson
import pytest

from domain.kernel import Claim, Kind, Person, Ref
from ledger.append import Append, Appended, Attachment, Children, Claiming, GuardConflict, InCycle, Replayed
from ledger.database import Database
from ledger.migrations import migrate
from ledger.recorder import LedgerRecorder
from ledger.runs import to_runs
from tests.support.ledger import MAPPER, append, day, key, objective, stored

STREAMS = [Ref(Kind.OBJECTIVE, UUID(int=n)) for n in range(1, 9)]
CYCLES = [UUID(int=100), UUID(int=101)]
PARENT, CHILD = Ref(Kind.OBJECTIVE, UUID(int=200)), Ref(Kind.KEY_RESULT, UUID(int=201))


@pytest.fixture
def other(database_url):
    """A second ledger, beside the one of `recorder`."""
    with Database(database_url, "other") as database:
        migrate(database)
        recorder = LedgerRecorder(database, MAPPER)
        yield recorder
        recorder.close()


def _at_random(chance, versions):
    """An append that may continue a stream rightly or wrongly, and may look at anything that others write."""
    stream = chance.choice(STREAMS)
    number = chance.choice([1, 1, 1, 2])
    before = versions.get(stream, 0) + chance.choice([0, 0, 0, 0, 1])
    at = chance.choice([None, None, None, day("2026-01-05"), day("2999-01-01")])
    events = [stored(stream, before + n, effective_at=at) for n in range(1, number + 1)]
    if events[0].originator_version == versions.get(stream, 0) + 1:
        versions[stream] = before + number
    one, child = Append(events=events), Ref(Kind.KEY_RESULT, UUID(int=chance.randint(300, 304)))
    extras = [
        {"guards": {guarded: versions.get(guarded, 0) for guarded in chance.sample(STREAMS, 2)}},
        {"children": [Children(PARENT, Kind.KEY_RESULT, chance.randint(0, 3))]},
        {"not_before": [chance.choice(CYCLES)]},
        {"attach": [Attachment(0, PARENT, child)]},
        {"cycles": [InCycle(number - 1, chance.choice(CYCLES))]},
        {"claims": [Claiming(0, Claim("label", str(chance.randint(0, 5))), stream)]},
        {"idempotency": key(str(chance.randint(0, 9)), chance.choice([b"one", b"two"]))},
    ]
    for extra in chance.sample(extras, chance.choice([0, 1, 1, 2, 3])):
        one = replace(one, **extra)
    return one


def _without_times(outcome):
    match outcome:
        case Appended(position, _, count):
            return ("appended", position, count)
        case Replayed(subject, created, position, _):
            return ("replayed", subject, created, position)
        case GuardConflict():
            return "conflict"  # of several things that have changed, either names one
        case _:
            return outcome


def _tables(recorder):
    """Everything that appends write, without the times that the ledger gave."""
    queries = (
        "SELECT position, id, stream, version, nullif(effective_at, recorded_at) FROM events ORDER BY position",
        "SELECT * FROM attachments ORDER BY position, child",
        "SELECT c.cycle, c.position, c.effective_at = e.effective_at FROM cycle_events AS c"
        " JOIN events AS e USING (position) ORDER BY position, cycle",
        "SELECT * FROM claims ORDER BY scope, value",
        "SELECT i.scope, i.key, request_hash, i.position, i.recorded_at = e.recorded_at FROM idempotency AS i"
        " LEFT JOIN events AS e USING (position) ORDER BY i.scope, i.key",
    )
    with recorder.database.connection() as connection:
        return [connection.execute(query).fetchall() for query in queries]


def test_what_is_taken_in_together_comes_out_as_one_after_the_other(recorder, other):
    """Groups of appends that conflict, claim the same names, use the same keys, and look at what others write."""
    chance, versions, kinds = random.Random(7), dict[Ref, int](), set[str]()
    for size in (3, 5, 10, 20, 40, 40, 40):
        group = [_at_random(chance, versions) for _ in range(size)]
        together = recorder.append(group)
        apart = [outcome for one in group for outcome in other.append([one])]
        assert list(map(_without_times, together)) == list(map(_without_times, apart))
        kinds |= {type(outcome).__name__ for outcome in together}
        head = recorder.head()
        versions.clear()
        for fact in recorder.read_after(0, head.position):
            versions[fact.stream] = fact.version
    assert _tables(recorder) == _tables(other)
    assert kinds == {"Appended", "Replayed", "KeyReused", "GuardConflict", "AlreadyClaimed", "InFuture", "TooEarly"}


def test_times_are_strictly_increasing_and_a_microsecond_apart_in_a_run(recorder):
    recorder.append([append(objective(), 1, 2) for _ in range(10)])
    times = [fact.recorded_at for fact in recorder.read_after(0, 20)]
    assert [later - before for before, later in pairwise(times)] == [timedelta(microseconds=1)] * 19


def test_appends_that_have_nothing_to_do_with_one_another_are_one_run():
    (run,) = orjson.loads(to_runs([append(objective(), 1) for _ in range(10)]))
    assert run["counts"] == [1] * 10


def test_an_append_that_looks_at_what_another_writes_is_in_a_later_run():
    stream = objective()
    group = [append(objective(), 1) for _ in range(5)]
    runs = orjson.loads(to_runs([append(stream, 1), *group, append(objective(), 1, guards={stream: 1}), *group]))
    assert [len(run["counts"]) for run in runs] == [6, 6]


def test_what_many_rely_on_is_looked_at_once():
    """As is the cycle of all goals."""
    cycle = Ref(Kind.CYCLE, CYCLES[0])
    (run,) = orjson.loads(to_runs([append(objective(), 1, guards={cycle: 3}) for _ in range(4)]))
    assert {"cs": [1, 2, 3, 4], "stream": str(cycle), "version": 3} in run["guards"]


def test_one_that_is_refused_leaves_no_gap(recorder):
    taken = objective()
    recorder.append([append(taken, 1)])
    outcomes = recorder.append([append(objective(), 1), append(taken, 1), append(objective(), 1)])
    assert isinstance(outcomes[1], GuardConflict)
    assert [fact.position for fact in recorder.read_after(0, 10)] == [1, 2, 3]


def test_what_a_run_has_no_list_for_goes_by_itself(recorder):
    """As does a member's personal data; the others of the group go together all the same."""
    member = Ref(Kind.MEMBER, UUID(int=5))
    person = Person("Ada", None, None, None)
    group = [append(objective(), 1) for _ in range(6)]
    group.insert(3, append(member, 1, people={member.id: person}))
    runs = orjson.loads(to_runs(group))
    assert [len(run.get("counts", run.get("commands"))) for run in runs] == [3, 1, 3]
    assert [outcome.position for outcome in recorder.append(group)] == [1, 2, 3, 4, 5, 6, 7]
    assert recorder.person(member.id) == person
