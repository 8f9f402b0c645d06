"""Rules that span streams hold when both sides move at the same moment: guards let one of them through at a time."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

import pytest

from domain.catalogue import COMMANDS
from domain.errors import Conflict
from domain.history import History
from domain.kernel import Kind, Ref
from domain.key_result.state import KEY_RESULT
from domain.kpi.series import Series
from ledger.application import Ledger
from ledger.database import Database
from ledger.orders import Order
from tests.support.books import recording

ACTOR = UUID(int=7)
ROUNDS = 12
METRIC = {"type": "metric", "baseline": 0, "target": 100}


@pytest.fixture
def ledgers(database):
    """The same ledger as two processes have it open, each with a cache of its own."""
    with recording(database) as one, Database(database.url) as elsewhere, recording(elsewhere) as other:
        yield Ledger(one), Ledger(other)


def do(ledger, name, /, **fields):
    return ledger.execute(Order(COMMANDS[name].command.model_validate(fields), ACTOR))


def goal(ledger):
    """A cycle, and a key result in it."""
    label = f"c-{uuid4().hex[:6]}"
    cycle = do(ledger, "plan_cycle", label=label, kind="quarter", starts_on="2026-01-01", ends_on="2026-12-31").subject
    do(ledger, "open_cycle", cycle=label)
    objective = do(ledger, "set_objective", cycle=label, title="Grow").subject.id
    return cycle.id, do(ledger, "add_key_result", objective=objective, title="Sales", measure=METRIC).subject.id


def kpi_of(ledger, **more):
    return do(ledger, "define_kpi", name="Sales", direction="increase", frequency="monthly", **more).subject.id


def at_once(*calls):
    """Does all of it at the same moment; answers what became of each: what it answered, or why it was refused."""
    barrier = Barrier(len(calls))

    def run(call):
        barrier.wait()
        try:
            return call()
        except Conflict as refused:
            return refused.slug

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_a_kpi_that_is_retired_while_it_is_linked_is_linked_before_or_not_at_all(ledgers):
    one, other = ledgers
    for _ in range(ROUNDS):
        (_, key_result), kpi = goal(one), kpi_of(one)
        linked, retired = at_once(
            lambda key_result=key_result, kpi=kpi: do(one, "link_kpi", key_result=key_result, kpi=kpi),
            lambda kpi=kpi: do(other, "retire_kpi", kpi=kpi, reason="replaced"),
        )
        assert linked == "retired" or linked.position < retired.position


def test_a_kpi_whose_unit_changes_while_it_is_linked_agrees_or_is_refused(ledgers):
    one, other = ledgers
    for _ in range(ROUNDS):
        cycle, _ = goal(one)
        objective = do(one, "set_objective", cycle=cycle, title="Earn").subject.id
        measure = METRIC | {"unit": "EUR"}
        key_result = do(one, "add_key_result", objective=objective, title="Margin", measure=measure).subject.id
        kpi = kpi_of(one, unit="EUR")
        outcomes = at_once(
            lambda key_result=key_result, kpi=kpi: do(one, "link_kpi", key_result=key_result, kpi=kpi),
            lambda kpi=kpi: do(other, "change_kpi", kpi=kpi, unit="USD"),
        )
        assert outcomes.count("units_differ") == 1


def test_a_cycle_that_closes_while_a_key_result_of_it_is_linked(ledgers):
    one, other = ledgers
    for _ in range(ROUNDS):
        (cycle, key_result), kpi = goal(one), kpi_of(one)
        linked, closed = at_once(
            lambda key_result=key_result, kpi=kpi: do(one, "link_kpi", key_result=key_result, kpi=kpi),
            lambda cycle=cycle: do(other, "close_cycle", cycle=cycle),
        )
        assert linked == "cycle_closed" or linked.position < closed.position


def test_a_value_that_is_checked_in_while_a_kpi_takes_over(ledgers):
    one, other = ledgers
    for _ in range(ROUNDS):
        (_, key_result), kpi = goal(one), kpi_of(one)
        linked, said = at_once(
            lambda key_result=key_result, kpi=kpi: do(one, "link_kpi", key_result=key_result, kpi=kpi),
            lambda key_result=key_result: do(other, "check_in", key_result=key_result, value=5),
        )
        assert said == "kpi_linked" or said.position < linked.position
        state = History(
            KEY_RESULT, Ref(Kind.KEY_RESULT, key_result), one.recorder.read_stream(Ref(Kind.KEY_RESULT, key_result))
        ).now
        assert state.kpi == kpi


def test_the_same_point_from_many_at_once_is_said_once(ledgers):
    one, other = ledgers
    kpi = kpi_of(one)

    def say(ledger):
        return do(ledger, "record_measurements", kpi=kpi, points=[{"on": "2026-03-31", "value": 5}])

    at_once(*(lambda ledger=ledger: say(ledger) for ledger in (one, other) * 4))
    assert _said(one, kpi) == 1


def test_different_values_for_a_day_are_all_kept_and_the_last_holds(ledgers):
    one, other = ledgers
    kpi = kpi_of(one)

    def say(ledger, value):
        return do(ledger, "record_measurements", kpi=kpi, points=[{"on": "2026-03-31", "value": value}])

    told = at_once(*(lambda n=n: say((one, other)[n % 2], n) for n in range(8)))
    assert _said(one, kpi) == 8
    last = max(range(8), key=lambda n: told[n].position)
    assert _series(one, kpi).value(_series(one, kpi).latest((told[last].recorded_at, 2**62))[0]) == last


def _facts(ledger, kpi):
    return [f for f in ledger.recorder.iterate() if f.stream.kind is Kind.MEASUREMENTS and f.event.kpi == kpi]


def _said(ledger, kpi):
    return len(_facts(ledger, kpi))


def _series(ledger, kpi):
    series = Series()
    for fact in _facts(ledger, kpi):
        series.add_fact(fact)
    return series


def test_a_batch_that_attaches_children_itself_notices_those_that_others_attach_meanwhile(ledgers, monkeypatch):
    """What it laid out first is no excuse for not seeing what came between."""
    one, other = ledgers
    kpi = kpi_of(one)
    spring = [{"on": "2026-06-30", "value": 2}]
    batch = [
        Order(COMMANDS["record_measurements"].command.model_validate({"kpi": kpi, "points": points}), ACTOR)
        for points in ([{"on": "2026-03-31", "value": 1}, *spring], [{"on": "2026-06-30", "value": 9}])
    ]
    send = one._send
    came: list[object] = []

    def late(appends):
        if not came:  # between the decision and the append of the batch, another batch reaches into its quarter
            came.append(do(other, "record_measurements", kpi=kpi, points=[{"on": "2025-12-31", "value": 0}, *spring]))
        return send(appends)

    monkeypatch.setattr(one, "_send", late)
    one.execute_all(batch)
    said = [[(str(p.on), int(p.value)) for p in fact.event.points] for fact in _facts(one, kpi)]
    assert said == [[("2025-12-31", 0), ("2026-06-30", 2)], [("2026-03-31", 1)], [("2026-06-30", 9)]]
