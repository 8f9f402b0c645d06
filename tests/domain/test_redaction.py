"""Redacting: a text of an event is removed for good, the event stays (contract, section 4)."""

import pytest

from domain.errors import Conflict, Invalid, NotFound
from domain.redaction.events import TextRedacted
from tests.support.builders import (
    MEASURED,
    OBJECTIVE,
    add_key_result,
    change_objective,
    check_in,
    milestones,
    on,
    redact_text,
    zones,
)
from tests.support.specs import given, unreadable

SAID = (*MEASURED, check_in(value=5, note="Acme left", plans="call Acme"))
CHECK_IN = 5


def redacted(world, position, *pointers, reason="names a customer"):
    fact = world.ledger.facts[position - 1]
    return TextRedacted(event=fact.id, position=position, stream=str(fact.stream), pointers=pointers, reason=reason)


def test_a_text_is_redacted_by_the_name_of_its_field():
    world = given(*SAID)
    world.when(redact_text(CHECK_IN, "note")).then(redacted(world, CHECK_IN, "/note"))


def test_or_by_a_json_pointer():
    world = given(*SAID)
    world.when(redact_text(CHECK_IN, "/note")).then(redacted(world, CHECK_IN, "/note"))


def test_readers_see_when_and_why():
    world = given(*SAID, on("2026-03-01"), redact_text(CHECK_IN, "note", reason="names a customer"))
    note = world.key_result().last_check_in.note
    assert (note.redacted, note.at, note.reason) == (
        True,
        world.ledger.facts[-1].recorded_at,
        "names a customer",
    )


def test_the_other_texts_of_the_event_stay():
    assert given(*SAID, redact_text(CHECK_IN, "note")).key_result().last_check_in.plans == "call Acme"


def test_a_field_with_several_texts_is_redacted_whole():
    world = given(*OBJECTIVE, add_key_result(measure=zones()))
    world.when(redact_text(4, "measure")).then(
        redacted(world, 4, "/measure/commit", "/measure/target", "/measure/stretch")
    )


def test_or_one_text_of_it():
    world = given(*OBJECTIVE, add_key_result(measure=milestones("a", "b")))
    world.when(redact_text(4, "/measure/milestones/1/title")).then(redacted(world, 4, "/measure/milestones/1/title"))
    assert [step.title == "a" for step in world.key_result().measure.milestones] == [True, False]


def test_what_is_left_of_a_field_is_redacted():
    world = given(*OBJECTIVE, add_key_result(measure=zones()), redact_text(4, "/measure/target"))
    world.when(redact_text(4, "measure")).then(redacted(world, 4, "/measure/commit", "/measure/stretch"))


def test_a_text_is_redacted_once():
    given(*SAID, redact_text(CHECK_IN, "note")).when(redact_text(CHECK_IN, "note", reason="again")).nothing()


def test_the_reason_of_a_redaction_stays():
    """It is shown wherever the text was, so it would be gone here and stand there."""
    world = given(*SAID, redact_text(CHECK_IN, "note", reason="Acme asked"))
    world.when(redact_text(6, "reason")).refused(Conflict, "redaction_reason")


@pytest.mark.parametrize("field", ["value", "source", "problems", "no", "not", "/measure"])
def test_only_a_free_text_that_was_given_is_redacted(field):
    given(*SAID).when(redact_text(CHECK_IN, field)).refused(Invalid, "invalid", "/field")


def test_an_event_without_texts_says_so():
    outcome = given(*SAID).when(redact_text(1, "label"))
    assert str(outcome.refusal).endswith("it has: none")


def test_only_an_event_that_is_there_is_redacted():
    given(*SAID).when(redact_text(99, "note")).refused(NotFound, "not_found")


def test_a_redaction_is_recorded_when_it_happens_whatever_time_it_names():
    world = given(*SAID, on("2026-03-01"))
    [draft] = world.when(redact_text(CHECK_IN, "note", at="2026-02-01")).decision.drafts
    assert (draft.effective_at, draft.reported_at) == (None, on("2026-02-01"))


@pytest.mark.parametrize(("field", "value"), [("position", 0), ("position", "5"), ("field", ""), ("reason", None)])
def test_a_redaction_that_cannot_be_read(field, value):
    payload = {"position": 5, "field": "note", field: value}
    assert unreadable(redact_text, payload.pop("position"), payload.pop("field"), **payload) == [f"/{field}"]


def test_a_redacted_title_may_be_given_anew():
    outcome = given(*OBJECTIVE, redact_text(3, "title")).when(change_objective(title="grow"))
    assert outcome.objective().title == "grow"
