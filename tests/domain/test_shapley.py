"""The Shapley value by its axioms, which define it, and its rounding (docs/explain.md)."""

import doctest
from decimal import Decimal, localcontext
from itertools import combinations, permutations
from pathlib import Path

import hypothesis
from hypothesis import strategies as st

from domain.shapley import rounded, shapley

D = Decimal
NAMES = ("value", "goalpost", "weight", "structure")
SETS = [frozenset(some) for count in range(len(NAMES) + 1) for some in combinations(NAMES, count)]
NEAR = D("1e-25")
scores = st.decimals(0, 1, places=6)
games = st.lists(scores, min_size=len(SETS), max_size=len(SETS)).map(lambda drawn: dict(zip(SETS, drawn, strict=True)))


def test_one_factor_has_all_of_the_change():
    assert shapley(["value"], lambda some: D(len(some)) / 4) == {"value": D("0.25")}


def test_without_factors_there_are_no_parts():
    assert shapley([], lambda _: D(1)) == {}


def test_what_two_do_only_together_is_shared():
    assert shapley(["value", "weight"], lambda some: D(len(some) == 2)) == {"value": D("0.5"), "weight": D("0.5")}


@hypothesis.given(games)
def test_the_parts_add_up_to_the_change(game):
    change = game[frozenset(NAMES)] - game[frozenset()]
    assert abs(sum(shapley(NAMES, game.__getitem__).values()) - change) < NEAR


@hypothesis.given(games)
def test_a_part_is_the_mean_over_every_order_in_which_the_factors_may_come_in(game):
    orders = list(permutations(NAMES))
    for name, part in shapley(NAMES, game.__getitem__).items():
        before = [frozenset(order[: order.index(name)]) for order in orders]
        added = sum(game[some | {name}] - game[some] for some in before)
        assert abs(part - added / len(orders)) < NEAR


@hypothesis.given(games, st.permutations(NAMES))
def test_the_order_in_which_the_factors_are_named_changes_no_part(game, names):
    assert shapley(names, game.__getitem__) == shapley(NAMES, game.__getitem__)


@hypothesis.given(games)
def test_a_factor_that_does_nothing_has_no_part_and_the_others_have_what_they_had(game):
    found = shapley(NAMES, lambda some: game[some - {"structure"}])
    assert found.pop("structure") == 0
    assert all(abs(found[name] - part) < NEAR for name, part in shapley(NAMES[:3], game.__getitem__).items())


def test_each_set_of_factors_is_asked_about_once():
    asked = []

    def value(some):
        asked.append(some)
        return D(0)

    shapley(NAMES, value)
    assert sorted(asked, key=sorted) == sorted(SETS, key=sorted)


def test_the_caller_s_context_does_not_matter():
    with localcontext() as context:
        context.prec = 3
        found = shapley(["a", "b", "c"], lambda some: D(len(some) == 3))
    assert found["a"] == D("0." + "3" * 40)


# --- rounding


def test_what_rounding_leaves_goes_to_the_largest_whatever_its_sign():
    third = D(1) / 3
    parts = {"a": third, "b": -2 * third, "c": third}
    assert rounded(parts, D(0)) == {"a": D("0.333333"), "b": D("-0.666666"), "c": D("0.333333")}


def test_of_equal_ones_it_goes_to_the_first():
    third = D(1) / 3
    assert rounded({"a": D(0), "b": third, "c": third, "d": third}, D(1)) == {
        "a": 0,
        "b": D("0.333334"),
        "c": D("0.333333"),
        "d": D("0.333333"),
    }


def test_a_part_too_small_to_show_takes_what_it_made():
    """From 0.0000004 to 0.0000006 the shown score moves by a millionth."""
    assert rounded({"a": D(0), "b": D("0.0000002")}, D("0.000001")) == {"a": 0, "b": D("0.000001")}


def test_nothing_is_left_where_nothing_was_rounded():
    assert rounded({"a": D("0.25"), "b": D("-0.1")}, D("0.15")) == {"a": D("0.25"), "b": D("-0.1")}


@hypothesis.given(games)
def test_rounded_parts_add_up_exactly_and_have_six_decimals(game):
    change = game[frozenset(NAMES)] - game[frozenset()]
    found = rounded(shapley(NAMES, game.__getitem__), change)
    assert sum(found.values()) == change
    assert all(part == round(part, 6) for part in found.values())


def test_the_examples_of_the_page_are_right():
    page = Path(__file__).parents[2] / "docs" / "explain.md"
    done = doctest.testfile(str(page), module_relative=False)
    assert done.attempted > 0
    assert done.failed == 0
