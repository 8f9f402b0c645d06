"""The edges of the policies, function by function; the vectors are in test_scoring_vectors."""

import doctest
from decimal import Decimal, localcontext
from pathlib import Path

import pytest

from domain.measures import Between, Boolean, Graded, Metric, Milestone, Milestones, Threshold, Zones
from domain.scoring import (
    band,
    clamp,
    enters,
    mean,
    met,
    official,
    pace,
    progress,
    six,
    tidy,
    weighted,
)

D = Decimal


def metric(baseline, target):
    return Metric(type="metric", baseline=baseline, target=target)


def steps(**weights):
    parts = [Milestone(id=name, title=name, weight=weight) for name, weight in weights.items()]
    return Milestones(type="milestones", milestones=tuple(parts))


def average(*scores):
    return mean(parts(*scores))


def parts(*scores, weights=None):
    return [weighted(D(weight), D(score)) for score, weight in zip(scores, weights or [1] * len(scores), strict=True)]


# --- progress


@pytest.mark.parametrize(
    "measure",
    [
        metric(0, 1),
        Threshold(type="threshold", operator=">", bound=0),
        Between(type="threshold", operator="between", low=0, high=1),
        steps(a=1),
        Boolean(type="boolean"),
        Zones(type="zones", commit="c", target="t", stretch="s"),
        Graded(type="graded"),
    ],
    ids=lambda measure: measure.type,
)
def test_without_a_value_there_is_no_progress(measure):
    assert progress(measure, None) is None


@pytest.mark.parametrize(
    ("operator", "below", "on", "above"), [(">=", 0, 1, 1), (">", 0, 0, 1), ("<=", 1, 1, 0), ("<", 1, 0, 0)]
)
def test_a_threshold_is_met_or_not(operator, below, on, above):
    measure = Threshold(type="threshold", operator=operator, bound=9)
    assert [progress(measure, D(value)) for value in ("8.99", "9.00", "9.01")] == [below, on, above]


def test_between_includes_both_ends():
    measure = Between(type="threshold", operator="between", low=4, high=5)
    assert [progress(measure, D(value)) for value in ("3.9", "4", "5", "5.1")] == [0, 1, 1, 0]


def test_milestones_count_by_weight():
    assert progress(steps(a=3, b=1), ("a",)) == D("0.75")


def test_milestones_without_any_weight_count_by_number():
    assert progress(steps(a=0, b=0), ("a",)) == D("0.5")


def test_a_milestone_of_weight_zero_among_others_counts_for_nothing():
    assert progress(steps(a=0, b=1), ("a",)) == 0


def test_a_completed_milestone_that_is_none_any_more_counts_for_nothing():
    assert progress(steps(a=1, b=1), ("a", "gone")) == D("0.5")


def test_zones_and_grades():
    zones = Zones(type="zones", commit="c", target="t", stretch="s")
    assert [progress(zones, zone) for zone in ("fail", "commit", "target", "stretch")] == [
        0,
        D("0.3"),
        D("0.7"),
        1,
    ]
    assert progress(Graded(type="graded", out_of=100), D(120)) == D("1.2")


def test_progress_is_exact_to_forty_digits():
    assert progress(metric(0, 3), D(1)) == D("0." + "3" * 40)


def test_progress_does_not_depend_on_the_context_of_the_caller():
    weighted = steps(a="0.123456789012", b="0.876543210988")
    with localcontext(prec=3):
        assert progress(metric(0, 8), D("1.00001")) == D("0.12500125")
        assert progress(weighted, ("a",)) == D("0.123456789012")
        assert band(D("0.649999")) == "yellow"


def test_the_smallest_step_towards_the_largest_target_counts():
    assert six(progress(metric(0, D("1e-12")), D("9" * 28))) == D("9" * 28 + "0" * 12)


# --- scores


@pytest.mark.parametrize(("moved", "score"), [(None, 0), ("-0.1", 0), ("0", 0), ("0.5", "0.5"), ("1", 1), ("1.5", 1)])
def test_a_score_is_progress_between_zero_and_one(moved, score):
    assert clamp(None if moved is None else D(moved)) == D(score)


