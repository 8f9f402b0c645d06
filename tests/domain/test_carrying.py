"""Carrying an objective forward: a new one in another cycle that names the old one (contract, section 4)."""

from decimal import Decimal
from uuid import uuid5

import pytest

from domain.errors import Conflict, Invalid
from domain.kernel import Kind, Ref
from domain.key_result.events import KeyResultAdded
from domain.measures import Metric
from domain.objective.events import ObjectiveSet
from tests.support.builders import (
    MEASURED,
    NEXT,
    OBJECTIVE,
    OPEN,
    add_key_result,
    between,
    boolean,
    carry_forward,
    change_key_result,
    change_objective,
    check_in,
    close_cycle,
    drop_key_result,
    drop_objective,
    form_team,
    grade_objective,
    graded,
    metric,
    milestones,
    on,
    open_cycle,
    plan_cycle,
    redact_text,
    register_member,
    set_objective,
    threshold,
    uid,
    zones,
)
from tests.support.specs import given, like

NEW = uuid5(uid("grow"), f"carry_forward:{uid('2026-Q2')}")


def carried(world, key_result="revenue"):
    """What a key result has become in the next cycle."""
    return world.ledger.state(Kind.KEY_RESULT, uuid5(NEW, str(uid(key_result))))


def test_an_objective_is_carried_forward_with_its_key_results():
    world = given(*OPEN, *NEXT, form_team("core"), register_member("ada"))
    belonging = {"team": "core", "owner": "ada", "weight": 2, "tags": ["growth"]}
    world.ledger.execute(set_objective(description="why", commitment="committed", **belonging))
    world.ledger.execute(add_key_result(**belonging))
    world.when(carry_forward(to_cycle="2026-Q2", baseline="restart")).then(
        ObjectiveSet(
            cycle=uid("2026-Q2"),
            title="grow",
            description="why",
            team=uid("core"),
            owner=uid("ada"),
            commitment="committed",
            weight=2,
            aligned_to=None,
            tags=("growth",),
            carried_from=uid("grow"),
            baseline="restart",
            external_id=None,
            source="http",
        ),
        KeyResultAdded(
            objective=NEW,
            title="revenue",
            measure=metric(0, 100),
            owner=uid("ada"),
            team=uid("core"),
            weight=2,
            tags=("growth",),
            carried_from=uid("revenue"),
            external_id=None,
            source="http",
        ),
    )


def test_the_new_objective_is_what_the_command_is_about():
    outcome = given(*MEASURED, *NEXT).when(carry_forward())
    assert outcome.decision.subject == Ref(Kind.OBJECTIVE, NEW)
    assert outcome.decision.created


def test_the_caller_may_name_the_new_objective():
    assert given(*MEASURED, *NEXT).when(carry_forward(id="mine")).objective("mine").carried_from == uid("grow")


def test_nothing_is_written_in_the_old_cycle_which_may_be_closed():
    world = given(*MEASURED, *NEXT, close_cycle())
    outcome = world.when(carry_forward())
    assert {draft.stream for draft in outcome.decision.drafts}.isdisjoint(
        {
            Ref(Kind.OBJECTIVE, uid("grow")),
            Ref(Kind.KEY_RESULT, uid("revenue")),
            Ref(Kind.CYCLE, uid("2026-Q1")),
        }
    )
    assert world.ledger.last_effective_in(uid("2026-Q1")) == world.cycle("2026-Q1").state_since


def test_an_objective_without_key_results_is_carried_alone():
    given(*OBJECTIVE, *NEXT).when(carry_forward()).then(like(ObjectiveSet, carried_from=uid("grow")))


def test_grades_and_check_ins_stay_behind():
    world = given(*MEASURED, *NEXT, check_in(value=50), grade_objective(), carry_forward())
    assert world.objective(NEW).grade is None
    assert not carried(world).check_ins


# --- which key results


def test_dropped_key_results_stay_behind():
    world = given(*MEASURED, *NEXT, add_key_result("profit"), drop_key_result("revenue"))
    world.when(carry_forward()).then(like(ObjectiveSet), like(KeyResultAdded, title="profit"))


def test_key_results_that_were_moved_away_stay_there():
    world = given(*MEASURED, *NEXT, set_objective("other"), change_key_result(objective="other"))
    world.when(carry_forward()).then(like(ObjectiveSet))


def test_a_dropped_objective_may_be_taken_up_again_elsewhere():
    given(*MEASURED, *NEXT, drop_objective()).when(carry_forward()).then(like(ObjectiveSet), like(KeyResultAdded))


def test_it_is_carried_as_it_was_when_the_carrying_took_effect():
    later = (change_objective(title="Grow more"), add_key_result("profit"))
    world = given(*MEASURED, *NEXT, on("2026-03-01"), *later, on("2026-04-02"))
    outcome = world.when(carry_forward(at="2026-02-01"))
    outcome.then(like(ObjectiveSet, title="grow"), like(KeyResultAdded, title="revenue"))


