"""What holds for every command that makes a new thing: its id, and the caller's own (contract, section 3)."""

import pytest

from domain.errors import Conflict
from tests.support.builders import (
    MEASURED,
    NEXT,
    add_key_result,
    carry_forward,
    change_objective,
    check_in,
    form_team,
    on,
    plan_cycle,
    redact_text,
    register_member,
    set_objective,
    start_initiative,
    uid,
)
from tests.support.specs import given

WORLD = (*MEASURED, *NEXT, form_team("core"), on("2026-02-01"))
QUARTER = {"starts_on": "2026-07-01", "ends_on": "2026-09-30"}
MAKERS = {
    "cycle": lambda **fields: plan_cycle("2026-Q3", **QUARTER, **fields),
    "team": lambda **fields: form_team("web", parent="core", **fields),
    "member": lambda **fields: register_member("ada", **fields),
    "objective": lambda **fields: set_objective("shrink", **fields),
    "carried objective": lambda **fields: carry_forward(**fields),
    "key result": lambda **fields: add_key_result("profit", **fields),
    "check-in": lambda **fields: check_in(value=7, **{"id": "monday", **fields}),
    "initiative": lambda **fields: start_initiative("campaign", **fields),
}
OTHERS = {
    "cycle": plan_cycle("2026-Q4", id="2026-Q3", starts_on="2026-10-01", ends_on="2026-12-31"),
    "team": form_team("web"),
    "member": register_member("ada", name="Eve"),
    "objective": set_objective("shrink", weight=2),
    "carried objective": carry_forward(baseline="from_current"),
    "key result": add_key_result("profit", tags=["new"]),
    "check-in": check_in(id="monday", value=8),
    "initiative": start_initiative("campaign", sprint="7"),
}

everything_new = pytest.mark.parametrize("kind", MAKERS)


def of(kind, **fields):
    return MAKERS[kind](**fields)


@everything_new
def test_the_creator_may_name_the_id(kind):
    outcome = given(*WORLD).when(of(kind, id="mine"))
    assert outcome.decision.subject.id == uid("mine")
    assert outcome.decision.created


@pytest.mark.parametrize("kind", [kind for kind in MAKERS if kind != "carried objective"])
def test_without_one_the_context_makes_it(kind):
    world = given(*WORLD)
    first, second = world.when(of(kind, id=None)), given(*WORLD).when(of(kind, id=None))
    assert first.decision.created
    assert first.decision.subject == second.decision.subject  # the same context, the same id


@everything_new
def test_the_same_id_and_body_again_is_what_already_is(kind):
    given(*WORLD, of(kind, external_id="x-1")).when(of(kind, external_id="x-1")).nothing()


@everything_new
def test_the_same_id_with_another_body_is_refused(kind):
    given(*WORLD, of(kind)).when(OTHERS[kind]).refused(Conflict, "id_taken")


@pytest.mark.parametrize("kind", [kind for kind in MAKERS if kind != "cycle"])  # a cycle's label decides
def test_the_same_id_with_another_external_id_is_refused(kind):
    given(*WORLD, of(kind)).when(of(kind, external_id="x-1")).refused(Conflict, "id_taken")


@pytest.mark.parametrize("kind", [kind for kind in MAKERS if kind != "cycle"])  # a cycle's label decides
def test_the_same_id_for_another_time_is_refused(kind):
    given(*WORLD, of(kind, at="2026-01-20")).when(of(kind, at="2026-01-21")).refused(Conflict, "id_taken")


@everything_new
def test_the_same_id_and_body_from_elsewhere_is_what_already_is(kind):
    """The source says whose an external id is, and nothing about a thing that has none."""
    world = given(*WORLD, of(kind))
    world.ledger.source = "okrs.jsonl"
    world.when(of(kind)).nothing()


@everything_new
def test_an_external_id_is_kept_for_the_thing(kind):
    outcome = given(*WORLD).when(of(kind, external_id="x-1"))
    claims = [claim for claim in outcome.decision.drafts[0].claims if claim.value == "x-1"]
    assert len(claims) == 1


@everything_new
def test_an_external_id_of_the_same_kind_and_source_is_not_given_twice(kind):
    world = given(*WORLD, of(kind, external_id="x-1"))
    other = OTHERS[kind].model_copy(update={"id": uid("other"), "external_id": "x-1"})
    world.when(other).refused(Conflict, "external_id_taken")


@everything_new
def test_another_source_has_external_ids_of_its_own(kind):
    world = given(*WORLD, of(kind, external_id="x-1"))
    world.ledger.source = "okrs.jsonl"
    other = OTHERS[kind].model_copy(update={"id": uid("other"), "external_id": "x-1"})
    assert world.when(other).decision.created


def test_things_of_different_kinds_may_have_the_same_external_id():
    things = [of(kind, external_id="x-1") for kind in MAKERS if kind != "carried objective"]
    given(*WORLD, *things)


@pytest.mark.parametrize(
    ("create", "field"),
    [
        (set_objective("shrink", title="sell less to Acme"), "title"),
        (check_in(id="monday", value=7, note="Acme left"), "note"),
        (
            add_key_result("profit", measure={"type": "zones", "commit": "Acme", "target": "b", "stretch": "c"}),
            "measure",
        ),
    ],
    ids=["title", "note", "zone"],
)
def test_redacted_texts_do_not_tell_one_thing_from_another(create, field):
    """So that a history file can be imported again after a text in it was redacted."""
    world = given(*MEASURED, create)
    world.ledger.execute(redact_text(5, field))
    world.when(create).nothing()


def test_a_check_in_of_another_key_result_is_another():
    world = given(*WORLD, add_key_result("profit"), check_in("revenue", id="monday", value=7))
    world.when(check_in("profit", id="monday", value=7)).refused(Conflict, "id_taken")


def test_numbers_are_the_same_however_they_are_written():
    given(*WORLD, set_objective("shrink", weight="2.50")).when(set_objective("shrink", weight=2.5)).nothing()


def test_an_objective_that_has_changed_since_is_known_by_how_it_was_set():
    given(*WORLD, set_objective("shrink"), change_objective("shrink", title="x")).when(
        set_objective("shrink")
    ).nothing()
