"""Objectives: set and changed, and moving the goalposts (contract, section 4)."""

from decimal import Decimal

import pytest

from domain.errors import Conflict, Invalid
from domain.objective.events import (
    ObjectiveChanged,
    ObjectiveSet,
)
from tests.support.builders import (
    CLOSED,
    NEXT,
    OBJECTIVE,
    OPEN,
    PLANNED,
    change_objective,
    disband_team,
    erase_member,
    form_team,
    on,
    register_member,
    set_objective,
    uid,
)
from tests.support.specs import given, like, unreadable

# --- setting


def test_an_objective_is_set():
    world = given(*OPEN, form_team("core"), register_member("ada"))
    world.when(
        set_objective(
            title="Grow",
            description="in the north",
            team="core",
            owner="ada",
            commitment="committed",
            weight="1.5",
            tags=["growth"],
        )
    ).then(
        ObjectiveSet(
            cycle=uid("2026-Q1"),
            title="Grow",
            description="in the north",
            team=uid("core"),
            owner=uid("ada"),
            commitment="committed",
            weight="1.5",
            aligned_to=None,
            tags=("growth",),
            external_id=None,
            source="http",
        )
    )


def test_an_objective_is_aspirational_and_of_weight_one_unless_said():
    given(*OPEN).when(set_objective()).then(like(ObjectiveSet, commitment="aspirational", weight=Decimal(1), tags=()))


def test_goals_may_be_set_in_a_planned_cycle():
    given(*PLANNED).when(set_objective()).then(like(ObjectiveSet))


def test_no_objective_is_set_in_a_closed_cycle():
    given(*CLOSED).when(set_objective("late")).refused(Conflict, "cycle_closed")


def test_no_objective_is_set_for_a_disbanded_team():
    given(*OPEN, form_team("core"), disband_team()).when(set_objective(team="core")).refused(Conflict, "disbanded")


@pytest.mark.parametrize("belonging", ["team", "owner", "aligned_to"])
def test_what_an_objective_names_existed_when_it_was_set(belonging):
    world = given(*PLANNED, on("2026-02-01"), form_team("core"), register_member("core"), set_objective("core"))
    late = set_objective(at="2026-01-20", **{belonging: "core"})
    world.when(late).refused(Invalid, "effective_too_early", "/effective_at")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", " "),
        ("title", "x" * 501),
        ("title", 7),
        ("title", "a\x00b"),
        ("description", "x" * 20_001),
        ("commitment", "maybe"),
        ("weight", -1),
        ("weight", "NaN"),
        ("weight", True),
        ("nonsense", 1),
    ],
)
def test_an_objective_that_cannot_be_read(field, value):
    assert unreadable(set_objective, **{field: value}) == [f"/{field}"]


def test_an_objective_has_at_most_fifty_tags():
    assert unreadable(set_objective, tags=["x"] * 51) == ["/tags"]


# --- changing: RFC 7396


def test_only_what_differs_is_recorded():
    given(*OBJECTIVE).when(change_objective(title="Grow", commitment="aspirational")).then(
        ObjectiveChanged(title="Grow")
    )


def test_what_is_left_out_stays():
    outcome = given(*OPEN, set_objective(description="why")).when(change_objective(title="Grow"))
    assert (outcome.objective().title, outcome.objective().description) == ("Grow", "why")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("description", "why"),
        ("team", "core"),
        ("owner", "ada"),
        ("aligned_to", "above"),
        ("tags", ["growth"]),
    ],
)
def test_null_clears(field, value):
    world = (
        *OPEN,
        form_team("core"),
        register_member("ada"),
        set_objective("above"),
        set_objective(**{field: value}),
    )
    cleared = () if field == "tags" else None
    outcome = given(*world).when(change_objective(**{field: None}))
    outcome.then(ObjectiveChanged(**{field: cleared}))
    assert getattr(outcome.objective(), field) == cleared


@pytest.mark.parametrize("field", ["title", "commitment", "weight"])
def test_what_an_objective_cannot_be_without_is_not_cleared(field):
    assert unreadable(change_objective, **{field: None}) == [f"/{field}"]


