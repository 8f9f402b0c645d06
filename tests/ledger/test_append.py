"""What an append relies on, and what it says when that does not hold."""

from datetime import UTC, datetime, timedelta
from threading import Barrier
from uuid import uuid4

import pytest

from domain.kernel import Claim, Kind, Person, Ref
from ledger.append import (
    AlreadyClaimed,
    Append,
    Appended,
    Attachment,
    Children,
    Claiming,
    GuardConflict,
    InCycle,
    InFuture,
    KeyReused,
    Replayed,
    TooEarly,
)
from ledger.recorder import LedgerRecorder
from tests.support.ledger import (
    append,
    day,
    in_threads,
    is_gapless,
    key,
    objective,
    stored,
    strictly_increasing,
)

CYCLE = uuid4()


def test_events_get_the_next_positions_and_times_a_microsecond_apart(recorder):
    """Several streams in one append; `effective_at` is the recording's unless it is said."""
    one, other = objective(), objective()
    events = [stored(one, 1), stored(other, 1, effective_at=day("2020-01-01")), stored(one, 2)]
    (result,) = recorder.append([Append(events=events)])
    facts = recorder.read_after(0, 10)
    assert isinstance(result, Appended)
    assert (result.first_position, result.position) == (1, 3)
    assert [(fact.position, fact.stream, fact.version) for fact in facts] == [
        (1, one, 1),
        (2, other, 1),
        (3, one, 2),
    ]
    assert [fact.recorded_at for fact in facts] == result.recorded_at
    assert facts[2].recorded_at - facts[0].recorded_at == timedelta(microseconds=2)
    assert [fact.effective_at for fact in facts] == [
        facts[0].recorded_at,
        day("2020-01-01"),
        facts[2].recorded_at,
    ]


def test_a_version_that_is_taken_or_that_leaves_a_gap_is_a_conflict(recorder):
    stream = objective()
    recorder.append([append(stream, 1)])
    outcomes = recorder.append([append(stream, 1), append(stream, 3), append(stream, 2, 4), append(stream, 2)])
    assert [type(outcome) for outcome in outcomes] == [GuardConflict, GuardConflict, GuardConflict, Appended]
    assert outcomes[0] == GuardConflict(str(stream))


def test_a_guard_names_the_exact_version_of_another_stream(recorder):
    relied_on, fresh = objective(), objective()
    recorder.append([append(relied_on, 1, 2)])
    assert [
        type(recorder.append([append(objective(), 1, guards=guards)])[0])
        for guards in ({relied_on: 2}, {relied_on: 1}, {relied_on: 3}, {fresh: 0}, {fresh: 1}, {relied_on: 0})
    ] == [Appended, GuardConflict, GuardConflict, Appended, GuardConflict, GuardConflict]


def test_children_attached_since_are_a_conflict_those_of_another_kind_are_not(recorder):
    parent, key_result = objective(), Ref(Kind.KEY_RESULT, uuid4())
    recorder.append([append(key_result, 1, attach=[Attachment(0, parent, key_result)])])
    assert recorder.children(parent, Kind.KEY_RESULT) == [key_result.id]

    def with_view(kind, count):
        return recorder.append([append(objective(), 1, children=[Children(parent, kind, count)])])[0]

    assert isinstance(with_view(Kind.KEY_RESULT, 1), Appended)
    assert with_view(Kind.KEY_RESULT, 0) == GuardConflict(str(parent))
    assert isinstance(with_view(Kind.INITIATIVE, 0), Appended)


def test_only_the_first_attachment_of_a_child_counts(recorder):
    parent, child = objective(), Ref(Kind.KEY_RESULT, uuid4())
    recorder.append([append(child, version, attach=[Attachment(0, parent, child)]) for version in (1, 2)])
    assert recorder.children(parent, Kind.KEY_RESULT) == [child.id]


def test_children_come_in_the_order_of_their_attachment(recorder):
    parent = Ref(Kind.CYCLE, CYCLE)
    children = [objective() for _ in range(5)]
    events = [stored(child, 1) for child in children]
    attach = [Attachment(n, parent, child) for n, child in enumerate(children)]
    recorder.append([Append(events=events, attach=attach)])
    assert recorder.children(parent, Kind.OBJECTIVE) == [child.id for child in children]


