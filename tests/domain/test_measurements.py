"""Measurements: when a point takes effect, what says nothing new, and where it is kept (contract, section 4)."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid5

import pytest

from domain.errors import Conflict, Invalid, NotFound
from domain.kernel import Draft, Kind, Ref
from domain.measurements.decisions import RecordMeasurements
from domain.measurements.events import MeasurementRestated, MeasurementsRecorded, Point
from domain.measurements.state import MEASUREMENTS, Stated, measurements_id, quarter_of, stream_of
from domain.scoring import end_of
from tests.support.builders import (
    define_kpi,
    on,
    record_measurements,
    restate_measurement,
    restore_kpi,
    retire_kpi,
    uid,
)
from tests.support.specs import given, like, unreadable

KPI = (define_kpi(),)
MEASURED = (*KPI, on("2026-02-10"), record_measurements(points={"2026-01-31": 5}))
LATER = on("2026-05-20T10:00")


def day(text):
    return date.fromisoformat(text if len(text) > 5 else f"2026-{text}")


def drafted(outcome):
    (draft,) = outcome.decision.drafts
    return draft


def points(outcome, kpi="signups"):
    return outcome.series(kpi).last((on("2030-01-01"), 2**63), 99)


# --- what is recorded


def test_a_batch_is_one_event():
    batch = [{"on": "2026-01-31", "value": "5.50", "note": "fair"}, {"on": "2025-12-31", "value": 4, "note": None}]
    outcome = given(*KPI, on("2026-02-10")).when(record_measurements(points=batch, source="warehouse"))
    outcome.then(
        MeasurementsRecorded(
            kpi=uid("signups"),
            points=(Point(on="2026-01-31", value="5.5", note="fair"), Point(on="2025-12-31", value=4)),
            source="warehouse",
        )
    )
    assert outcome.events[0].points[1].model_fields_set == {"on", "value"}
    assert outcome.decision.subject == Ref(Kind.KPI, uid("signups"))
    assert points(outcome) == [(day("2025-12-31"), 4), (day("01-31"), Decimal("5.5"))]


@pytest.mark.parametrize(
    ("batch", "pointers"),
    [
        ([], ["/points"]),
        ([{"on": "2026-01-31", "value": 1}] * 10_001, ["/points"]),
        ([{"on": "2026-01-31"}], ["/points/0/value"]),
        ([{"on": "yesterday", "value": "much"}], ["/points/0/on", "/points/0/value"]),
        ([{"on": "2026-01-31", "value": 1, "note": ""}], ["/points/0/note"]),
        ([{"on": "2026-01-31", "value": 1, "by": "ada"}], ["/points/0/by"]),
    ],
)
def test_a_batch_that_cannot_be_read(batch, pointers):
    assert unreadable(record_measurements, points=batch) == pointers


def test_a_schema_tells_how_many_points_a_batch_has():
    schema = RecordMeasurements.model_json_schema()["properties"]["points"]
    assert (schema["minItems"], schema["maxItems"]) == (1, 10_000)


def test_no_day_comes_twice():
    batch = [{"on": on_, "value": 1} for on_ in ("2026-01-01", "2026-01-02", "2026-01-01", "2026-01-02")]
    world = given(*KPI, on("2026-02-10"))
    world.when(record_measurements(points=batch)).refused(Invalid, "invalid", "/points/2/on", "/points/3/on")


def test_no_day_lies_in_the_future():
    world = given(*KPI, on("2026-02-10"))
    command = record_measurements(points={"2026-02-10": 1, "2026-02-11": 1, "2026-02-12": 1})
    world.when(command).refused(Invalid, "effective_in_future", "/points/1/on", "/points/2/on")


def test_a_day_may_lie_before_the_kpi_was_defined():
    assert points(given(*KPI).when(record_measurements(points={"1998-12-31": 1}))) == [(day("1998-12-31"), 1)]


def test_a_retired_kpi_is_not_measured():
    world = given(*MEASURED, retire_kpi())
    world.when(record_measurements(points={"2026-01-30": 1})).refused(Conflict, "retired")
    world.when(restate_measurement(value=1)).refused(Conflict, "retired")
    world.when(record_measurements(points={"2026-01-31": 5})).nothing()
    given(*MEASURED, retire_kpi(), restore_kpi()).when(restate_measurement(value=1)).then(like(MeasurementRestated))


# --- the same again, and another value


def test_the_same_value_again_changes_nothing_whatever_the_note():
    again = [{"on": "2026-01-31", "value": "5.0", "note": "still"}]
    given(*MEASURED).when(record_measurements(points=again, source="warehouse")).nothing()


def test_of_a_batch_only_what_is_new_is_recorded():
    outcome = given(*MEASURED).when(record_measurements(points={"2026-01-30": 5, "2026-01-31": 5, "2026-02-01": 6}))
    (event,) = outcome.events
    assert [point.on for point in event.points] == [day("01-30"), day("02-01")]


def test_another_value_is_a_restatement():
    outcome = given(*MEASURED).when(record_measurements(points={"2026-01-31": 6}))
    assert points(outcome) == [(day("01-31"), 6)]


def test_the_first_value_again_after_a_restatement_is_new():
    world = given(*MEASURED, restate_measurement(value=6))
    world.when(record_measurements(points={"2026-01-31": 6})).nothing()
    world.when(record_measurements(points={"2026-01-31": 5})).then(like(MeasurementsRecorded))


def test_a_point_is_restated_with_a_reason():
    outcome = given(*MEASURED).when(restate_measurement(value=6))
    outcome.then(
        MeasurementRestated(kpi=uid("signups"), on="2026-01-31", value=6, reason="a late invoice"),
    )
    assert points(outcome) == [(day("01-31"), 6)]
    assert unreadable(restate_measurement, value=6, reason=None) == ["/reason"]


def test_restating_what_it_is_changes_nothing():
    given(*MEASURED).when(restate_measurement(value=5)).nothing()


def test_only_what_was_measured_is_restated():
    given(*MEASURED).when(restate_measurement(day="2026-01-30", value=5)).refused(NotFound, "not_found", "/on")


# --- when it takes effect


def test_a_point_takes_effect_at_the_end_of_its_day():
    outcome = given(*KPI, on("2026-02-10")).when(record_measurements(points={"2026-01-31": 5, "2025-12-30": 4}))
    draft = drafted(outcome)
    assert (draft.effective_at, draft.reported_at) == (end_of(day("2025-12-30")), None)  # the event's: the earliest


def test_todays_point_takes_effect_when_it_is_recorded():
    world = given(*KPI, on("2026-02-10"))
    assert drafted(world.when(record_measurements(points={"2026-02-10": 5}))).effective_at is None
    assert world.series().effective_at(day("02-10")) == world.ledger.facts[-1].recorded_at


def test_what_is_said_later_takes_effect_when_the_point_did():
    world = given(*KPI, on("2026-02-10"), record_measurements(points={"2026-02-10": 5}), on("2026-03-01"))
    recorded_at = world.ledger.facts[-1].recorded_at
    again = record_measurements(points={"2026-02-10": 6})
    batch = record_measurements(points={"2026-02-10": 7, "2026-02-27": 1})
    assert drafted(world.when(restate_measurement(day="2026-02-10", value=8))).effective_at == recorded_at
    assert drafted(world.when(again)).effective_at == recorded_at
    assert drafted(world.when(batch)).effective_at == recorded_at
    assert world.series().effective_at(day("02-10")) == recorded_at


def test_todays_point_restated_today():
    world = given(*KPI, on("2026-02-10"), record_measurements(points={"2026-02-10": 5}))
    recorded_at = world.ledger.facts[-1].recorded_at
    assert drafted(world.when(record_measurements(points={"2026-02-10": 6}))).effective_at == recorded_at


@pytest.mark.parametrize(
    "command",
    [record_measurements(points={"2026-01-30": 4}, at="2026-02-05"), restate_measurement(value=6, at="2026-02-05")],
    ids=lambda command: command.NAME,
)
def test_the_time_of_the_command_is_only_kept(command):
    outcome = given(*MEASURED).when(command)
    assert drafted(outcome).reported_at == on("2026-02-05")
    assert drafted(outcome).effective_at in (end_of(day("01-30")), end_of(day("01-31")))


@pytest.mark.parametrize(
    "command", [record_measurements(points={"2025-01-30": 4}), restate_measurement(value=6)], ids=lambda c: c.NAME
)
def test_but_the_kpi_must_have_existed_then(command):
    early = command.model_copy(update={"effective_at": on("2026-01-04")})
    given(*MEASURED).when(early).refused(Invalid, "effective_too_early", "/effective_at")


# --- where it is kept


@pytest.mark.parametrize(
    ("text", "quarter"),
    [("2016-01-01", "2016-Q1"), ("2016-03-31", "2016-Q1"), ("2016-04-01", "2016-Q2"), ("2016-12-31", "2016-Q4")],
)
def test_a_day_lies_in_a_quarter(text, quarter):
    assert quarter_of(day(text)) == quarter
    assert measurements_id(uid("signups"), quarter) == uuid5(uid("signups"), quarter)
    assert stream_of(uid("signups"), day(text)) == Ref(Kind.MEASUREMENTS, measurements_id(uid("signups"), quarter))


def streams(world, text):
    """The quarters in whose streams something may have been said of the day."""
    own = stream_of(uid("signups"), day(text))
    names = {stream_of(uid("signups"), day(f"{y}-{m}-01")): f"{y}-{m}" for y in (2025, 2026) for m in ("01", "04")}
    found = [own, *(Ref(own.kind, id) for id in world.ledger.children(own, Kind.MEASUREMENTS))]
    return [names[ref] for ref in found if world.ledger.history(ref).exists]


def test_a_batch_is_kept_in_the_quarter_of_its_earliest_day():
    world = given(*KPI, LATER, record_measurements(points={"2026-05-01": 1, "2026-02-01": 2, "2025-04-30": 3}))
    first = stream_of(uid("signups"), day("2025-04-30"))
    assert world.ledger.facts[-1].stream == first
    assert [streams(world, text) for text in ("2025-04-01", "2026-02-28", "2026-05-31")] == [["2025-04"]] * 3
    assert world.ledger.children(Ref(Kind.KPI, uid("signups")), Kind.MEASUREMENTS) == [first.id]


def test_a_point_in_an_earlier_quarters_batch_is_found_and_restated_in_its_own():
    world = given(*KPI, LATER, record_measurements(points={"2026-02-01": 2, "2026-05-01": 1}))
    world.when(record_measurements(points={"2026-05-01": 1})).nothing()
    outcome = world.when(restate_measurement(day="2026-05-01", value=7))
    assert drafted(outcome).stream == stream_of(uid("signups"), day("2026-05-01"))
    assert streams(world, "2026-05-01") == ["2026-04", "2026-01"]
    world.when(record_measurements(points={"2026-05-01": 7})).nothing()
    world.when(restate_measurement(day="2026-05-01", value=7)).nothing()


def test_kpis_do_not_share_measurements():
    world = given(*MEASURED, define_kpi("churn"), record_measurements("churn", {"2026-01-31": 9}))
    assert (points(world), points(world, "churn")) == ([(day("01-31"), 5)], [(day("01-31"), 9)])


# --- the fold


def test_the_statements_of_a_day_stand_in_the_ledgers_order():
    steps = (record_measurements(points={"2026-01-31": 6, "2026-01-01": 1}), restate_measurement(value=7))
    world = given(*MEASURED, *steps)
    facts = {fact.position: fact for fact in world.ledger.facts}
    known = world.ledger.state(Kind.MEASUREMENTS, stream_of(uid("signups"), day("01-31")).id)
    assert known.kpi == uid("signups")
    assert [(s.value, s.reason, s.recorded_at) for s in known.points[day("01-31")]] == [
        (5, None, facts[2].recorded_at),
        (6, None, facts[3].recorded_at),
        (7, "a late invoice", facts[4].recorded_at),
    ]
    assert {s.effective_at for s in known.points[day("01-31")]} == {end_of(day("01-31"))}


def test_a_batch_that_sorts_first_does_not_come_first():
    """Recorded later, it takes effect earlier; the first statement in the ledger says when the day's point did."""
    world = given(*KPI, on("2026-02-10"), record_measurements(points={"2026-02-10": 5}), on("2026-03-01"))
    recorded_at = world.ledger.facts[-1].recorded_at
    outcome = world.when(record_measurements(points={"2026-01-01": 1, "2026-02-10": 6}))
    known = outcome.ledger.state(Kind.MEASUREMENTS, stream_of(uid("signups"), day("02-10")).id)
    said = known.points[day("02-10")]
    assert [(s.value, s.effective_at) for s in said] == [(5, recorded_at), (6, recorded_at)]
    assert all(isinstance(s, Stated) for s in said)


# --- at the limits


def test_a_full_batch_is_no_trouble():
    """10,000 days over 110 quarters, and again, which finds that all is so already."""
    days = [date(2026, 1, 4) - timedelta(days=n) for n in range(10_000)]
    command = record_measurements(points={day: n % 7 for n, day in enumerate(days)})
    world = given(*KPI)
    (event,) = world.when(command).events
    assert len(event.points) == 10_000
    world.when(command).nothing()


def test_a_stream_may_begin_with_anything():
    """A restored ledger says it again as it was said."""
    ledger = given(*KPI).ledger
    ref = stream_of(uid("signups"), day("01-01"))
    event = MeasurementRestated(kpi=uid("signups"), on="2026-01-01", value=1, reason="x")
    ledger.record(Draft(ref, event, end_of(day("01-01"))))
    assert ledger(MEASUREMENTS, ref.id).now.points.keys() == {day("01-01")}
