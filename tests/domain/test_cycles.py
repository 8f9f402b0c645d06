"""Cycles: planned, opened, rescheduled, closed, reopened (contract, section 4)."""

from datetime import date

import pytest

from domain.cycle.events import (
    CycleClosed,
    CycleOpened,
    CyclePlanned,
    CycleReopened,
    CycleRescheduled,
)
from domain.errors import Conflict, Invalid
from domain.kernel import Kind, Ref
from tests.support.builders import (
    CLOSED,
    MEASURED,
    OPEN,
    PLANNED,
    change_objective,
    check_in,
    close_cycle,
    on,
    open_cycle,
    plan_cycle,
    reopen_cycle,
    reschedule_cycle,
    set_objective,
    uid,
)
from tests.support.specs import given, like, unreadable

# --- planning


def test_a_cycle_is_planned_with_its_dates():
    given().when(plan_cycle("2026-Q1")).then(
        CyclePlanned(
            label="2026-Q1",
            kind="quarter",
            starts_on="2026-01-01",
            ends_on="2026-03-31",
            parent=None,
            scoring="linear-v1",
            check_in_every_days=14,
            external_id=None,
            source="http",
        )
    )


def test_a_planned_cycle_is_planned():
    assert given(*PLANNED).cycle().state == "planned"


def test_a_cycle_may_last_one_day():
    given().when(plan_cycle(starts_on="2026-01-01", ends_on="2026-01-01")).then(like(CyclePlanned))


def test_a_cycle_does_not_end_before_it_starts():
    given().when(plan_cycle(starts_on="2026-01-02", ends_on="2026-01-01")).refused(Invalid, "invalid", "/ends_on")


def test_a_cycle_may_lie_inside_another_named_by_its_label():
    year = plan_cycle("2026", kind="year", ends_on="2026-12-31")
    given(year).when(plan_cycle("2026-Q1", parent="2026")).then(like(CyclePlanned, parent=uid("2026")))


def test_a_cycle_does_not_lie_in_another_before_that_was_planned():
    year = plan_cycle("2026", kind="year", ends_on="2026-12-31", at="2026-01-03")
    late = plan_cycle("2026-Q1", parent="2026", at="2026-01-02")
    given(year).when(late).refused(Invalid, "effective_too_early", "/effective_at")


def test_only_a_published_policy_scores_a_cycle():
    given().when(plan_cycle(scoring="linear-v9")).refused(Invalid, "unknown_policy", "/scoring")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("label", ""),
        ("label", "  "),
        ("label", "Q1/26"),  # it stands in the paths of the API
        ("label", "0190a2f0-1b7a-7cc0-8f63-d3a9a3c5e1b2"),  # would be taken for an id
        ("kind", "month"),
        ("starts_on", "2026-02-30"),
        ("starts_on", "2026-1-1"),
        ("ends_on", None),
        ("check_in_every_days", 0),
        ("check_in_every_days", 367),
        ("check_in_every_days", "14"),
    ],
)
def test_a_cycle_that_cannot_be_read(field, value):
    assert unreadable(plan_cycle, **{field: value}) == [f"/{field}"]


def test_planning_a_label_again_with_the_same_kind_and_dates_is_what_already_is():
    outcome = given(*PLANNED).when(plan_cycle("2026-Q1", id=None, check_in_every_days=7))
    outcome.nothing()
    assert outcome.decision.subject == Ref(Kind.CYCLE, uid("2026-Q1"))


@pytest.mark.parametrize("other", [{"kind": "custom"}, {"starts_on": "2026-01-02"}, {"ends_on": "2026-03-30"}])
def test_planning_a_label_again_with_another_kind_or_other_dates_is_refused(other):
    given(*PLANNED).when(plan_cycle(**other)).refused(Conflict, "label_taken")


def test_a_rescheduled_cycle_is_known_by_its_first_dates_and_by_its_new_ones():
    rescheduled = (*PLANNED, reschedule_cycle(ends_on="2026-04-03"))
    given(*rescheduled).when(plan_cycle()).nothing()
    given(*rescheduled).when(plan_cycle(ends_on="2026-04-03")).nothing()


def test_a_cycle_of_the_same_id_with_another_label_is_refused():
    given(*PLANNED).when(plan_cycle("2026-H1", id="2026-Q1")).refused(Conflict, "id_taken")


# --- opening


def test_a_planned_cycle_is_opened():
    given(*PLANNED).when(open_cycle()).then(CycleOpened())


def test_a_cycle_may_be_named_by_its_id():
    given(*PLANNED).when(open_cycle(str(uid("2026-Q1")))).then(CycleOpened())


def test_a_closed_cycle_is_not_opened_but_reopened():
    given(*CLOSED).when(open_cycle()).refused(Conflict, "cycle_closed")


# --- rescheduling


def test_a_cycle_is_rescheduled_with_a_reason():
    given(*OPEN).when(reschedule_cycle(starts_on="2026-01-05", ends_on="2026-04-03", reason="fair")).then(
        CycleRescheduled(starts_on="2026-01-05", ends_on="2026-04-03", reason="fair")
    )


def test_rescheduling_names_only_the_day_that_moves():
    outcome = given(*OPEN).when(reschedule_cycle(starts_on="2026-01-01", ends_on="2026-04-03", reason="fair"))
    outcome.then(CycleRescheduled(ends_on="2026-04-03", reason="fair"))
    assert (outcome.cycle().starts_on, outcome.cycle().ends_on) == (date(2026, 1, 1), date(2026, 4, 3))


