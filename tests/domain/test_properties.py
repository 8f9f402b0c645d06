"""What holds for every history, however its commands were backdated, corrected, moved and reopened."""

from itertools import pairwise
from random import Random

import hypothesis
import pytest
from hypothesis import strategies as st

from domain.catalogue import COMMANDS, FOLDS
from domain.cycle.decisions import seal_cycle
from domain.cycle.events import CycleSealed
from domain.history import History
from domain.kernel import Kind, fact_key
from domain.measures import Metric
from domain.scoring import clamp, mean, official, progress, tidy, weighted
from tests.support.actions import ANYTHING, KEYS
from tests.support.histories import KPI_BEGINNING, bounded, histories, instants, play, tell, things
from tests.support.kpi_actions import KPIS
from tests.support.memory import MemoryLedger

WITH_KPIS = [*ANYTHING, *KPIS, *KEYS]
for_any_history = hypothesis.given(histories() | histories(actions=WITH_KPIS, more=KPI_BEGINNING))
NUMBERS = st.decimals(min_value=0, max_value=1000, places=6)


def naive(facts, kind, instant):
    """The state at an instant, by the contract's own words (section 2)."""
    return FOLDS[kind](sorted((fact for fact in facts if fact.effective_at <= instant), key=fact_key))


def by_stream(ledger):
    return {ref: [fact for fact in ledger.facts if fact.stream == ref] for ref in ledger.streams()}


@bounded
@for_any_history
def test_asking_twice_changes_nothing(history):
    """Right after a command was taken, the same command again finds that all is so already."""
    ledger = MemoryLedger()
    for step in history:
        ledger.execute(step.command, step.at)
        assert ledger.execute(step.command, step.at).drafts == (), step.command


@bounded
@for_any_history
def test_a_history_at_an_instant_is_the_naive_fold(history):
    ledger = play(history)
    times = instants(ledger)
    for ref, facts in by_stream(ledger).items():
        known = ledger.history(ref)
        for instant in times:
            assert known.at(instant) == naive(facts, ref.kind, instant)
        assert known.now == naive(facts, ref.kind, times[-1])


@bounded
@for_any_history
def test_the_states_since_an_instant_are_those_of_each_instant_from_then_on(history):
    ledger = play(history)
    times = instants(ledger)
    for ref in things(ledger, Kind.KEY_RESULT):
        known = ledger.history(ref)
        for since in times[:: len(times) // 5]:
            answered = list(known.states_since(since))
            begins = [begin for begin, _ in answered]
            assert begins == sorted(set(begins))
            for begin, state in answered:
                assert known.at(max(begin, since)) == state
            later = {fact.effective_at for fact in known.facts if fact.effective_at > since}
            assert later <= set(begins)


@bounded
@for_any_history
def test_a_history_that_grew_is_the_same_as_one_read_afresh(history):
    ledger = play(history)
    for ref, facts in by_stream(ledger).items():
        fresh, half = History(FOLDS[ref.kind], ref, facts), len(facts) // 2
        grown = History(FOLDS[ref.kind], ref, facts[:half])
        assert half == 0 or grown.now is not None  # its states are known before it grows
        grown = grown.with_facts(facts[half:])
        assert grown.facts == fresh.facts == ledger.history(ref).facts
        assert grown.now == fresh.now == ledger.history(ref).now


@bounded
@for_any_history
def test_playing_a_history_again_gives_the_same_ledger(history):
    assert play(history).facts == play(history).facts


@bounded
@for_any_history
def test_positions_have_no_gaps_and_times_are_in_order(history):
    facts = play(history).facts
    assert [fact.position for fact in facts] == list(range(1, len(facts) + 1))
    assert all(one.recorded_at < next_.recorded_at for one, next_ in pairwise(facts))
    assert all(fact.effective_at <= fact.recorded_at for fact in facts)
    for stream in by_stream(play(history)).values():
        assert [fact.version for fact in stream] == list(range(1, len(stream) + 1))
        if stream[0].stream.kind is not Kind.MEASUREMENTS:  # what was long ago may be measured later
            assert min(stream, key=fact_key) is stream[0]


@bounded
@for_any_history
def test_every_score_is_between_zero_and_one_at_every_instant(history):
    ledger = play(history)
    for instant in instants(ledger):
        for ref in things(ledger, Kind.KEY_RESULT):
            key_result = ledger.history(ref).at(instant)
            if key_result is not None:
                moved = progress(key_result.measure, key_result.value)
                assert (moved is None) == (key_result.value is None)
                assert 0 <= official(clamp(moved), key_result.grade) <= 1


@bounded
@hypothesis.given(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=8))
def test_a_mean_lies_between_the_least_and_the_greatest(parts):
    """To the 20 decimals at which numbers are compared."""
    average = mean(weighted(weight, clamp(score)) for weight, score in parts)
    scores = [clamp(score) for weight, score in parts if weight]
    assert (average is None) == (not scores)
    if average is not None:
        assert min(scores) <= tidy(average) <= max(scores)


@bounded
@hypothesis.given(NUMBERS, NUMBERS, NUMBERS)
def test_progress_is_zero_on_the_baseline_and_one_on_the_target(baseline, target, value):
    hypothesis.assume(baseline != target)
    there = Metric(type="metric", baseline=baseline, target=target)
    back = Metric(type="metric", baseline=target, target=baseline)
    assert [progress(there, baseline), progress(there, target)] == [0, 1]
    moved, left = progress(there, value), progress(back, value)
    assert moved is not None
    assert left is not None
    assert tidy(moved + left) == 1


@bounded
@for_any_history
def test_every_close_is_sealed_once(history):
    ledger = play(history)
    for ref in things(ledger, Kind.CYCLE):
        for closing in ledger.history(ref).now.unsealed:
            seal = CycleSealed(closed_position=closing.position, policy="linear-v1", score=None, objectives=())
            for draft in seal_cycle(seal, closing.effective_at, ledger.history(ref)).drafts:
                ledger.record(draft)
            assert seal_cycle(seal, closing.effective_at, ledger.history(ref)).drafts == ()
        assert ledger.history(ref).now.unsealed == ()
        assert ledger.history(ref).at(instants(ledger)[-1]) == ledger.history(ref).now


@pytest.fixture(scope="module")
def tried():
    goals = [tell(Random(seed)) for seed in range(60)]
    kpis = [tell(Random(seed), actions=KPIS, more=KPI_BEGINNING) for seed in range(10)]
    keys = [tell(Random(0), actions=KEYS)]
    return {step.command.NAME for history in goals + kpis + keys for step in history}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_histories_try_every_command(name, tried):
    """So that the properties speak of all of them."""
    assert name in tried