def test_a_name_is_held_by_the_first_stream_that_claims_it(recorder):
    holder, other, label = objective(), objective(), Claim("label", "2026-Q1")
    recorder.append([append(holder, 1, claims=[Claiming(0, label, holder)])])
    assert recorder.append([append(other, 1, claims=[Claiming(0, label, other)])]) == [AlreadyClaimed(holder)]
    assert isinstance(recorder.append([append(holder, 2, claims=[Claiming(0, label, holder)])])[0], Appended)
    assert recorder.holder("label", "2026-Q1") == holder
    assert recorder.holder("label", "2026-Q2") is None


def test_two_streams_of_one_append_cannot_claim_the_same_name(recorder):
    one, other, label = objective(), objective(), Claim("label", "2026-Q1")
    claims = [Claiming(0, label, one), Claiming(1, label, other)]
    (outcome,) = recorder.append([Append(events=[stored(one, 1), stored(other, 1)], claims=claims)])
    assert isinstance(outcome, AlreadyClaimed)


@pytest.mark.parametrize("field", ["effective_at", "reported_at"])
def test_nothing_takes_effect_in_the_future(recorder, field):
    ahead = datetime.now(UTC) + timedelta(minutes=1)
    assert recorder.append([Append(events=[stored(objective(), 1, **{field: ahead})])]) == [InFuture()]


def test_nothing_takes_effect_before_the_latest_event_of_the_cycle_where_that_is_asked(recorder):
    """Two clocks: it is effect that is compared, not recording. Without events nothing is compared."""
    march, april = day("2026-03-31"), day("2026-04-01")
    recorder.append([Append(events=[stored(objective(), 1, effective_at=march)], cycles=[InCycle(0, CYCLE)])])
    assert recorder.last_effective_in(CYCLE) == march

    def close(effective_at):
        event = stored(Ref(Kind.CYCLE, uuid4()), 1, effective_at=effective_at)
        return recorder.append([Append(events=[event], not_before=[uuid4(), CYCLE])])[0]

    assert close(march - timedelta(microseconds=1)) == TooEarly(CYCLE)
    assert [type(close(at)) for at in (march, april, None)] == [Appended, Appended, Appended]
    assert isinstance(recorder.append([Append(not_before=[CYCLE])])[0], Appended)
    assert recorder.last_effective_in(uuid4()) is None


def test_the_same_request_under_a_key_is_answered_as_before_and_another_is_refused(recorder):
    stream = objective()
    (first,) = recorder.append([append(stream, 1, idempotency=key("k"))])
    again = recorder.append([append(stream, 2, idempotency=key("k"))])
    other = recorder.append([append(stream, 2, idempotency=key("k", b"another request"))])
    assert again == [Replayed("objective/1", True, first.position, first.at)]
    assert other == [KeyReused()]
    assert recorder.head().position == 1


def test_a_key_is_kept_even_if_its_request_appended_nothing(recorder):
    """The answer is as of the head then; also on an empty ledger, which has no time yet."""
    assert recorder.append([Append(idempotency=key("k"))]) == [Appended(0, None, 0)]
    (first,) = recorder.append([append(objective(), 1)])
    assert recorder.append([Append(idempotency=key("k"))]) == [Replayed("objective/1", True, 0, None)]
    assert recorder.append([Append(idempotency=key("l"))]) == [Appended(1, first.at, 0)]


def test_a_refused_request_leaves_its_key_free(recorder):
    stream = objective()
    assert isinstance(recorder.append([append(stream, 2, idempotency=key("k"))])[0], GuardConflict)
    assert isinstance(recorder.append([append(stream, 1, idempotency=key("k"))])[0], Appended)


def test_one_key_used_on_many_connections_at_once_is_taken_once(recorder):
    together = Barrier(8)

    def use(_):
        together.wait()
        return recorder.append([append(objective(), 1, idempotency=key("k"))])[0]

    outcomes = in_threads(8, use)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Appended"] + ["Replayed"] * 7
    assert recorder.head().position == 1


def test_guards_without_events_are_checked_and_nothing_is_recorded(recorder):
    stream = objective()
    recorder.append([append(stream, 1)])
    assert isinstance(recorder.append([Append(guards={stream: 1})])[0], Appended)
    assert isinstance(recorder.append([Append(guards={stream: 0})])[0], GuardConflict)
    assert recorder.head().position == 1


