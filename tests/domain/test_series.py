"""The line of a KPI's points, against a filter over all statements that takes the contract at its word."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import hypothesis
import pytest
from hypothesis import strategies as st

from domain.kernel import Fact, Kind, Ref
from domain.kpi.series import Series
from domain.measurements.events import MeasurementRestated, MeasurementsRecorded
from domain.scoring import end_of
from tests.support.builders import on, uid

FIRST = date(2026, 1, 1)
ALWAYS = (on("2027-01-01"), 2**63)


def day(number):
    return FIRST + timedelta(days=number)


def line(*statements):
    """A series of (day, value) or (day, value, recorded at), each a position further."""
    series = Series()
    for position, (number, value, *at) in enumerate(statements, 1):
        recorded_at = on(at[0]) if at else on("2026-06-01") + timedelta(seconds=position)
        series.add(day(number), position, recorded_at, Decimal(value))
    return series


def test_an_empty_series_has_no_point():
    empty: Any = Series()
    assert empty.latest(ALWAYS) is None
    assert empty.last(ALWAYS, 3) == empty.keys_from((on("2026-01-01"), 0)) == []
    assert empty.effective_at(FIRST) is empty.value(FIRST) is None


def test_a_point_takes_effect_at_the_end_of_its_day():
    series = line((1, 5))
    assert series.effective_at(day(1)) == end_of(day(1))
    assert series.latest((end_of(day(1)) - timedelta(microseconds=1), 99)) is None
    assert series.latest((end_of(day(1)), 1)) == (day(1), 5)


def test_no_point_takes_effect_later_than_the_newest():
    """Whenever they were told of."""
    assert line((5, 1), (9, 1), (2, 1), (9, 2)).newest == end_of(day(9))


def test_todays_point_takes_effect_when_it_is_recorded():
    series = line((1, 5, "2026-01-02T15:00"), (1, 6, "2026-01-02T16:00"), (1, 7, "2026-03-01"))
    assert series.effective_at(day(1)) == on("2026-01-02T15:00")
    assert series.latest((on("2026-01-02T15:00"), 1)) == (day(1), 5)
    assert series.latest((on("2026-01-02T15:00"), 2)) == (day(1), 6)
    assert series.latest((on("2026-01-02T15:00:01"), 0)) == (day(1), 7)


def test_the_point_before_stands_while_nothing_said_of_a_day_counts():
    series = line((1, 5), (2, 6), (2, 7))
    assert series.latest((end_of(day(2)), 1)) == (day(1), 5)
    assert series.last((end_of(day(2)), 2), 2) == [(day(1), 5), (day(2), 6)]


def test_late_days_find_their_place():
    series = line((5, 50), (1, 10), (3, 30))
    assert series.last(ALWAYS, 9) == [(day(1), 10), (day(3), 30), (day(5), 50)]
    assert series.last(ALWAYS, 2) == [(day(3), 30), (day(5), 50)]
    assert series.last(ALWAYS, 0) == []


@pytest.mark.parametrize(("until", "found"), [(0, None), (1, 1), (2, 1), (3, 3), (9, 5)])
def test_the_latest_no_later_than_a_day(until, found):
    point = line((1, 1), (3, 3), (5, 5)).latest(ALWAYS, day(until))
    assert point == (None if found is None else (day(found), found))


def test_a_restatement_counts_for_the_latest_no_later_than_a_day():
    assert line((1, 1), (3, 3), (1, 9)).latest(ALWAYS, day(2)) == (day(1), 9)


def test_the_keys_from_a_place_on():
    series = line((1, 1), (2, 2), (1, 3))
    one, two = end_of(day(1)), end_of(day(2))
    assert series.keys_from((on("2026-01-01"), 0)) == [(one, 1), (one, 3), (two, 2)]
    assert series.keys_from((one, 2)) == [(one, 3), (two, 2)]
    assert series.keys_from((two, 3)) == []


def test_facts_are_taken_in_whole():
    stream, at = Ref(Kind.MEASUREMENTS, UUID(int=1)), on("2026-06-01")
    points = [{"on": day(1), "value": 1}, {"on": day(2), "value": 2}]
    batch = MeasurementsRecorded(kpi=uid("signups"), points=points, source=None)
    restated = MeasurementRestated(kpi=uid("signups"), on=day(2), value=3, reason="late")
    series: Any = Series()
    series.add_fact(Fact(stream, 1, 1, batch, end_of(day(1)), at, UUID(int=2)))
    series.add_fact(Fact(stream, 2, 2, restated, end_of(day(2)), at, UUID(int=2)))
    assert series.last(ALWAYS, 9) == [(day(1), 1), (day(2), 3)]


# --- against the naive filter


class Naive:
    """All statements in a list, and the questions asked of it word by word."""

    def __init__(self, statements):
        first: dict = {}
        for on_, _, recorded_at, _ in statements:
            first.setdefault(on_, recorded_at)
        self.rows = [(min(end_of(s[0]), first[s[0]]), s[1], s[0], s[3]) for s in statements]

    def points(self, key, until=date.max):
        values = {}
        for _, _, on_, value in sorted(row for row in self.rows if row[:2] <= key and row[2] <= until):
            values[on_] = value
        return sorted(values.items())

    def keys_from(self, key):
        return sorted(row[:2] for row in self.rows if row[:2] >= key)


@st.composite
def told(draw):
    """Statements in the ledger's order: each on the day of its recording, or one of the days before."""
    now, statements = datetime(2026, 1, 1, tzinfo=UTC), []
    for position in range(1, draw(st.integers(0, 25)) + 1):
        now += timedelta(hours=draw(st.sampled_from((0, 1, 5, 24, 100))), microseconds=1)
        back = draw(st.sampled_from((0, 0, 1, 2, 7)))
        value = Decimal(draw(st.integers(0, 9)))
        statements.append((now.date() - timedelta(days=back), position, now, value))
    return statements


@hypothesis.settings(derandomize=True, deadline=None, max_examples=150)
@hypothesis.given(told(), st.integers(-1, 30), st.integers(0, 12))
def test_every_question_is_answered_as_by_the_naive_filter(statements, position, back):
    naive, series = Naive(statements), Series()
    for statement in statements:
        series.add(*statement)
    instants = {row[0] for row in naive.rows} | {on("2026-01-03")}
    for instant in instants:
        for key in ((instant, position), (instant - timedelta(microseconds=1), position)):
            expected = naive.points(key)
            assert series.last(key, 100) == expected
            assert series.last(key, 2) == expected[-2:]
            assert series.latest(key) == (expected[-1] if expected else None)
            until = instant.date() - timedelta(days=back)
            earlier = naive.points(key, until)
            assert series.latest(key, until) == (earlier[-1] if earlier else None)
            assert series.keys_from(key) == naive.keys_from(key)
    for on_, value in naive.points(ALWAYS):
        assert series.value(on_) == value
        assert (series.effective_at(on_), on_) in {(row[0], row[2]) for row in naive.rows}


def test_a_hundred_thousand_statements_are_no_trouble():
    """Something quadratic would take minutes."""
    days = [date.fromordinal(n) for n in range(700_000, 720_000)]
    late = on("2027-01-01")
    series: Any = Series()
    for position, on_ in enumerate(days * 5):
        series.add(on_, position, late, Decimal(position))
    for n, on_ in enumerate(days):
        assert series.latest(ALWAYS, on_) == (on_, 80_000 + n)
