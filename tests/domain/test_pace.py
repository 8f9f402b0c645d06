"""What time does to a score under `linear-v1`: expected, pace, status, stale."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from domain.measures import Metric
from domain.scoring import (
    end_of,
    expected,
    pace,
    progress,
    stale,
    start_of,
    status,
    worst,
)

D = Decimal
JANUARY = (date(2026, 1, 1), date(2026, 1, 31))


@pytest.mark.parametrize(
    ("day", "due"),
    [("2025-12-31", 0), ("2026-01-01", 0), ("2026-01-16", "0.5"), ("2026-01-31", 1), ("2026-02-01", 1)],
)
def test_what_is_expected_grows_by_days(day, due):
    assert expected(*JANUARY, date.fromisoformat(day)) == D(due)


@pytest.mark.parametrize(("day", "due"), [("2025-12-31", 0), ("2026-01-01", 1), ("2026-01-02", 1)])
def test_all_of_a_one_day_cycle_is_expected_on_its_day(day, due):
    assert expected(date(2026, 1, 1), date(2026, 1, 1), date.fromisoformat(day)) == due


@pytest.mark.parametrize(
    ("due", "score", "says"),
    [
        ("0.5", "0.6", "on_track"),
        ("0.5", "0.5", "on_track"),
        ("0.5", "0.499999", "at_risk"),
        ("0.5", "0.25", "at_risk"),
        ("0.5", "0.249999", "off_track"),
    ],
)
def test_pace_is_how_far_the_score_is_behind(due, score, says):
    assert pace(D(due), D(score)) == says


def test_a_gap_of_a_quarter_made_of_thirds_is_a_quarter():
    due, score = (progress(Metric(type="metric", baseline=0, target=target), D(1)) for target in (3, 12))
    assert pace(due, score) == "at_risk"


@pytest.mark.parametrize("said", ["on_track", "at_risk", "off_track"])
def test_a_status_is_what_the_last_check_in_said(said):
    assert status(True, said, "off_track") == said


def test_where_it_said_nothing_the_status_is_the_pace():
    assert status(True, None, "at_risk") == "at_risk"


def test_silence_is_never_on_track():
    assert status(False, None, "on_track") == "pending"


@pytest.mark.parametrize(
    ("statuses", "answer"),
    [
        ([], "pending"),
        (["on_track", "on_track"], "on_track"),
        (["on_track", "pending"], "pending"),
        (["pending", "at_risk"], "at_risk"),
        (["at_risk", "off_track"], "off_track"),
    ],
)
def test_the_status_of_an_objective_is_the_worst(statuses, answer):
    assert worst(statuses) == answer


NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)
FORTNIGHT, MOMENT = timedelta(days=14), timedelta(microseconds=1)


def silent(at, *, checked_in_at=None, began_at=NOON, cycle_open=True, starts_on=JANUARY[0]):
    return stale(
        cycle_open=cycle_open,
        every_days=14,
        checked_in_at=checked_in_at,
        began_at=began_at,
        starts_on=starts_on,
        at=at,
    )


def test_stale_is_more_than_the_days_between_check_ins():
    assert not silent(NOON + FORTNIGHT, checked_in_at=NOON)
    assert silent(NOON + FORTNIGHT + MOMENT, checked_in_at=NOON)


def test_what_is_looked_at_before_there_could_be_silence_is_not_stale():
    """The calendar begins with the year 1."""
    begin = datetime(1, 1, 3, tzinfo=UTC)
    assert not silent(begin, began_at=begin - timedelta(days=1), starts_on=begin.date())


def test_nothing_is_stale_in_a_cycle_that_is_not_open():
    assert not silent(NOON + 9 * FORTNIGHT, checked_in_at=NOON, cycle_open=False)


def test_without_a_check_in_silence_counts_from_the_beginning_of_the_key_result():
    assert not silent(NOON + FORTNIGHT, began_at=NOON)
    assert silent(NOON + FORTNIGHT + MOMENT, began_at=NOON)


def test_or_from_the_start_of_the_cycle_if_that_is_later():
    starts_on = date(2026, 2, 20)
    assert not silent(start_of(starts_on) + FORTNIGHT, starts_on=starts_on)
    assert silent(start_of(starts_on) + FORTNIGHT + MOMENT, starts_on=starts_on)


def test_a_check_in_before_the_cycle_counts_from_when_it_was():
    assert silent(NOON + FORTNIGHT + MOMENT, checked_in_at=NOON, starts_on=date(2026, 2, 20))


def test_a_day_lasts_from_midnight_to_its_last_microsecond():
    day = date(2026, 3, 31)
    assert start_of(day).isoformat() == "2026-03-31T00:00:00+00:00"
    assert end_of(day).isoformat() == "2026-03-31T23:59:59.999999+00:00"
