"""The way in: decisions on cached histories, held to what stands by guards; batches; idempotency; If-Match."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid5

import pytest

from domain.catalogue import COMMANDS, EVENTS
from domain.errors import Conflict, Invalid, NotReady, Stale
from domain.kernel import Kind, Ref
from domain.key_result.state import KEY_RESULT
from ledger.append import Append, Appended
from ledger.application import Ledger
from ledger.group import Group
from ledger.mapper import EventMapper
from ledger.orders import IdempotencyKey, IfMatch, LineRefused, Order
from ledger.recorder import LedgerRecorder

ACTOR = UUID(int=9)


def uid(name):
    return uuid5(ACTOR, name)


def order(command, /, **fields):
    about = {name: fields.pop(name) for name in ("idempotency", "if_match", "source") if name in fields}
    return Order(COMMANDS[command].command.model_validate(fields), ACTOR, **about)


@pytest.fixture
def ledgers(database):
    """Two processes on one ledger, each with a cache of its own."""
    recorders = [LedgerRecorder(database, EventMapper(EVENTS)) for _ in range(2)]
    yield [Ledger(recorder) for recorder in recorders]
    for recorder in recorders:
        recorder.close()


@pytest.fixture
def ledger(ledgers):
    """A quarter, open, with an objective and a key result."""
    one = ledgers[0]
    one.execute(order("plan_cycle", label="Q1", kind="quarter", starts_on="2026-01-01", ends_on="2026-03-31"))
    one.execute(order("open_cycle", cycle="Q1"))
    one.execute(order("set_objective", id=str(uid("grow")), cycle="Q1", title="Grow"))
    measure = {"type": "metric", "baseline": 0, "target": 100}
    fields = {"id": str(uid("kr")), "objective": str(uid("grow")), "title": "Revenue"}
    one.execute(order("add_key_result", **fields, measure=measure))
    return one


def check_in(value, **fields):
    return order("check_in", key_result=str(uid("kr")), value=value, **fields)


def test_concurrent_changes_of_one_thing_are_all_recorded(ledgers, ledger):
    """From two processes with eight threads each: every decision that met another is made again."""
    start = Barrier(16)

    def many(n):
        start.wait()
        return [ledgers[n % 2].execute(check_in(n * 10 + i)).position for i in range(5)]

    with ThreadPoolExecutor(16) as pool:
        positions = [position for done in pool.map(many, range(16)) for position in done]
    assert sorted(positions) == list(range(5, 85))
    facts = ledger.recorder.read_stream(Ref(Kind.KEY_RESULT, uid("kr")))
    assert [fact.version for fact in facts] == list(range(1, 82))


def test_a_refusal_counts_only_on_what_stands_now(ledgers, ledger):
    """The other process reopened the cycle; what this one remembers of it does not refuse anything."""
    ledger.execute(order("close_cycle", cycle="Q1"))
    with pytest.raises(Conflict):
        ledger.execute(check_in(1))
    ledgers[1].execute(order("reopen_cycle", cycle="Q1", reason="a slip"))
    assert ledger.execute(check_in(1)).changed


def test_a_check_in_that_another_process_took_can_be_retracted_here(ledgers, ledger):
    """Its name is read afresh, its key result from the cache, which does not know of it yet."""
    ledger.execute(check_in(1))
    made = ledgers[1].execute(check_in(2)).subject
    assert ledger.execute(order("retract_check_in", check_in=str(made.id), reason="a slip")).changed


def test_what_does_not_fit_together_is_looked_at_again_but_not_for_ever(ledgers, ledger):
    """A mistake of the program on histories that were read afresh is told."""
    cached = []

    def decide(context):
        cached.append(context.look(KEY_RESULT, uid("kr")).version)
        raise LookupError("a mistake")

    with pytest.raises(LookupError, match="a mistake"):
        ledger.record(check_in(1), decide)
    assert cached == [1, 1]


def test_asking_for_what_only_the_cache_believes_is_not_nothing(ledgers, ledger):
    ledger.execute(order("drop_objective", objective=str(uid("grow")), reason="x"))
    ledgers[1].execute(order("restore_objective", objective=str(uid("grow")), reason="y"))
    assert ledger.execute(order("drop_objective", objective=str(uid("grow")), reason="z")).changed


def test_a_close_and_a_check_in_at_the_same_moment_leave_no_gap(ledgers, ledger):
    """Whatever is acknowledged lies before the close; what comes after it is refused."""
    start = Barrier(2)

    def close():
        start.wait()
        return ledgers[1].execute(order("close_cycle", cycle="Q1")).position

    def check_ins():
        start.wait()
        done = []
        for value in range(60):
            try:
                done.append(ledger.execute(check_in(value)).position)
            except Conflict as refused:
                assert refused.slug == "cycle_closed"
                break
        return done

    with ThreadPoolExecutor(2) as pool:
        closed, made = pool.submit(close), pool.submit(check_ins)
        assert all(position < closed.result() for position in made.result())


def test_of_two_that_want_one_label_one_gets_it(ledgers):
    start = Barrier(2)

    def plan(n):
        start.wait()
        fields = {"kind": "quarter", "starts_on": f"2026-0{n + 1}-01", "ends_on": "2026-12-31"}
        try:
            return ledgers[n].execute(order("plan_cycle", label="Q9", **fields)).created
        except Conflict as refused:
            return refused.slug

    with ThreadPoolExecutor(2) as pool:
        assert sorted(map(str, pool.map(plan, range(2)))) == ["True", "label_taken"]


def test_several_orders_are_taken_all_or_none(ledger):
    """The second line sees what the first one did; the third one's fault takes all of them back."""
    head = ledger.recorder.head()
    some = [check_in(1), order("drop_key_result", key_result=str(uid("kr")), reason="x"), check_in(2)]
    with pytest.raises(LineRefused) as refused:
        ledger.execute_all(some)
    assert (refused.value.index, refused.value.refusal.slug) == (2, "dropped")
    assert ledger.recorder.head() == head
    assert [done.position for done in ledger.execute_all(some[:2])] == [5, 6]
    assert ledger.execute_all([]) == []


