"""Advice, never enforced: what the field's practice recommends."""

import pytest

from domain.guidance import on_key_results, on_objectives


@pytest.mark.parametrize(("count", "advised"), [(0, False), (5, False), (6, True)])
def test_a_team_has_at_most_five_objectives_in_a_cycle(count, advised):
    assert bool(on_objectives(count)) == advised


@pytest.mark.parametrize(("count", "advised"), [(0, True), (1, True), (2, False), (5, False), (6, True)])
def test_an_objective_has_two_to_five_key_results(count, advised):
    assert bool(on_key_results(count)) == advised


def test_advice_is_a_sentence_with_the_count_in_it():
    assert on_objectives(6) == ["The team has 6 objectives in this cycle; at most 5 keeps the focus."]
    assert on_key_results(1) == ["The objective has 1 key result; two to five measure it well."]
    assert on_key_results(7) == ["The objective has 7 key results; two to five measure it well."]
