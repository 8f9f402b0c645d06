"""Check-ins: what they say, and which value stands (contract, section 4)."""

from decimal import Decimal
from typing import Any

import pytest

from domain.errors import Conflict, Invalid
from domain.kernel import Kind, Ref
from domain.key_result.events import CheckedIn
from tests.support.builders import (
    MEASURED,
    OBJECTIVE,
    add_key_result,
    between,
    boolean,
    change_key_result,
    check_in,
    graded,
    metric,
    milestones,
    on,
    threshold,
    uid,
    zones,
)
from tests.support.specs import given, like, unreadable

MEASURES: dict[str, Any] = {
    "metric": (metric(0, 100), {"value": Decimal("40.5")}),
    "threshold": (threshold(), {"value": Decimal(8)}),
    "between": (between(), {"value": Decimal(-1)}),
    "milestones": (milestones("a", "b"), {"completed": ("b",)}),
    "boolean": (boolean(), {"done": False}),
    "zones": (zones(), {"zone": "commit"}),
    "graded": (graded(), {"score": Decimal("1.2")}),
}
VALUES: dict[str, Any] = {"value": 1, "completed": ["a"], "done": True, "zone": "fail", "score": 1}

# --- what a check-in says


@pytest.mark.parametrize(("measure", "said"), MEASURES.values(), ids=MEASURES)
def test_a_check_in_gives_the_value_of_its_measure(measure, said):
    outcome = given(*OBJECTIVE, add_key_result(measure=measure)).when(check_in(**said))
    outcome.then(like(CheckedIn, **said))
    assert outcome.key_result().value == next(iter(said.values()))


@pytest.mark.parametrize(
    ("kind", "field"),
    [(kind, field) for kind, (_, said) in MEASURES.items() for field in VALUES if field not in said],
)
def test_another_measures_value_is_refused(kind, field):
    world = given(*OBJECTIVE, add_key_result(measure=MEASURES[kind][0]))
    world.when(check_in(**{field: VALUES[field]})).refused(Invalid, "invalid", f"/{field}")


def test_a_check_in_says_everything_at_once():
    said = {
        "value": 40,
        "confidence": "7.5",
        "status": "at_risk",
        "note": "n",
        "progress": "p",
        "plans": "q",
        "problems": "r",
    }
    given(*MEASURED).when(check_in(id="monday", **said)).then(
        CheckedIn(**said, check_in=uid("monday"), external_id=None, source="http")
    )


def test_a_check_in_is_what_the_command_is_about():
    outcome = given(*MEASURED).when(check_in(id="monday", value=1))
    assert outcome.decision.subject == Ref(Kind.CHECK_IN, uid("monday"))


def test_a_check_in_is_a_statement_saying_the_same_again_is_a_new_event():
    given(*MEASURED, check_in(value=5)).when(check_in(value=5)).then(like(CheckedIn, value=5))


def test_a_check_in_is_an_event_of_the_key_result():
    [draft] = given(*MEASURED).when(check_in(value=5)).decision.drafts
    assert draft.stream == Ref(Kind.KEY_RESULT, uid("revenue"))


def test_milestones_are_named_by_their_ids():
    world = given(*OBJECTIVE, add_key_result(measure=milestones({"id": "1", "title": "a"}, "b")))
    world.when(check_in(completed=["1", "b"])).then(like(CheckedIn, completed=("1", "b")))
    world.when(check_in(completed=["1", "a"])).refused(Invalid, "invalid", "/completed/1")


def test_no_milestone_is_a_value_too():
    world = given(*OBJECTIVE, add_key_result(measure=milestones("a")), check_in(completed=["a"]))
    outcome = world.when(check_in(completed=[]))
    outcome.then(like(CheckedIn, completed=()))
    assert outcome.key_result().value == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("confidence", -1),
        ("confidence", "10.5"),
        ("status", "pending"),
        ("status", "green"),
        ("note", " "),
        ("value", "many"),
        ("value", None),
        ("done", "yes"),
        ("zone", "moon"),
        ("score", -1),
    ],
)
def test_a_check_in_that_cannot_be_read(field, value):
    assert unreadable(check_in, **{field: value}) == [f"/{field}"]


def test_an_id_is_unique_among_the_check_ins_of_all_key_results():
    world = given(*MEASURED, add_key_result("profit"), check_in("revenue", id="monday", value=5))
    world.when(check_in("profit", id="monday", value=5)).refused(Conflict, "id_taken")


def test_a_key_result_knows_its_own_check_ins_alone():
    world = given(*MEASURED, add_key_result("profit"), check_in("revenue", id="monday", value=5))
    assert world.key_result("revenue").check_in(uid("monday")).value == 5
    assert world.key_result("profit").check_in(uid("monday")) is None