@pytest.mark.parametrize(("grade", "score"), [(None, "0.4"), ("0.6", "0.6"), ("1.2", 1), ("0", 0)])
def test_a_grade_counts_instead_of_the_score_and_is_clamped(grade, score):
    assert official(D("0.4"), None if grade is None else D(grade)) == D(score)


def test_a_mean_is_weighted():
    assert mean(parts("1", "0", weights=[3, 1])) == D("0.75")


@pytest.mark.parametrize("nothing", [[], parts("1", "1", weights=[0, 0])])
def test_nothing_or_weights_of_zero_alone_have_no_mean(nothing):
    assert mean(nothing) is None


def test_a_weight_of_zero_counts_for_nothing():
    assert mean(parts("1", "0.2", weights=[0, 1])) == D("0.2")


# --- rounding


# Fractions end after forty digits, so that what they add up to can be a hair below what it is.


def fractions(denominator, *numerators):
    return [progress(metric(0, denominator), D(numerator)) for numerator in numerators]


def test_sevenths_that_make_a_half_are_that_half():
    score = average(*fractions(7, 2, 4, 4, 4))
    assert score < D("0.5")
    assert tidy(score) == D("0.5")
    assert pace(D("0.5"), score) == "on_track"


def test_sixths_that_make_seven_tenths_are_met():
    score = average(*fractions(6, 1, 5, 5, 5, 5))
    assert score < D("0.7")
    assert met("aspirational", score)


def test_a_mean_a_hair_below_the_middle_of_a_band_is_in_the_middle():
    a_third = fractions(3, 1)[0]
    score = average(a_third, a_third, a_third + D("0.05"))
    assert score < D("0.35")
    assert band(score) == "yellow"


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("0.0000005", "0.000001"),
        ("0.00000049", "0"),
        ("-0.0000005", "-0.000001"),
        ("0.99999949999", "0.999999"),
        ("0.9999995", "1"),
        ("1e19", "1e19"),
    ],
)
def test_answers_have_six_decimals_half_up(number, shown):
    assert six(D(number)) == D(shown)


def test_answers_know_no_negative_zero():
    assert str(six(D("-0.0000001"))) == "0"


def test_nothing_is_not_rounded():
    assert six(None) is None


# --- bands and being met


@pytest.mark.parametrize(
    ("score", "colour"),
    [
        ("0", "red"),
        ("0.349999", "red"),
        ("0.35", "yellow"),
        ("0.649999", "yellow"),
        ("0.65", "green"),
        ("1", "green"),
    ],
)
def test_a_band_goes_by_tenths_half_up(score, colour):
    assert band(D(score)) == colour


@pytest.mark.parametrize(
    ("commitment", "score", "is_met"),
    [
        ("committed", "1", True),
        ("committed", "0.999999", False),
        ("aspirational", "0.7", True),
        ("aspirational", "0.699999", False),
    ],
)
def test_a_committed_objective_is_met_at_one_an_aspirational_one_at_seven_tenths(commitment, score, is_met):
    assert met(commitment, D(score)) == is_met


@pytest.mark.parametrize(("commitment", "bound"), [("committed", "1"), ("aspirational", "0.7")])
@pytest.mark.parametrize("below", ["4.99e-21", "5e-21", "5.01e-21", "0", "1e-40", "1e-20", "-5e-21"])
def test_met_goes_by_the_score_at_twenty_decimals(commitment, bound, below):
    with localcontext(prec=45):
        score = D(bound) - D(below)
    assert met(commitment, score) == (tidy(score) >= D(bound))


# --- policies


@pytest.mark.parametrize(
    ("policy", "pending", "does"),
    [
        ("linear-v1", False, True),
        ("linear-v1", True, True),
        ("linear-measured-v1", False, True),
        ("linear-measured-v1", True, False),
    ],
)
def test_what_is_pending_enters_the_mean_unless_only_what_is_measured_does(policy, pending, does):
    assert enters(policy, pending=pending) == does


# --- the page


def test_the_examples_of_the_page_are_right():
    page = Path(__file__).parents[2] / "docs" / "scoring.md"
    done = doctest.testfile(str(page), module_relative=False)
    assert done.attempted > 0
    assert done.failed == 0
