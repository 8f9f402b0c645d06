"""How decisions find measurements: not by reading everything, but all of what was asked."""

from datetime import date, timedelta
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from domain.kernel import Context, Kind
from domain.measurements.reading import latest_point, series_of_days
from domain.measurements.state import stream_of
from tests.support.builders import (
    define_kpi,
    on,
    record_measurements,
    uid,
)
from tests.support.histories import KPI_BEGINNING, bounded, histories, instants, play, things
from tests.support.kpi_actions import KPIS, record_a_batch, record_a_point, restate_a_point
from tests.support.specs import given

KPI = (define_kpi(),)


def day(text):
    return date.fromisoformat(text if len(text) > 5 else f"2026-{text}")


def context(ledger):
    return Context(ledger.passes(), ledger.actor, ledger, lambda: uid("new"))


MOSTLY_MEASURED = [*KPIS, *[record_a_point, record_a_batch, restate_a_point] * 3]


@bounded
@hypothesis.given(histories(actions=MOSTLY_MEASURED, more=KPI_BEGINNING), st.integers(0, 500))
def test_what_is_read_is_what_a_series_of_everything_says(history, back):
    ledger = play(history)
    for kpi in things(ledger, Kind.KPI):
        everything = given().series()
        measured = [f for f in ledger.facts if f.stream.kind is Kind.MEASUREMENTS and f.event.kpi == kpi.id]
        for fact in measured:
            everything.add_fact(fact)
        days = [on_ for on_, _ in everything.last((on("2030-01-01"), 0), 999)]
        known = series_of_days(context(ledger), kpi.id, days)
        assert [(on_, known.value(on_), known.effective_at(on_)) for on_ in days] == [
            (on_, everything.value(on_), everything.effective_at(on_)) for on_ in days
        ]
        for instant in instants(ledger)[::7]:
            until = instant.date() - timedelta(days=back)
            key = (instant, len(ledger.facts) - back)
            assert latest_point(context(ledger), kpi.id, key, until) == everything.latest(key, until)


@pytest.mark.parametrize("text", ["2025-12-31", "2023-06-30", "1999-12-31", "0001-01-01"])
def test_the_latest_point_is_found_however_long_ago(text):
    world = given(*KPI, record_measurements(points={text: 5}))
    for until in (day("01-05"), day(text)):
        found: Any = latest_point(context(world.ledger), uid("signups"), (on("2026-06-01"), 9), until)
        assert found == (day(text), 5)


def test_without_an_earlier_point_there_is_none():
    looking = context(given(*KPI, record_measurements(points={"2026-01-01": 5})).ledger)
    for until in (day("2025-12-31"), day("0001-01-31")):
        assert latest_point(looking, uid("signups"), (on("2026-06-01"), 9), until) is None
    assert latest_point(looking, uid("churn"), (on("2026-06-01"), 9), day("01-31")) is None


def test_the_newest_points_quarter_is_all_that_is_read():
    batches = [record_measurements(points={f"{year}-01-31": 1}) for year in range(2000, 2026)]
    ledger = given(*KPI, *batches).ledger
    ledger.looked = set()
    latest_point(context(ledger), uid("signups"), (on("2026-06-01"), 99), day("2025-03-31"))
    assert ledger.looked == {stream_of(uid("signups"), day("2025-01-31"))}