# --- where to


def test_it_is_not_carried_into_its_own_cycle():
    given(*MEASURED).when(carry_forward(to_cycle="2026-Q1")).refused(Conflict, "same_cycle")


def test_it_is_not_carried_into_a_closed_cycle():
    closed = (*NEXT, open_cycle("2026-Q2"), close_cycle("2026-Q2"))
    given(*MEASURED, *closed).when(carry_forward()).refused(Conflict, "cycle_closed")


def test_it_is_not_carried_into_a_cycle_before_that_was_planned():
    world = given(*MEASURED, on("2026-02-01"), *NEXT)
    world.when(carry_forward(at="2026-01-20")).refused(Invalid, "effective_too_early", "/effective_at")


# --- twice


def test_carrying_it_again_changes_nothing_whatever_has_become_of_it():
    changes = (
        change_objective(title="Grow more"),
        add_key_result("profit"),
        change_objective(NEW, title="x"),
    )
    given(*MEASURED, *NEXT, carry_forward(), *changes).when(carry_forward()).nothing()


def test_carrying_it_again_into_a_cycle_that_has_closed_changes_nothing():
    closed = (open_cycle("2026-Q2"), close_cycle("2026-Q2"))
    given(*MEASURED, *NEXT, carry_forward(), *closed).when(carry_forward()).nothing()


def test_carrying_it_again_with_another_baseline_is_refused():
    given(*MEASURED, *NEXT, carry_forward()).when(carry_forward(baseline="from_current")).refused(Conflict, "id_taken")


def test_what_was_carried_may_be_carried_on():
    q3 = plan_cycle("2026-Q3", starts_on="2026-07-01", ends_on="2026-09-30")
    outcome = given(*MEASURED, *NEXT, q3, carry_forward()).when(carry_forward(NEW, to_cycle="2026-Q3", id="third"))
    assert outcome.objective("third").carried_from == NEW


# --- baselines

REACHED = [
    (metric(0, 100), {"value": 40}),
    (threshold(">=", 9), {"value": 8}),
    (between(4, 5), {"value": 3}),
    (milestones("a", "b"), {"completed": ["a"]}),
    (boolean(), {"done": False}),
    (zones(), {"zone": "commit"}),
    (graded(), {"score": "0.4"}),
]
every_measure = pytest.mark.parametrize(("measure", "value"), REACHED, ids=lambda part: part.get("type", ""))


@every_measure
def test_a_restart_keeps_every_measure_as_it_was(measure, value):
    world = given(*OBJECTIVE, *NEXT, add_key_result(measure=measure), check_in(**value), carry_forward())
    assert carried(world).measure == world.key_result().measure
    assert carried(world).value is None


@every_measure
def test_from_current_changes_no_measure_but_a_metric(measure, value):
    world = given(*OBJECTIVE, *NEXT, add_key_result(measure=measure), check_in(**value))
    world.ledger.execute(carry_forward(baseline="from_current"))
    same = carried(world).measure == world.key_result().measure
    assert same == (measure["type"] != "metric")


def test_from_current_lets_a_metric_begin_where_the_old_one_stands():
    world = given(*MEASURED, *NEXT, check_in(value=40), carry_forward(baseline="from_current"))
    assert carried(world).measure == Metric(type="metric", baseline=Decimal(40), target=Decimal(100))


@pytest.mark.parametrize("steps", [(), (check_in(note="nothing yet"),)], ids=["no check-in", "no value"])
def test_from_current_keeps_the_baseline_of_a_metric_without_a_value(steps):
    world = given(*MEASURED, *NEXT, *steps, carry_forward(baseline="from_current"))
    assert carried(world).measure == world.key_result().measure


def test_from_current_keeps_the_baseline_of_a_metric_on_its_target():
    """A baseline must differ from its target."""
    world = given(*MEASURED, *NEXT, check_in(value=100), carry_forward(baseline="from_current"))
    assert carried(world).measure == world.key_result().measure


def test_from_current_goes_by_the_value_at_the_time_that_the_carrying_took_effect():
    world = given(*MEASURED, *NEXT, on("2026-02-01"), check_in(value=40), on("2026-03-01"), check_in(value=60))
    world.ledger.execute(carry_forward(baseline="from_current", at="2026-02-10"))
    assert carried(world).measure.baseline == 40


def test_redacted_texts_are_carried_as_redacted():
    world = given(*OBJECTIVE, add_key_result(measure=zones(commit="Acme signs")), *NEXT)
    world.ledger.execute(redact_text(3, "title"))
    world.ledger.execute(redact_text(4, "/measure/commit"))
    world.ledger.execute(carry_forward())
    assert world.objective(NEW).title.redacted
    assert carried(world).measure.commit.redacted
