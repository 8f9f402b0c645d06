"""Key results: moved, dropped, restored, graded (contract, section 4)."""

from decimal import Decimal

import pytest

from domain.errors import Conflict, Invalid
from domain.kernel import Kind, Ref
from domain.key_result.events import (
    KeyResultChanged,
    KeyResultDropped,
    KeyResultGraded,
    KeyResultRestored,
)
from tests.support.builders import (
    MEASURED,
    NEXT,
    boolean,
    change_key_result,
    check_in,
    close_cycle,
    drop_key_result,
    drop_objective,
    grade_key_result,
    move_objective,
    on,
    open_cycle,
    restore_key_result,
    set_objective,
    uid,
)
from tests.support.specs import given, unreadable

# --- moving to another objective

OTHER = set_objective("other")


def test_a_key_result_moves_with_its_check_ins_within_its_cycle():
    outcome = given(*MEASURED, OTHER, check_in(value=5)).when(change_key_result(objective="other"))
    outcome.then(KeyResultChanged(objective=uid("other")))
    assert outcome.key_result().value == 5


def test_a_key_result_without_check_ins_may_move_into_another_cycle():
    world = given(*MEASURED, *NEXT, set_objective("other", cycle="2026-Q2"))
    world.when(change_key_result(objective="other")).then(KeyResultChanged(objective=uid("other")))


def test_a_key_result_with_check_ins_stays_in_its_cycle():
    world = given(*MEASURED, *NEXT, set_objective("other", cycle="2026-Q2"), check_in(value=5))
    world.when(change_key_result(objective="other")).refused(Conflict, "has_check_ins")


def test_a_key_result_does_not_move_below_a_dropped_objective():
    given(*MEASURED, OTHER, drop_objective("other")).when(change_key_result(objective="other")).refused(
        Conflict, "dropped"
    )


def test_a_key_result_does_not_move_into_a_closed_cycle():
    closed = (*NEXT, set_objective("other", cycle="2026-Q2"), open_cycle("2026-Q2"), close_cycle("2026-Q2"))
    given(*MEASURED, *closed).when(change_key_result(objective="other")).refused(Conflict, "cycle_closed")


def test_a_key_result_does_not_move_below_an_objective_before_that_was_set():
    world = given(*MEASURED, on("2026-02-01"), OTHER)
    late = change_key_result(objective="other", at="2026-01-20")
    world.when(late).refused(Invalid, "effective_too_early", "/effective_at")


def test_a_moved_key_result_stands_below_both_objectives_in_turn():
    world = given(*MEASURED, OTHER, on("2026-02-01"), change_key_result(objective="other"))
    assert world.key_result(at="2026-01-20").objective == uid("grow")
    assert world.key_result().objective == uid("other")
    for objective in ("grow", "other"):
        below = world.ledger.children(Ref(Kind.OBJECTIVE, uid(objective)), Kind.KEY_RESULT)
        assert below == [uid("revenue")]


def test_a_move_into_another_cycle_is_an_event_of_both():
    world = given(*MEASURED, *NEXT, set_objective("other", cycle="2026-Q2"), on("2026-02-01"))
    world.ledger.execute(change_key_result(objective="other"))
    moved = world.ledger.facts[-1].effective_at
    assert world.ledger.last_effective_in(uid("2026-Q1")) == world.ledger.last_effective_in(uid("2026-Q2")) == moved


def test_what_a_key_result_was_in_a_cycle_that_is_closed_now_does_not_change():
    """It was moved away before the close, and yet the closed cycle's past would show another goal."""
    away = (
        *NEXT,
        set_objective("other", cycle="2026-Q2"),
        on("2026-03-01"),
        change_key_result(objective="other"),
    )
    world = given(*MEASURED, *away, on("2026-04-01"), close_cycle("2026-Q1"))
    world.when(check_in(value=1, at="2026-02-01")).refused(Conflict, "cycle_closed")
    assert world.when(check_in(value=1, at="2026-03-02")).decision.drafts


