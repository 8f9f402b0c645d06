"""Objectives: moved, dropped, restored, graded (contract, section 4)."""

from decimal import Decimal

import pytest

from domain.errors import Conflict, Invalid
from domain.kernel import Kind, Ref
from domain.objective.events import (
    ObjectiveChanged,
    ObjectiveDropped,
    ObjectiveGraded,
    ObjectiveMoved,
    ObjectiveRestored,
    ObjectiveSet,
)
from tests.support.builders import (
    CLOSED,
    MEASURED,
    NEXT,
    OBJECTIVE,
    PLANNED,
    add_key_result,
    change_key_result,
    change_objective,
    check_in,
    close_cycle,
    drop_key_result,
    drop_objective,
    grade_objective,
    move_objective,
    on,
    open_cycle,
    plan_cycle,
    redact_text,
    reopen_cycle,
    restore_objective,
    retract_check_in,
    set_objective,
    uid,
)
from tests.support.specs import given, like, unreadable

# --- moving to another cycle


def test_an_objective_is_moved_with_its_key_results():
    outcome = given(*MEASURED, *NEXT).when(move_objective(cycle="2026-Q2"))
    outcome.then(ObjectiveMoved(cycle=uid("2026-Q2")))
    assert outcome.objective().cycle == uid("2026-Q2")
    assert outcome.key_result().objective == uid("grow")


@pytest.mark.parametrize("steps", [(), (retract_check_in("monday"),), (drop_key_result("revenue"),)])
def test_an_objective_with_check_ins_stays_in_its_cycle(steps):
    """Also if they were retracted, or their key result was dropped: they are part of what happened in the cycle."""
    world = given(*MEASURED, *NEXT, check_in(id="monday", value=1), *steps)
    world.when(move_objective()).refused(Conflict, "has_check_ins")


def test_a_key_result_that_went_elsewhere_with_its_check_ins_does_not_hold_its_old_objective():
    world = given(*MEASURED, *NEXT, set_objective("other"), check_in(value=1), change_key_result(objective="other"))
    world.when(move_objective()).then(like(ObjectiveMoved))


def test_an_objective_is_not_moved_into_a_closed_cycle():
    closed = (*NEXT, open_cycle("2026-Q2"), close_cycle("2026-Q2"))
    given(*MEASURED, *closed).when(move_objective()).refused(Conflict, "cycle_closed")


def test_an_objective_is_not_moved_into_a_cycle_before_that_was_planned():
    world = given(*MEASURED, on("2026-02-01"), *NEXT)
    world.when(move_objective(at="2026-01-20")).refused(Invalid, "effective_too_early", "/effective_at")


def test_what_an_objective_was_in_a_cycle_that_is_closed_now_does_not_change():
    """It was moved away before the close, and yet the closed cycle's past would show another goal."""
    moved = (*MEASURED, *NEXT, on("2026-03-01"), move_objective(), on("2026-04-01"), close_cycle("2026-Q1"))
    given(*moved).when(change_objective(title="x", at="2026-02-01")).refused(Conflict, "cycle_closed")
    given(*moved).when(check_in(value=1, at="2026-02-01")).refused(Conflict, "cycle_closed")
    given(*moved).when(change_objective(title="x", at="2026-03-02")).then(ObjectiveChanged(title="x"))
    given(*moved).when(check_in(value=1, at="2026-03-02")).decision  # noqa: B018


def test_nor_does_what_it_was_in_a_closed_cycle_on_its_way():
    """A late change of January would show in the second quarter, too, where the objective was until June."""
    third = plan_cycle("2026-Q3", starts_on="2026-07-01", ends_on="2026-09-30")
    on_its_way = (on("2026-03-01"), move_objective(), on("2026-06-01"), move_objective(cycle="2026-Q3"))
    closed = (open_cycle("2026-Q2"), close_cycle("2026-Q2"), on("2026-07-01"))
    world = given(*MEASURED, *NEXT, third, *on_its_way, *closed)
    world.when(change_objective(title="x", at="2026-01-20")).refused(Conflict, "cycle_closed")
    world.when(check_in(value=1, at="2026-01-20")).refused(Conflict, "cycle_closed")
    world.when(change_objective(title="x", at="2026-06-02")).then(ObjectiveChanged(title="x"))


# --- dropping and restoring


def test_an_objective_is_dropped_for_a_reason():
    outcome = given(*OBJECTIVE).when(drop_objective(reason="other plans"))
    outcome.then(ObjectiveDropped(reason="other plans"))
    assert outcome.objective().state == "dropped"


