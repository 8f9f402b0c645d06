"""Key results: added and changed, and moving the goalposts (contract, section 4)."""

from decimal import Decimal

import pytest

from domain.errors import Conflict, Invalid
from domain.key_result.events import (
    KeyResultAdded,
    KeyResultChanged,
)
from tests.support.builders import (
    MEASURED,
    NEXT,
    OBJECTIVE,
    OPEN,
    add_key_result,
    change_key_result,
    disband_team,
    erase_member,
    form_team,
    metric,
    on,
    register_member,
    set_objective,
    uid,
)
from tests.support.specs import given, like, unreadable

# --- adding


def test_a_key_result_is_added():
    world = given(*OBJECTIVE, form_team("core"), register_member("ada"))
    world.when(add_key_result(team="core", owner="ada", weight="0.5", tags=["north"], measure=metric(10, 5))).then(
        KeyResultAdded(
            objective=uid("grow"),
            title="revenue",
            measure=metric(10, 5),
            owner=uid("ada"),
            team=uid("core"),
            weight="0.5",
            tags=("north",),
            external_id=None,
            source="http",
        )
    )


def test_a_key_result_is_of_weight_one_unless_said():
    given(*OBJECTIVE).when(add_key_result()).then(like(KeyResultAdded, weight=Decimal(1), tags=()))


def test_a_key_result_is_not_added_before_its_objective_was_set():
    world = given(*OPEN, on("2026-02-01"), set_objective())
    world.when(add_key_result(at="2026-01-20")).refused(Invalid, "effective_too_early", "/effective_at")


@pytest.mark.parametrize(
    ("belonging", "steps", "slug"),
    [
        ("team", (form_team("x"), disband_team("x")), "disbanded"),
        ("owner", (register_member("x"), erase_member("x")), "erased"),
    ],
)
def test_a_key_result_belongs_to_nobody_who_is_gone(belonging, steps, slug):
    world = given(*MEASURED, *steps)
    world.when(add_key_result("profit", **{belonging: "x"})).refused(Conflict, slug)
    world.when(change_key_result(**{belonging: "x"})).refused(Conflict, slug)


@pytest.mark.parametrize(("field", "value"), [("title", ""), ("weight", -1), ("measure", None), ("tags", "north")])
def test_a_key_result_that_cannot_be_read(field, value):
    assert unreadable(add_key_result, **{field: value}) == [f"/{field}"]


# --- changing: RFC 7396


def test_only_what_differs_is_recorded():
    given(*MEASURED).when(change_key_result(title="Turnover", weight=1)).then(KeyResultChanged(title="Turnover"))


@pytest.mark.parametrize(("field", "value"), [("team", "core"), ("owner", "ada"), ("tags", ["north"])])
def test_null_clears(field, value):
    world = given(*OBJECTIVE, form_team("core"), register_member("ada"), add_key_result(**{field: value}))
    world.when(change_key_result(**{field: None})).then(KeyResultChanged(**{field: () if field == "tags" else None}))


@pytest.mark.parametrize("field", ["title", "weight", "measure", "objective"])
def test_what_a_key_result_cannot_be_without_is_not_cleared(field):
    assert unreadable(change_key_result, **{field: None}) == [f"/{field}"]


def test_a_reason_alone_changes_nothing():
    given(*MEASURED).when(change_key_result(reason="because")).nothing()


def test_a_late_change_is_measured_against_what_stood_then():
    world = given(*MEASURED, on("2026-02-01"), change_key_result(title="Turnover"), on("2026-03-01"))
    world.when(change_key_result(title="revenue", at="2026-01-20")).nothing()
    world.when(change_key_result(title="Turnover", at="2026-01-20")).then(KeyResultChanged(title="Turnover"))


# --- moving the goalposts

BEFORE_THE_START = (*NEXT, set_objective(cycle="2026-Q2"), add_key_result())
goalposts = pytest.mark.parametrize("change", [{"weight": 2}, {"measure": {"target": 90}}])


@goalposts
def test_before_the_cycle_starts_goalposts_move_without_a_reason(change):
    world = given(*BEFORE_THE_START, on("2026-03-31T23:59:58"))  # a command comes a second later
    world.when(change_key_result(**change)).then(like(KeyResultChanged))


@goalposts
def test_from_the_first_moment_of_the_cycle_on_they_need_one(change):
    world = given(*BEFORE_THE_START, on("2026-03-31T23:59:59"))
    world.when(change_key_result(**change)).refused(Invalid, "reason_required", "/reason")


@goalposts
def test_with_a_reason_they_move_and_the_reason_is_kept(change):
    outcome = given(*MEASURED).when(change_key_result(**change, reason="the market"))
    outcome.then(like(KeyResultChanged, reason="the market"))


def test_the_same_measure_needs_no_reason():
    given(*MEASURED).when(change_key_result(measure=metric("0.0", "1e2"))).nothing()


def test_a_blank_reason_is_none():
    assert unreadable(change_key_result, weight=2, reason=" ") == ["/reason"]