def test_rescheduling_needs_a_reason_even_before_the_start():
    assert unreadable(reschedule_cycle, ends_on="2026-04-03", reason=None) == ["/reason"]


def test_a_day_of_a_cycle_cannot_be_cleared():
    assert unreadable(reschedule_cycle, ends_on=None) == ["/ends_on"]


@pytest.mark.parametrize(("field", "day"), [("starts_on", "2026-04-01"), ("ends_on", "2025-12-31")])
def test_rescheduling_does_not_let_a_cycle_end_before_it_starts(field, day):
    given(*OPEN).when(reschedule_cycle(**{field: day})).refused(Invalid, "invalid", f"/{field}")


def test_a_late_rescheduling_does_not_let_a_cycle_end_before_a_start_that_was_moved_since():
    moved = (*OPEN, on("2026-02-20"), reschedule_cycle(starts_on="2026-03-01"))
    late = reschedule_cycle(ends_on="2026-02-28", at="2026-02-10")
    given(*moved).when(late).refused(Invalid, "invalid", "/ends_on")


# --- closing


def test_an_open_cycle_is_closed():
    given(*OPEN).when(close_cycle(reflection="we said yes too often")).then(
        CycleClosed(reflection="we said yes too often")
    )


def test_a_planned_cycle_is_not_closed():
    given(*PLANNED).when(close_cycle()).refused(Conflict, "cycle_not_open")


@pytest.mark.parametrize("event", [change_objective(title="x"), check_in(value=1), set_objective("late")])
def test_a_close_does_not_take_effect_before_any_event_in_its_cycle(event):
    world = given(*MEASURED, on("2026-03-20"), event, on("2026-03-31"))
    world.when(close_cycle(at="2026-03-19")).refused(Invalid, "effective_too_early", "/effective_at")


def test_a_close_may_take_effect_between_the_last_event_of_its_cycle_and_now():
    world = given(*MEASURED, on("2026-03-20"), check_in(value=1), on("2026-04-10"))
    outcome = world.when(close_cycle(at="2026-03-31"))
    outcome.then(CycleClosed(reflection=None))
    assert outcome.cycle(at="2026-04-01").state == "closed"


def test_events_of_other_cycles_do_not_hold_a_close_up():
    later = plan_cycle("2026-Q2", starts_on="2026-04-01", ends_on="2026-06-30")
    world = given(*MEASURED, later, on("2026-03-20"), set_objective("next", cycle="2026-Q2"), on("2026-03-31"))
    world.when(close_cycle(at="2026-03-19")).then(CycleClosed(reflection=None))


# --- reopening


def test_a_closed_cycle_is_reopened_with_a_reason():
    outcome = given(*CLOSED).when(reopen_cycle(reason="a late figure"))
    outcome.then(CycleReopened(reason="a late figure"))
    assert outcome.cycle().state == "open"


def test_reopening_needs_a_reason():
    assert unreadable(reopen_cycle, reason=None) == ["/reason"]


def test_a_planned_cycle_is_not_reopened():
    given(*PLANNED).when(reopen_cycle()).refused(Conflict, "cycle_not_closed")


def test_every_close_of_a_cycle_is_kept():
    world = given(*CLOSED, reopen_cycle(), close_cycle())
    assert [closing.position for closing in world.cycle().closings] == [5, 7]


# --- changes of state in order


OPENED = (on("2026-01-10"), *OPEN, on("2026-03-01"))
CLOSED_IN_MARCH = (*OPENED, close_cycle(), on("2026-04-10"))
REOPENED_IN_APRIL = (*CLOSED_IN_MARCH, reopen_cycle(), on("2026-04-20"))


@pytest.mark.parametrize(
    ("steps", "command"),
    [
        ((on("2026-01-10"), *PLANNED, on("2026-01-20")), open_cycle(at="2026-01-09")),
        (OPENED, close_cycle(at="2026-01-09")),
        (CLOSED_IN_MARCH, reopen_cycle(at="2026-02-20")),
        (REOPENED_IN_APRIL, close_cycle(at="2026-04-09")),
    ],
    ids=["open", "close", "reopen", "close again"],
)
def test_a_change_of_state_does_not_take_effect_before_the_latest_one(steps, command):
    given(*steps).when(command).refused(Invalid, "effective_too_early", "/effective_at")


def test_a_change_of_state_may_take_effect_at_the_instant_of_the_latest_one():
    day = {"at": "2026-02-01"}
    world = given(on("2026-03-01"), plan_cycle(**day), open_cycle(**day), close_cycle(**day), reopen_cycle(**day))
    assert world.cycle(at="2026-02-01").state == "open"


@pytest.mark.parametrize(
    ("steps", "command"),
    [(OPENED, open_cycle(at="2026-01-09")), (CLOSED_IN_MARCH, close_cycle(at="2026-02-20"))],
    ids=["open", "close"],
)
def test_what_already_is_was_not_so_earlier(steps, command):
    """To answer that all is well would hide that the cycle was not opened, or closed, at the time that is asked for."""
    given(*steps).when(command).refused(Invalid, "effective_too_early", "/effective_at")