def test_an_idempotency_key_answers_the_first_answer_again(ledgers, ledger):
    """In another process, too, and when the order could not be taken any more."""
    key = IdempotencyKey("someone", "k1", b"request")
    first = ledger.execute(check_in(5, idempotency=key))
    ledger.execute(order("close_cycle", cycle="Q1"))
    again = ledgers[1].execute(check_in(5, idempotency=key))
    assert (again.subject, again.position, again.recorded_at) == (first.subject, first.position, first.recorded_at)
    assert (again.replayed, again.created) == (True, True)
    with pytest.raises(Invalid) as refused:
        ledger.execute(check_in(6, idempotency=IdempotencyKey("someone", "k1", b"another")))
    assert refused.value.slug == "idempotency_key_reused"
    other = IdempotencyKey("somebody else", "k1", b"another")
    with pytest.raises(Conflict):
        ledger.execute(check_in(6, idempotency=other))


def test_one_key_used_by_many_at_once_records_one_event(ledgers, ledger):
    start = Barrier(8)

    def same(n):
        start.wait()
        return ledgers[n % 2].execute(check_in(5, idempotency=IdempotencyKey("someone", "k", b"r"))).position

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(same, range(8))) == {5}
    assert ledger.recorder.head().position == 5


def test_a_key_is_kept_for_what_changed_nothing(ledger):
    key = IdempotencyKey("someone", "k", b"r")
    again = order("open_cycle", cycle="Q1", idempotency=key)
    assert not ledger.execute(again).changed
    ledger.execute(check_in(1))
    assert ledger.execute(again).position == 4