def test_a_list_is_replaced_whole():
    outcome = given(*OPEN, set_objective(tags=["a", "b"])).when(change_objective(tags=["c"]))
    outcome.then(ObjectiveChanged(tags=("c",)))


def test_a_reason_alone_changes_nothing():
    given(*OBJECTIVE).when(change_objective(reason="because")).nothing()


def test_an_objective_does_not_change_its_cycle_by_a_patch():
    assert unreadable(change_objective, cycle="2026-Q2") == ["/cycle"]


def test_a_late_change_is_measured_against_what_stood_then():
    world = given(*OBJECTIVE, on("2026-02-01"), change_objective(title="Grow"), on("2026-03-01"))
    outcome = world.when(change_objective(title="Grow", at="2026-01-20"))
    outcome.then(ObjectiveChanged(title="Grow"))
    assert outcome.objective(at="2026-01-25").title == "Grow"


def test_a_late_change_leaves_what_came_after_it():
    world = given(*OBJECTIVE, on("2026-02-01"), change_objective(title="Grow"), on("2026-03-01"))
    outcome = world.when(change_objective(title="Grow more", at="2026-01-20"))
    assert outcome.objective(at="2026-01-25").title == "Grow more"
    assert outcome.objective().title == "Grow"


# --- moving the goalposts

BEFORE_THE_START = (*NEXT, set_objective(cycle="2026-Q2"))


@pytest.mark.parametrize("change", [{"weight": 2}, {"commitment": "committed"}])
def test_before_the_cycle_starts_goalposts_move_without_a_reason(change):
    world = given(*BEFORE_THE_START, on("2026-03-31T23:59:58"))  # a command comes a second later
    world.when(change_objective(**change)).then(like(ObjectiveChanged, **change))


@pytest.mark.parametrize("change", [{"weight": 2}, {"commitment": "committed"}])
def test_from_the_first_moment_of_the_cycle_on_they_need_one(change):
    world = given(*BEFORE_THE_START, on("2026-03-31T23:59:59"))
    world.when(change_objective(**change)).refused(Invalid, "reason_required", "/reason")


def test_with_a_reason_they_move_and_the_reason_is_kept():
    given(*OBJECTIVE).when(change_objective(weight=2, reason="it matters more")).then(
        ObjectiveChanged(weight=2, reason="it matters more")
    )


def test_a_change_that_took_effect_before_the_start_needs_no_reason():
    world = given(*BEFORE_THE_START, on("2026-05-01"))
    world.when(change_objective(weight=2, at="2026-03-31")).then(ObjectiveChanged(weight=2))


@pytest.mark.parametrize("change", [{"title": "Grow"}, {"description": "why"}, {"tags": ["a"]}])
def test_what_is_no_goalpost_changes_without_a_reason(change):
    assert given(*OBJECTIVE).when(change_objective(**change)).decision.drafts


def test_the_same_weight_needs_no_reason():
    given(*OBJECTIVE).when(change_objective(weight="1.0")).nothing()


# --- who it belongs to


def test_an_objective_changes_hands():
    world = given(*OBJECTIVE, form_team("core"), register_member("ada"))
    world.when(change_objective(team="core", owner="ada")).then(ObjectiveChanged(team=uid("core"), owner=uid("ada")))


def test_an_objective_does_not_go_to_a_disbanded_team():
    world = given(*OBJECTIVE, form_team("core"), disband_team())
    world.when(change_objective(team="core")).refused(Conflict, "disbanded")


def test_an_objective_does_not_go_to_somebody_who_was_erased():
    world = given(*OBJECTIVE, register_member("ada"), erase_member())
    world.when(change_objective(owner="ada")).refused(Conflict, "erased")


def test_an_objective_of_a_team_that_was_disbanded_since_still_changes():
    world = given(*OPEN, form_team("core"), set_objective(team="core"), disband_team())
    world.when(change_objective(title="Grow")).then(ObjectiveChanged(title="Grow"))