@pytest.mark.parametrize("builder", [drop_objective, restore_objective])
def test_dropping_and_restoring_need_a_reason(builder):
    assert unreadable(builder, reason=None) == ["/reason"]


def test_a_dropped_objective_is_restored():
    outcome = given(*OBJECTIVE, drop_objective()).when(restore_objective(reason="back to it"))
    outcome.then(ObjectiveRestored(reason="back to it"))
    assert outcome.objective().state == "active"


def test_an_objective_that_was_not_dropped_is_restored_already():
    given(*OBJECTIVE).when(restore_objective()).nothing()


def test_the_key_results_of_a_dropped_objective_stay_and_take_check_ins():
    world = given(*MEASURED, drop_objective())
    assert world.key_result().state == "active"
    assert world.when(check_in(value=1)).decision.drafts


DROPPED_IN_MARCH = (*MEASURED, *NEXT, on("2026-03-01"), drop_objective(), on("2026-03-20"))


@pytest.mark.parametrize(
    ("steps", "command"),
    [
        (DROPPED_IN_MARCH, restore_objective(at="2026-02-20")),
        (DROPPED_IN_MARCH, drop_objective(at="2026-02-20")),
        ((*DROPPED_IN_MARCH, restore_objective()), drop_objective(at="2026-03-19")),
        ((*DROPPED_IN_MARCH, restore_objective()), move_objective(at="2026-03-19")),
        ((*MEASURED, *NEXT, on("2026-03-01"), move_objective()), drop_objective(at="2026-02-20")),
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


# --- grading


def test_an_objective_is_graded():
    outcome = given(*OBJECTIVE).when(grade_objective(score="0.8", reflection="nearly"))
    outcome.then(ObjectiveGraded(score="0.8", reflection="nearly"))
    assert (outcome.objective().grade, outcome.objective().reflection) == (Decimal("0.8"), "nearly")


def test_a_grade_may_be_above_one():
    assert given(*OBJECTIVE, grade_objective(score=1.2)).objective().grade == Decimal("1.2")


@pytest.mark.parametrize("score", [-0.1, "good", True])
def test_a_grade_is_a_number_not_below_zero(score):
    assert unreadable(grade_objective, score=score) == ["/score"]


def test_null_takes_a_grade_back_and_leaves_the_reflection():
    outcome = given(*OBJECTIVE, grade_objective(reflection="nearly")).when(grade_objective(score=None))
    outcome.then(ObjectiveGraded(score=None, reflection="nearly"))
    assert outcome.objective().grade is None


def test_a_grade_that_was_never_given_is_taken_back_already():
    given(*OBJECTIVE).when(grade_objective(score=None)).nothing()


def test_a_new_grade_keeps_the_reflection_unless_it_is_cleared():
    graded = (*OBJECTIVE, grade_objective(reflection="nearly"))
    given(*graded).when(grade_objective(score=1)).then(ObjectiveGraded(score=1, reflection="nearly"))
    given(*graded).when(grade_objective(reflection=None)).then(ObjectiveGraded(score="0.7", reflection=None))


def test_a_redacted_reflection_stays_redacted_under_a_new_grade():
    world = given(*OBJECTIVE, grade_objective(reflection="Acme left"), redact_text(4, "reflection"))
    [event] = world.when(grade_objective(score=1)).events
    assert event.reflection == world.objective().reflection
    assert world.objective().reflection.redacted


def test_a_grade_after_the_close_waits_for_a_reopening():
    given(*CLOSED).when(grade_objective()).refused(Conflict, "cycle_closed")
    given(*CLOSED, reopen_cycle()).when(grade_objective()).then(like(ObjectiveGraded))


# --- where it belongs


def test_an_objective_belongs_to_its_cycle_and_after_a_move_to_both():
    world = given(*MEASURED, *NEXT, add_key_result("profit"), move_objective())
    objective = Ref(Kind.OBJECTIVE, uid("grow"))
    for cycle in ("2026-Q1", "2026-Q2"):
        assert world.ledger.children(Ref(Kind.CYCLE, uid(cycle)), Kind.OBJECTIVE) == [objective.id]
    moved = world.ledger.facts[-1].effective_at
    assert world.ledger.last_effective_in(uid("2026-Q1")) == world.ledger.last_effective_in(uid("2026-Q2")) == moved


def test_an_objective_may_be_set_in_one_cycle_and_aligned_into_another():
    year = plan_cycle("2026", kind="year", ends_on="2026-12-31")
    world = given(year, *PLANNED, set_objective("vision", cycle="2026"))
    world.when(set_objective(aligned_to="vision")).then(like(ObjectiveSet, aligned_to=uid("vision")))