def test_what_becomes_of_the_objective_that_it_left_does_not_hold_it():
    left = (OTHER, on("2026-02-01"), change_key_result(objective="other"), on("2026-03-01"), move_objective("grow"))
    world = given(*MEASURED, *NEXT, *left, open_cycle("2026-Q2"), close_cycle("2026-Q2"))
    assert world.when(check_in(value=1, at="2026-01-20")).decision.drafts


# --- dropping and restoring


def test_a_key_result_is_dropped_for_a_reason():
    outcome = given(*MEASURED).when(drop_key_result(reason="no data"))
    outcome.then(KeyResultDropped(reason="no data"))
    assert outcome.key_result().state == "dropped"


@pytest.mark.parametrize("builder", [drop_key_result, restore_key_result])
def test_dropping_and_restoring_need_a_reason(builder):
    assert unreadable(builder, reason=None) == ["/reason"]


def test_a_dropped_key_result_is_restored():
    outcome = given(*MEASURED, drop_key_result()).when(restore_key_result(reason="data again"))
    outcome.then(KeyResultRestored(reason="data again"))
    assert outcome.key_result().state == "active"


def test_a_key_result_that_was_not_dropped_is_restored_already():
    given(*MEASURED).when(restore_key_result()).nothing()


DROPPED_IN_MARCH = (*MEASURED, OTHER, on("2026-03-01"), drop_key_result(), on("2026-03-20"))
MOVED_IN_MARCH = (*MEASURED, OTHER, on("2026-03-01"), change_key_result(objective="other"), on("2026-03-20"))


@pytest.mark.parametrize(
    ("steps", "command"),
    [
        (DROPPED_IN_MARCH, restore_key_result(at="2026-02-20")),
        (DROPPED_IN_MARCH, drop_key_result(at="2026-02-20")),
        ((*DROPPED_IN_MARCH, restore_key_result()), drop_key_result(at="2026-03-19")),
        ((*DROPPED_IN_MARCH, restore_key_result()), change_key_result(objective="other", at="2026-03-19")),
        (MOVED_IN_MARCH, drop_key_result(at="2026-02-20")),
    ],
    ids=[
        "restore a drop",
        "drop earlier",
        "drop after a restore",
        "move after a restore",
        "drop after a move",
    ],
)
def test_a_change_of_state_does_not_take_effect_before_the_latest_one(steps, command):
    given(*steps).when(command).refused(Invalid, "effective_too_early", "/effective_at")


def test_what_is_no_change_of_state_may_take_effect_before_one():
    given(*MOVED_IN_MARCH).when(change_key_result(title="x", at="2026-02-20")).then(KeyResultChanged(title="x"))


# --- grading


def test_a_key_result_is_graded():
    outcome = given(*MEASURED).when(grade_key_result(score="0.8", reason="we agreed"))
    outcome.then(KeyResultGraded(score="0.8", reason="we agreed"))
    assert outcome.key_result().grade == Decimal("0.8")


def test_a_grade_may_be_above_one():
    assert given(*MEASURED, grade_key_result(score="1.2")).key_result().grade == Decimal("1.2")


def test_a_grade_is_not_below_zero():
    assert unreadable(grade_key_result, score="-0.1") == ["/score"]


def test_null_takes_a_grade_back():
    outcome = given(*MEASURED, grade_key_result()).when(grade_key_result(score=None))
    outcome.then(KeyResultGraded(score=None, reason=None))
    assert outcome.key_result().grade is None


def test_the_same_grade_for_another_reason_is_the_same_grade():
    given(*MEASURED, grade_key_result(reason="a")).when(grade_key_result(reason="b")).nothing()


def test_a_grade_stands_beside_the_value():
    world = given(*MEASURED, check_in(value=5), grade_key_result(), change_key_result(measure=boolean(), reason="x"))
    assert world.key_result().grade == Decimal("0.7")


def test_the_objective_of_a_key_result_may_move_to_another_cycle_with_it():
    world = given(*MEASURED, *NEXT, move_objective())
    assert world.when(check_in(value=1)).decision.drafts
    assert world.ledger.last_effective_in(uid("2026-Q2")) == world.ledger.facts[-1].effective_at
