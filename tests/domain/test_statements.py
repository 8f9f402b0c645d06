"""A key result's check-ins, which its states share: they say what a plain list of them would."""

import pickle
import tracemalloc
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import hypothesis
import pytest
from hypothesis import strategies as st

from domain.history import History
from domain.kernel import Key, Kind, fact_key
from domain.key_result.events import CheckedIn, CheckInCorrected, CheckInRetracted
from domain.key_result.state import KEY_RESULT
from domain.key_result.statements import NONE, CheckIn, CheckIns
from domain.measures import value_field
from tests.domain.test_properties import by_stream, for_any_history
from tests.support.builders import MEASURED
from tests.support.histories import bounded, play, things
from tests.support.specs import given

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
FIELDS = st.sampled_from([None, "value", "done"])
CONFIDENCE = st.none() | st.integers(0, 10).map(Decimal)
SAID = st.tuples(FIELDS, CONFIDENCE)
REVISED = st.tuples(st.integers(0, 12), SAID, st.sampled_from(["corrected", "retracted"]))
STEPS = st.lists(SAID | REVISED, max_size=20)


def place(n):
    return (BEGIN + timedelta(days=n // 2), n)


def said(n, field=None, confidence=None):
    words = dict.fromkeys(("status", "note", "progress", "plans", "problems", "external_id"))
    value = None if field is None else Decimal(n)
    return CheckIn(
        id=UUID(int=n), key=place(n), field=field, value=value, confidence=confidence, actor=UUID(int=0), **words
    )


def built(steps):
    """The check-ins that the steps make, as they are kept and as a list, and all that there were on the way."""
    these: CheckIns = NONE
    plain: list[CheckIn] = []
    before = [(these, plain)]
    for step in steps:
        if len(step) == 2:
            plain = [*plain, said(len(plain), *step)]
            these = these.plus(plain[-1])
        else:
            n, (field, confidence), state = step
            revised = said(n, field, confidence)._replace(state=state)
            plain = [revised if one.id == revised.id else one for one in plain]
            these = these.revised(revised.id, partial(_instead, revised))
        before.append((these, plain))
    return before


def _instead(revised, _):
    return revised


def chain(count):
    these = NONE
    for n in range(count):
        these = these.plus(said(n))
    return these


@bounded
@hypothesis.given(STEPS)
def test_check_ins_are_what_a_list_of_them_is_and_never_change(steps):
    for these, plain in built(steps):
        assert list(these) == plain
        assert list(reversed(these)) == plain[::-1]
        assert (len(these), bool(these)) == (len(plain), bool(plain))
        assert [these.find(UUID(int=n)) for n in range(len(plain))] == plain
        assert these.find(UUID(int=99)) is None


@bounded
@hypothesis.given(STEPS, st.integers(0, 12))
def test_the_last_its_confidence_and_its_value_are_found_as_by_going_back(steps, since):
    for these, plain in built(steps):
        standing = [one for one in reversed(plain) if one.state != "retracted"]
        assert these.last == next(iter(standing), None)
        assert these.confidence == next((one.confidence for one in standing if one.confidence is not None), None)
        for field in ("value", "done"):
            found = (one for one in standing if one.field == field and one.key >= place(since))
            assert these.valued(field, place(since)) == next(found, None)


@bounded
@hypothesis.given(STEPS, STEPS)
def test_check_ins_are_equal_if_they_say_the_same(steps, others):
    for these, plain in built(steps):
        for those, others_plain in built(others):
            assert (these == those) == (plain == others_plain)
        apart = NONE
        for one in plain:
            apart = apart.plus(one)
        assert (these, hash(these), repr(these)) == (apart, hash(apart), f"CheckIns({plain})")
    assert NONE != ()


@bounded
@for_any_history
def test_every_state_of_a_key_result_says_what_its_facts_said(history):
    """Folded here anew from the facts alone, with lists, at each place of the fold."""
    ledger = play(history)
    facts_of = by_stream(ledger)
    for ref in things(ledger, Kind.KEY_RESULT):
        facts = sorted(facts_of[ref], key=fact_key)
        for n in range(1, len(facts) + 1):
            assert_says(KEY_RESULT(facts[:n]), facts[:n])


def assert_says(state, facts):
    said: dict[UUID, tuple[Key, Any, bool]] = {}
    for fact in facts:
        event = fact.event
        if isinstance(event, CheckedIn):
            said[event.check_in] = (fact.key, event, False)
        elif isinstance(event, CheckInCorrected):
            said[event.check_in] = (said[event.check_in][0], event, False)
        elif isinstance(event, CheckInRetracted):
            said[event.check_in] = (*said[event.check_in][:2], True)
    assert [one.id for one in state.check_ins] == list(said)
    standing = [(key, event) for key, event, retracted in reversed(said.values()) if not retracted]
    assert [one.id for one in reversed(state.standing)] == [event.check_in for _, event in standing]
    assert state.confidence == next((e.confidence for _, e in standing if e.confidence is not None), None)
    field = value_field(state.measure)
    values = (getattr(event, field) for key, event in standing if key >= state.typed_since)
    assert state.value == next((value for value in values if value is not None), None)


def test_correcting_the_newest_shares_all_before_it():
    these = chain(3)
    revised = these.revised(UUID(int=2), lambda one: one._replace(state="corrected"))
    assert [one is other for one, other in zip(these, revised, strict=True)] == [True, True, False]
    assert revised.plus(said(3))._before._before is these._before


def test_revising_what_is_not_there_changes_nothing():
    """As where a question leaves a check-in out but not its correction."""
    these = chain(3)
    assert these.revised(UUID(int=9), lambda one: one._replace(state="retracted")) is these


@pytest.mark.parametrize("copied", [deepcopy, lambda these: pickle.loads(pickle.dumps(these))])
def test_thousands_of_check_ins_are_copied_and_compared(copied):
    these = chain(3_000)
    assert copied(these) == these


def test_a_hundred_thousand_check_ins_are_given_up_at_once():
    """However deep they lie within each other."""
    these, one = NONE, said(1)
    for _ in range(100_000):
        these = these.plus(one)
    newest = these.last
    del these
    assert newest is one


def test_a_history_of_many_check_ins_is_as_large_as_its_facts():
    """Four times as many, told one after the other, take four times the room, not sixteen times."""
    added = given(*MEASURED).ledger.facts[-1]

    def room(count):
        history = History(KEY_RESULT, added.stream, [added])
        tracemalloc.start()
        try:
            for n in range(count):
                event = CheckedIn(check_in=UUID(int=n), value=Decimal(n), external_id=None, source="http")
                late = added.effective_at + timedelta(hours=n)
                history = history.with_facts([added._replace(position=10 + n, event=event, effective_at=late)])
                assert history.now.value == n
            return tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()

    assert room(800) < 6 * room(200)