def test_a_refused_append_does_not_hinder_the_others_of_its_group(recorder):
    """Each of a group sees what the ones before it recorded."""
    stream = objective()
    outcomes = recorder.append([append(stream, 1), append(stream, 1), append(stream, 2), append(stream, 2, 3)])
    assert [type(outcome) for outcome in outcomes] == [Appended, GuardConflict, Appended, GuardConflict]
    assert [fact.version for fact in recorder.read_stream(stream)] == [1, 2]


def test_all_or_nothing(recorder):
    """Nothing of the group is kept, neither events nor what stands beside them; what succeeds is kept."""
    stream, label = objective(), Claim("label", "2026-Q1")
    good = append(stream, 1, claims=[Claiming(0, label, stream)], idempotency=key("k"))
    outcomes = recorder.append([good, append(stream, 3)], all_or_nothing=True)
    assert [type(outcome) for outcome in outcomes] == [Appended, GuardConflict]
    assert (recorder.head().position, recorder.holder("label", "2026-Q1")) == (0, None)
    outcomes = recorder.append([good, good], all_or_nothing=True)
    assert [type(outcome) for outcome in outcomes] == [Appended, Replayed]
    assert recorder.head().position == 1


def test_what_one_append_writes_beside_its_events_is_there_or_not_with_them(recorder):
    stream, label = objective(), Claim("label", "2026-Q1")
    beside = {
        "claims": [Claiming(0, label, stream)],
        "cycles": [InCycle(0, CYCLE)],
        "attach": [Attachment(0, Ref(Kind.CYCLE, CYCLE), stream)],
        "people": {CYCLE: Person("Ada", "ada@example.org")},
    }
    recorder.append([append(stream, 7, **beside)])
    assert recorder.holder("label", "2026-Q1") is None
    assert recorder.last_effective_in(CYCLE) is None
    assert recorder.children(Ref(Kind.CYCLE, CYCLE), Kind.OBJECTIVE) == []
    assert recorder.people() == {}
    recorder.append([append(stream, 1, **beside)])
    assert recorder.holder("label", "2026-Q1") == stream
    assert recorder.last_effective_in(CYCLE) == recorder.head().recorded_at
    assert recorder.children(Ref(Kind.CYCLE, CYCLE), Kind.OBJECTIVE) == [stream.id]
    assert recorder.person(CYCLE) == Person("Ada", "ada@example.org")


def test_a_clock_set_back_does_not_turn_the_order_of_times(recorder, owner):
    """An hour ahead already, as after a clock was set back: the ledger goes on a microsecond at a time."""
    recorder.append([append(objective(), 1)])
    owner.execute("UPDATE head SET recorded_at = recorded_at + interval '1 hour'")
    ahead = recorder.head().recorded_at
    for _ in range(3):
        recorder.append([append(objective(), 1), append(objective(), 1, 2)])
    times = [fact.recorded_at for fact in recorder.iterate()]
    assert strictly_increasing(times)
    assert times[1] == ahead + timedelta(microseconds=1)
    assert recorder.head().recorded_at == times[-1]


def test_positions_are_gapless_and_times_increase_under_many_writers(recorder):
    """Half of the appends are refused; a refused one uses up no position."""
    taken = objective()
    recorder.append([append(taken, 1)])

    def write(_):
        for _ in range(25):
            recorder.append([append(objective(), 1, 2), append(taken, 1)])

    in_threads(8, write)
    facts = list(recorder.iterate())
    assert len(facts) == 401
    assert is_gapless([fact.position for fact in facts])
    assert strictly_increasing([fact.recorded_at for fact in facts])


def test_streams_are_read_together_up_to_a_position(recorder: LedgerRecorder):
    one, other, unknown = objective(), objective(), objective()
    recorder.append([append(one, 1), append(other, 1), append(one, 2)])
    found = recorder.read_streams([one, other, unknown], upto=2)
    assert {ref: [fact.position for fact in facts] for ref, facts in found.items()} == {
        one: [1],
        other: [2],
        unknown: [],
    }


def test_an_instant_maps_to_one_position(recorder):
    instants = [recorder.append([append(objective(), 1)])[0].at for _ in range(3)]
    before = instants[0] - timedelta(microseconds=1)
    assert [recorder.position_at(instant) for instant in (before, *instants)] == [0, 1, 2, 3]
    assert recorder.position_at(instants[1] + timedelta(microseconds=1)) in (2, 3)