# --- which value stands


def test_a_report_in_words_leaves_the_value():
    world = given(*MEASURED, check_in(value=40, confidence=7), check_in(note="no news", status="at_risk"))
    assert world.key_result().value == 40
    assert world.key_result().confidence == 7
    assert world.key_result().last_check_in.status == "at_risk"


def test_without_a_value_there_is_none():
    world = given(*MEASURED, check_in(note="no news"))
    assert world.key_result().value is None
    assert world.key_result().confidence is None


def test_without_a_check_in_there_is_none():
    assert given(*MEASURED).key_result().last_check_in is None


def test_the_value_is_that_of_the_latest_check_in_by_when_it_took_effect():
    world = given(*MEASURED, on("2026-02-10"), check_in(value=40), check_in(value=20, at="2026-02-01"))
    assert world.key_result().value == 40
    assert world.key_result(at="2026-02-05").value == 20


def test_of_two_check_ins_of_one_instant_the_one_recorded_later_stands():
    world = given(*MEASURED, on("2026-02-10"), check_in(value=40, at="2026-02-01"), check_in(value=20, at="2026-02-01"))
    assert world.key_result().value == 20


# --- effective_at


def test_a_check_in_before_its_key_result_existed_is_refused():
    world = given(*OBJECTIVE, on("2026-02-01"), add_key_result(), on("2026-02-10"))
    world.when(check_in(value=1, at="2026-01-20")).refused(Invalid, "effective_too_early", "/effective_at")


def test_a_check_in_in_the_future_is_refused():
    given(*MEASURED).when(check_in(value=1, at="2026-02-01")).refused(Invalid, "effective_in_future", "/effective_at")


# --- a measure of another type

BOOLEAN_IN_MARCH = (
    *MEASURED,
    on("2026-02-01"),
    check_in(value=40, id="monday"),
    on("2026-03-01"),
    change_key_result(measure=boolean(), reason="simpler"),
    on("2026-03-20"),
)


def test_a_change_of_type_sets_the_value_aside():
    assert given(*BOOLEAN_IN_MARCH).key_result().value is None


def test_a_past_view_keeps_the_value_and_the_measure():
    then = given(*BOOLEAN_IN_MARCH).key_result(at="2026-02-10")
    assert (then.value, then.measure.type) == (40, "metric")


def test_the_next_check_in_gives_a_value_again():
    assert given(*BOOLEAN_IN_MARCH, check_in(done=True)).key_result().value is True


def test_changing_the_type_back_does_not_bring_the_value_back():
    world = given(*BOOLEAN_IN_MARCH, change_key_result(measure=metric(0, 100), reason="after all"))
    assert world.key_result().value is None


def test_a_change_within_the_type_keeps_the_value():
    world = given(*MEASURED, check_in(value=40), change_key_result(measure={"target": 50}, reason="x"))
    assert world.key_result().value == 40


def test_between_is_no_type_of_its_own():
    world = given(*OBJECTIVE, add_key_result(measure=threshold(">=", 9)), check_in(value=8))
    world.ledger.execute(change_key_result(measure=between(4, 9), reason="x"))
    assert world.key_result().value == 8


def test_a_check_in_is_held_to_the_measure_of_its_own_time():
    world = given(*BOOLEAN_IN_MARCH)
    world.when(check_in(done=True, at="2026-02-10")).refused(Invalid, "invalid", "/done")
    world.when(check_in(value=50, at="2026-02-10")).then(like(CheckedIn, value=50))


def test_a_late_check_in_on_the_old_measure_gives_no_value_now():
    world = given(*BOOLEAN_IN_MARCH, check_in(value=50, at="2026-02-10"))
    assert world.key_result(at="2026-02-20").value == 50
    assert world.key_result().value is None


def test_a_late_change_of_type_sets_aside_what_does_not_suit_it():
    """The measure was boolean already when somebody said 40: that says nothing of whether it is done."""
    world = given(*MEASURED, on("2026-02-01"), check_in(value=40), on("2026-03-01"))
    world.ledger.execute(change_key_result(measure=boolean(), reason="since January", at="2026-01-20"))
    assert world.key_result().value is None
    assert world.key_result(at="2026-02-10").value is None


def test_a_late_change_of_type_leaves_what_suits_it():
    world = given(*MEASURED, on("2026-02-01"), check_in(value=40), on("2026-03-01"))
    world.ledger.execute(change_key_result(measure=threshold(), reason="since January", at="2026-01-20"))
    assert world.key_result().value == 40
