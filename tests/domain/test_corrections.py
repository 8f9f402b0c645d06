"""Check-ins put right: corrected and retracted, from when they were made (contract, section 4)."""

import pytest

from domain.errors import Conflict, Invalid
from domain.key_result.events import CheckInCorrected, CheckInRetracted
from tests.support.builders import (
    MEASURED,
    boolean,
    change_key_result,
    check_in,
    close_cycle,
    correct_check_in,
    drop_key_result,
    on,
    redact_text,
    reopen_cycle,
    restore_key_result,
    retract_check_in,
    uid,
)
from tests.support.specs import given, like, unreadable

BOOLEAN_IN_MARCH = (
    *MEASURED,
    on("2026-02-01"),
    check_in(value=40, id="monday"),
    on("2026-03-01"),
    change_key_result(measure=boolean(), reason="simpler"),
    on("2026-03-20"),
)


# --- correcting

CHECKED_IN = (*MEASURED, on("2026-02-01"), check_in(id="monday", value=40, note="n", status="at_risk"))
LATER = (*CHECKED_IN, on("2026-03-01"), check_in(id="tuesday", value=60), on("2026-03-20"))


def test_a_correction_says_what_the_check_in_should_have_said():
    outcome = given(*CHECKED_IN).when(correct_check_in(value=45, reason="a slip"))
    outcome.then(CheckInCorrected(check_in=uid("monday"), value=45, note="n", status="at_risk", reason="a slip"))
    assert outcome.key_result().value == 45
    assert outcome.check_in().state == "corrected"


def test_a_correction_takes_effect_when_the_check_in_did():
    world = given(*LATER)
    said = world.check_in().effective_at
    [draft] = world.when(correct_check_in(value=45)).decision.drafts
    assert (draft.effective_at, draft.reported_at) == (said, None)
    assert world.key_result(at="2026-02-10").value == 45


def test_a_correction_keeps_when_it_was_reported():
    [draft] = given(*LATER).when(correct_check_in(value=45, at="2026-03-10")).decision.drafts
    assert draft.reported_at == on("2026-03-10")


def test_correcting_an_old_check_in_does_not_make_it_the_latest():
    assert given(*LATER, correct_check_in("monday", value=45)).key_result().value == 60


def test_what_a_correction_leaves_out_stays_and_null_clears():
    world = given(*CHECKED_IN)
    world.when(correct_check_in(note=None)).then(
        CheckInCorrected(check_in=uid("monday"), value=40, status="at_risk", reason="a slip")
    )


def test_a_check_in_corrected_to_words_alone_leaves_the_value_before_it():
    assert given(*LATER, correct_check_in("tuesday", value=None)).key_result().value == 40


def test_a_correction_that_corrects_nothing_changes_nothing():
    given(*CHECKED_IN).when(correct_check_in(value="40.0", note="n")).nothing()
    given(*CHECKED_IN).when(correct_check_in()).nothing()


def test_a_correction_may_be_corrected():
    world = given(*CHECKED_IN, correct_check_in(value=45))
    world.when(correct_check_in(value=40)).then(like(CheckInCorrected, value=40))
    assert world.key_result().value == 40


def test_of_several_check_ins_just_one_is_corrected():
    world = given(*LATER, correct_check_in("monday", value=45))
    assert [(c.value, c.state) for c in world.key_result().check_ins] == [(45, "corrected"), (60, "active")]


def test_who_checked_in_stays_the_author():
    world = given(*CHECKED_IN)
    author, world.ledger.actor = world.ledger.actor, uid("bob")
    world.ledger.execute(correct_check_in(value=45))
    assert world.check_in().actor == author


def test_a_correction_does_not_come_before_its_check_in():
    given(*LATER).when(correct_check_in(value=45, at="2026-01-20")).refused(
        Invalid, "effective_too_early", "/effective_at"
    )


def test_a_correction_is_held_to_the_measure_of_the_check_ins_time():
    world = given(*BOOLEAN_IN_MARCH)
    world.when(correct_check_in(done=True)).refused(Invalid, "invalid", "/done")
    world.when(correct_check_in(value=45)).then(like(CheckInCorrected, value=45))


def test_a_value_that_a_late_change_of_type_set_aside_is_corrected_to_one_that_suits():
    world = given(*CHECKED_IN, on("2026-03-01"))
    world.ledger.execute(change_key_result(measure=boolean(), reason="since January", at="2026-01-20"))
    world.when(correct_check_in(note="still true")).then(
        CheckInCorrected(check_in=uid("monday"), value=40, note="still true", status="at_risk", reason="a slip")
    )
    world.when(correct_check_in(done=True)).then(
        CheckInCorrected(check_in=uid("monday"), done=True, note="still true", status="at_risk", reason="a slip")
    )
    assert world.key_result().value is True


def test_a_redacted_note_stays_redacted_in_a_correction():
    world = given(*CHECKED_IN, redact_text(5, "note"))
    [event] = world.when(correct_check_in(value=45)).events
    assert event.note.redacted


def test_correcting_needs_a_reason():
    assert unreadable(correct_check_in, reason=None) == ["/reason"]


# --- retracting


def test_a_check_in_is_retracted_for_a_reason():
    outcome = given(*CHECKED_IN).when(retract_check_in(reason="wrong key result"))
    outcome.then(CheckInRetracted(check_in=uid("monday"), reason="wrong key result"))
    assert outcome.check_in().state == "retracted"


def test_a_retraction_takes_effect_when_the_check_in_did_and_keeps_when_it_was_reported():
    world = given(*LATER)
    said = world.check_in().effective_at
    [draft] = world.when(retract_check_in(at="2026-03-10")).decision.drafts
    assert (draft.effective_at, draft.reported_at) == (said, on("2026-03-10"))


def test_a_retraction_does_not_come_before_its_check_in():
    given(*LATER).when(retract_check_in(at="2026-01-20")).refused(Invalid, "effective_too_early", "/effective_at")


def test_a_retracted_check_in_says_nothing():
    world = given(*LATER, retract_check_in("tuesday"))
    assert world.key_result().value == 40
    assert world.key_result().last_check_in.id == uid("monday")
    assert [c.id for c in world.key_result().standing] == [uid("monday")]
    nothing_left = given(*LATER, retract_check_in("tuesday"), retract_check_in("monday")).key_result()
    assert (nothing_left.value, nothing_left.last_check_in, nothing_left.confidence) == (None, None, None)


def test_what_was_retracted_is_not_corrected():
    given(*CHECKED_IN, retract_check_in()).when(correct_check_in(value=45)).refused(Conflict, "retracted")


def test_retracting_needs_a_reason():
    assert unreadable(retract_check_in, reason=None) == ["/reason"]


# --- closed and dropped


def test_a_late_correction_gets_into_a_reopened_cycle():
    world = given(*LATER, close_cycle(), reopen_cycle())
    world.when(correct_check_in(value=45)).then(like(CheckInCorrected))


@pytest.mark.parametrize("command", [correct_check_in(value=45), retract_check_in()])
def test_the_check_ins_of_a_restored_key_result_are_put_right(command):
    assert given(*CHECKED_IN, drop_key_result(), restore_key_result()).when(command).decision.drafts


def test_a_report_in_words_may_be_corrected_to_give_a_value():
    world = given(*MEASURED, check_in(id="monday", note="n"))
    world.when(correct_check_in(value=45)).then(
        CheckInCorrected(check_in=uid("monday"), value=45, note="n", reason="a slip")
    )
