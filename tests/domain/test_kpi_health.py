"""How a KPI stands (docs/scoring.md, "A KPI")."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.kpi.health import health, stale, trend
from domain.kpi.state import Target
from domain.scoring import end_of

BEGIN = date(2026, 1, 1)


def goal(target=None, at_risk=None, low=None, high=None):
    numbers = (None if number is None else Decimal(number) for number in (target, low, high, at_risk))
    return Target(BEGIN, None, *numbers)


def decimals(*numbers):
    return [Decimal(number) for number in numbers]


@pytest.mark.parametrize(
    ("direction", "target", "value", "expected"),
    [
        ("increase", goal(100, 80), 100, "on_track"),
        ("increase", goal(100, 80), 99, "at_risk"),
        ("increase", goal(100, 80), 80, "at_risk"),
        ("increase", goal(100, 80), 79, "off_track"),
        ("increase", goal(100), 99, "off_track"),
        ("decrease", goal(5, 8), 5, "on_track"),
        ("decrease", goal(5, 8), 6, "at_risk"),
        ("decrease", goal(5, 8), 8, "at_risk"),
        ("decrease", goal(5, 8), 9, "off_track"),
        ("decrease", goal(5), 6, "off_track"),
        ("maintain", goal(low=4, high=5), 4, "on_track"),
        ("maintain", goal(low=4, high=5), 5, "on_track"),
        ("maintain", goal(low=4, high=5), "5.01", "off_track"),
        ("maintain", goal(low=4, high=5), "3.99", "off_track"),
    ],
)
def test_health_is_the_value_against_the_target(direction, target, value, expected):
    assert health(direction, target, Decimal(value)) == expected


@pytest.mark.parametrize("direction", ["increase", "decrease", "maintain"])
def test_without_a_point_or_a_target_there_is_no_health(direction):
    assert health(direction, None, Decimal(1)) == "no_data"
    assert health(direction, goal(1, low=0, high=2), None) == "no_data"


def test_a_target_that_does_not_suit_the_direction_says_nothing():
    assert health("maintain", goal(100), Decimal(1)) == "no_data"
    assert health("maintain", goal(low=1), Decimal(1)) == "no_data"
    assert health("increase", goal(low=1, high=2), Decimal(1)) == "no_data"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((), None),
        ((1,), None),
        ((1, 2), "improving"),
        ((2, 1), "worsening"),
        ((1, 9, 1), "flat"),
        ((9, 1, 5, 2), "improving"),
        ((0, 5, 9, 4), "worsening"),
    ],
)
def test_the_trend_is_the_change_over_the_last_three_points(values, expected):
    mirrored = {"improving": "worsening", "worsening": "improving"}.get(expected, expected)
    assert trend("increase", decimals(*values), None) == expected
    assert trend("decrease", decimals(*values), None) == mirrored


@pytest.mark.parametrize(
    ("values", "expected"),
    [((1, 3), "improving"), ((9, 6), "improving"), ((4, 5), "flat"), ((3, 6), "flat"), ((4, 6), "worsening")],
)
def test_for_a_kpi_to_maintain_nearer_to_the_range_is_better(values, expected):
    assert trend("maintain", decimals(*values), goal(low=4, high=5)) == expected


@pytest.mark.parametrize("target", [None, goal(5), goal(low=4)])
def test_without_a_range_a_kpi_to_maintain_has_no_trend(target):
    assert trend("maintain", decimals(1, 2), target) is None


@pytest.mark.parametrize(
    ("frequency", "days"), [("daily", 1.5), ("weekly", 10.5), ("monthly", 46), ("quarterly", 138), ("yearly", 549)]
)
def test_a_point_is_overdue_after_its_period_and_half_of_it(frequency, days):
    limit = end_of(BEGIN) + timedelta(days=days)
    assert not stale(frequency, BEGIN, limit)
    assert stale(frequency, BEGIN, limit + timedelta(microseconds=1))


def test_an_irregular_kpi_is_never_overdue_and_one_without_points_neither():
    late = end_of(date(2036, 1, 1))
    assert not stale("irregular", BEGIN, late)
    assert not stale("daily", None, late)