def test_a_refusal_keeps_no_key(ledger):
    key = IdempotencyKey("someone", "k", b"r")
    with pytest.raises(Invalid):
        ledger.execute(order("check_in", key_result=str(uid("kr")), done=True, idempotency=key))
    assert ledger.execute(check_in(1, idempotency=IdempotencyKey("someone", "k", b"s"))).changed


def test_if_match_is_held_to_the_last_event_of_the_thing(ledgers, ledger):
    """A check-in does not change its objective's; a position that is not the last one is stale."""
    grow = Ref(Kind.OBJECTIVE, uid("grow"))
    said = ledger.execute(check_in(1))

    def rename(title, match):
        return ledgers[1].execute(order("change_objective", objective=str(grow.id), title=title, if_match=match))

    assert rename("a", IfMatch(grow, 3)).position == 6
    with pytest.raises(Stale):
        rename("b", IfMatch(grow, 3))
    assert rename("b", IfMatch(grow, None)).changed
    with pytest.raises(Stale):
        rename("c", IfMatch(Ref(Kind.OBJECTIVE, uid("nothing")), None))
    correct = order("correct_check_in", check_in=str(said.subject.id), value=2, reason="x")
    correct = Order(correct.command, ACTOR, if_match=IfMatch(said.subject, said.position))
    assert ledger.execute(correct).changed
    with pytest.raises(Stale):
        ledger.execute(correct)


def test_a_text_that_another_process_redacted_is_not_copied_from_memory(ledgers, ledger):
    """Carrying forward repeats titles; they are read afresh."""
    ledger.execute(order("plan_cycle", label="Q2", kind="quarter", starts_on="2026-04-01", ends_on="2026-06-30"))
    ledger.execute(order("change_objective", objective=str(uid("grow")), description="a secret"))
    ledgers[1].execute(order("redact_text", position=6, field="description", reason="private"))
    carry = order("carry_forward", objective=str(uid("grow")), to_cycle="Q2", baseline="restart")
    carried = ledger.execute(carry).subject
    (made,) = ledger.recorder.read_stream(carried)
    assert made.event.description.reason == "private"


def test_what_fails_to_be_sent_fails_for_everybody_who_waited_and_for_nobody_else():
    calls = []

    def send(appends):
        calls.append(len(appends))
        if len(calls) == 1:
            raise NotReady("gone")
        return [Appended(1, None, 0) for _ in appends]

    group = Group(send)
    with pytest.raises(NotReady):
        group.append(Append())
    assert group.append(Append()) == Appended(1, None, 0)
    assert calls == [1, 1]


def test_what_was_read_at_two_moments_is_read_again(ledgers, ledger):
    """The key result is looked at, another server records a check-in on it, and then that check-in is looked for."""
    other = ledgers[1]
    meanwhile = iter([check_in(10, id=str(uid("monday")))])

    def authorize(_command, context):
        context.look(KEY_RESULT, uid("kr"))
        for one in meanwhile:
            other.execute(one)

    fields = {"check_in": uid("monday"), "value": 20, "reason": "a typing error"}
    command = COMMANDS["correct_check_in"].command.model_validate(fields)
    done = Ledger(ledger.recorder).execute(Order(command, ACTOR, authorize=authorize))
    assert done.changed
    assert other.recorder.read_stream(Ref(Kind.KEY_RESULT, uid("kr")))[-1].event.value == 20


def test_a_refusal_stands_when_nothing_of_what_it_was_reached_on_has_changed(ledgers, ledger):
    """However much is recorded elsewhere meanwhile: it is not decided a second time."""
    asked = []

    def authorize(_command, context):
        asked.append(context.look(KEY_RESULT, uid("kr")).version)
        ledgers[1].execute(order("form_team", name=f"Team {len(asked)}"))

    with pytest.raises(Invalid):
        Ledger(ledger.recorder).execute(
            Order(check_in(1, effective_at="2020-01-01T00:00:00Z").command, ACTOR, authorize=authorize)
        )
    assert asked == [1]
