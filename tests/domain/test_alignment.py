"""Alignment never forms a loop, through objectives, key results, moves and time (contract, section 4)."""

import pytest

from domain.errors import Conflict
from domain.key_result.events import KeyResultChanged
from domain.objective.events import ObjectiveChanged, ObjectiveSet
from tests.support.builders import (
    MEASURED,
    OPEN,
    add_key_result,
    change_key_result,
    change_objective,
    on,
    set_objective,
    uid,
)
from tests.support.specs import given, like

CHAIN = (
    *OPEN,
    set_objective("company"),
    set_objective("product", aligned_to="company"),
    set_objective("search", aligned_to="product"),
)
THROUGH_A_KEY_RESULT = (
    *MEASURED,
    set_objective("sell", aligned_to="revenue"),
    add_key_result("deals", objective="sell"),
)


def test_an_objective_is_aligned_to_an_objective():
    given(*MEASURED).when(set_objective("sell", aligned_to="grow")).then(like(ObjectiveSet, aligned_to=uid("grow")))


def test_an_objective_is_aligned_to_a_key_result():
    given(*MEASURED).when(set_objective("sell", aligned_to="revenue")).then(
        like(ObjectiveSet, aligned_to=uid("revenue"))
    )


@pytest.mark.parametrize("below", ["company", "product", "search"])
def test_an_objective_is_not_aligned_to_itself_or_to_what_stands_below_it(below):
    given(*CHAIN).when(change_objective("company", aligned_to=below)).refused(Conflict, "alignment_loop")


def test_an_objective_may_skip_a_level():
    given(*CHAIN).when(change_objective("search", aligned_to="company")).then(
        ObjectiveChanged(aligned_to=uid("company"))
    )


def test_a_chain_may_be_turned_around():
    turned = (*CHAIN, change_objective("product", aligned_to=None))
    given(*turned).when(change_objective("company", aligned_to="product")).then(
        ObjectiveChanged(aligned_to=uid("product"))
    )


@pytest.mark.parametrize("below", ["revenue", "sell", "deals"])
def test_the_way_up_goes_through_key_results(below):
    given(*THROUGH_A_KEY_RESULT).when(change_objective("grow", aligned_to=below)).refused(Conflict, "alignment_loop")


def test_a_key_result_is_not_moved_below_itself():
    """`sell` serves `revenue`; measured by it, `revenue` would serve itself."""
    given(*THROUGH_A_KEY_RESULT).when(change_key_result("revenue", objective="sell")).refused(
        Conflict, "alignment_loop"
    )


def test_a_key_result_may_move_to_an_objective_beside_it():
    given(*THROUGH_A_KEY_RESULT).when(change_key_result("deals", objective="grow")).then(
        KeyResultChanged(objective=uid("grow"))
    )


# A late change is a change of the past: there must be no loop at any time, not only now.

UNTIL_MARCH = (*CHAIN, on("2026-03-01"), change_objective("product", aligned_to=None), on("2026-03-20"))


def test_a_late_alignment_makes_no_loop_in_the_past():
    given(*UNTIL_MARCH).when(change_objective("company", aligned_to="product", at="2026-02-01")).refused(
        Conflict, "alignment_loop"
    )


def test_a_late_alignment_from_when_the_other_had_ended_is_no_loop():
    given(*UNTIL_MARCH).when(change_objective("company", aligned_to="product", at="2026-03-10")).then(
        ObjectiveChanged(aligned_to=uid("product"))
    )


def test_a_late_alignment_that_ended_before_the_other_began_is_no_loop():
    steps = (*OPEN, set_objective("a"), set_objective("b"), set_objective("c"), on("2026-03-01"))
    changed = (change_objective("a", aligned_to="c"), change_objective("b", aligned_to="a"), on("2026-03-20"))
    given(*steps, *changed).when(change_objective("a", aligned_to="b", at="2026-02-01")).then(
        ObjectiveChanged(aligned_to=uid("b"))
    )


def test_a_late_alignment_meets_a_key_result_where_it_was():
    """Until March `revenue` measured `grow`; what `grow` is aligned to in February must not serve `revenue`."""
    moved = (
        *THROUGH_A_KEY_RESULT,
        set_objective("other"),
        on("2026-03-01"),
        change_key_result(objective="other"),
    )
    world = given(*moved, on("2026-03-20"))
    world.when(change_objective("grow", aligned_to="sell", at="2026-02-01")).refused(Conflict, "alignment_loop")
    world.when(change_objective("grow", aligned_to="sell", at="2026-03-10")).then(
        ObjectiveChanged(aligned_to=uid("sell"))
    )
