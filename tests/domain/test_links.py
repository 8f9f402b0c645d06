"""Links: a KPI driving a key result (contract, section 4)."""

import pytest

from domain.errors import Conflict, Invalid
from domain.kernel import Kind, Ref
from domain.key_result.events import CheckedIn, KeyResultChanged, KpiLinked, KpiUnlinked
from domain.places import place
from tests.support.builders import (
    MEASURED,
    OBJECTIVE,
    add_key_result,
    between,
    boolean,
    change_key_result,
    change_kpi,
    check_in,
    correct_check_in,
    define_kpi,
    drop_key_result,
    graded,
    link_kpi,
    metric,
    milestones,
    on,
    restore_key_result,
    retire_kpi,
    threshold,
    uid,
    unlink_kpi,
    zones,
)
from tests.support.specs import given, like

KPI = (*MEASURED, define_kpi())
LINKED = (*KPI, link_kpi())
BOTH = (*LINKED, define_kpi("churn"))


# --- linking


def test_a_kpi_is_linked():
    outcome = given(*KPI).when(link_kpi(reason="the same number"))
    outcome.then(like(KpiLinked, kpi=uid("signups"), reason="the same number"))
    (link,) = outcome.key_result().links
    assert (outcome.key_result().kpi, outcome.key_result().link) == (uid("signups"), link)
    assert (link.id, link.kpi, link.reason, link.until) == (
        outcome.events[0].link,
        uid("signups"),
        "the same number",
        None,
    )
    assert (link.actor, link.since) == (outcome.ledger.actor, outcome.ledger.facts[-1].key)


def test_a_link_is_ended():
    outcome = given(*LINKED).when(unlink_kpi(reason="not the same number"))
    (link,) = outcome.key_result().links
    outcome.then(KpiUnlinked(link=link.id, kpi=uid("signups"), reason="not the same number"))
    assert (link.until, link.ended_by) == (outcome.ledger.facts[-1].key, outcome.ledger.actor)
    assert link.ended_reason == "not the same number"
    assert outcome.key_result().kpi is None


def test_before_it_was_linked_it_was_not():
    world = given(*KPI, on("2026-02-01"), link_kpi())
    assert (world.key_result(at="2026-01-20").kpi, world.key_result().kpi) == (None, uid("signups"))


def test_another_kpi_takes_the_place_of_the_first():
    outcome = given(*BOTH).when(link_kpi(kpi="churn", reason="better"))
    outcome.then(
        like(KpiUnlinked, kpi=uid("signups"), reason="better"), like(KpiLinked, kpi=uid("churn"), reason="better")
    )
    first, second = outcome.key_result().links
    assert (first.until is None, second.until) == (False, None)
    assert outcome.key_result().kpi == uid("churn")


def test_what_already_is_changes_nothing():
    given(*LINKED).when(link_kpi(reason="again")).nothing()
    given(*KPI).when(unlink_kpi()).nothing()


def test_the_same_kpi_may_be_linked_again():
    outcome = given(*LINKED, unlink_kpi()).when(link_kpi())
    assert [link.kpi for link in outcome.key_result().links] == [uid("signups")] * 2


@pytest.mark.parametrize("measure", [milestones(), boolean(), zones(), graded()])
def test_a_kpi_drives_only_what_is_measured_by_a_number(measure):
    world = given(*KPI, add_key_result("other", measure=measure))
    world.when(link_kpi("other")).refused(Conflict, "not_linkable")


@pytest.mark.parametrize("measure", [metric(), threshold(), between()])
def test_a_metric_or_a_threshold(measure):
    given(*KPI, add_key_result("other", measure=measure)).when(link_kpi("other")).then(like(KpiLinked))


def test_the_measure_is_that_of_the_commands_time():
    steps = (*KPI, on("2026-02-01"), change_key_result(measure=boolean(), reason="x"), on("2026-03-01"))
    given(*steps).when(link_kpi(at="2026-01-20")).then(like(KpiLinked))
    given(*steps).when(link_kpi()).refused(Conflict, "not_linkable")


@pytest.mark.parametrize(
    ("own", "kpis", "agree"), [("€", "€", True), (None, "€", True), ("€", None, True), ("€", "$", False)]
)
def test_units_agree_if_both_are_named(own, kpis, agree):
    world = given(*OBJECTIVE, add_key_result(measure=metric(unit=own)), define_kpi(unit=kpis))
    outcome = world.when(link_kpi())
    if agree:
        outcome.then(like(KpiLinked))
    else:
        outcome.refused(Conflict, "units_differ")


def test_a_retired_kpi_is_not_linked_and_a_linked_one_may_be_retired():
    given(*KPI, retire_kpi()).when(link_kpi()).refused(Conflict, "retired")
    assert given(*LINKED, retire_kpi()).key_result().kpi == uid("signups")
    given(*LINKED, retire_kpi()).when(unlink_kpi()).then(like(KpiUnlinked))


def test_a_kpi_is_not_linked_before_it_was_defined():
    world = given(*MEASURED, on("2026-02-01"), define_kpi(), on("2026-03-01"))
    world.when(link_kpi(at="2026-01-20")).refused(Invalid, "effective_too_early", "/effective_at")


@pytest.mark.parametrize(
    "steps",
    [
        (link_kpi(),),
        (link_kpi(), unlink_kpi()),
        (drop_key_result(), restore_key_result()),
    ],
)
@pytest.mark.parametrize("command", [link_kpi, unlink_kpi, drop_key_result])
def test_no_change_of_state_takes_effect_before_the_latest(command, steps):
    world = given(*KPI, on("2026-02-01"), *steps, on("2026-03-01"))
    world.when(command(at="2026-01-20")).refused(Invalid, "effective_too_early", "/effective_at")


def test_a_dropped_key_result_is_not_unlinked():
    given(*LINKED, drop_key_result()).when(unlink_kpi()).refused(Conflict, "dropped")


def test_a_link_is_attached_to_the_kpi_and_belongs_to_the_cycle():
    world = given(*LINKED)
    assert world.ledger.children(Ref(Kind.KPI, uid("signups")), Kind.KEY_RESULT) == [uid("revenue")]
    assert world.ledger.last_effective_in(uid("2026-Q1")) == world.ledger.facts[-1].effective_at
    ended = KpiUnlinked(link=uid("x"), kpi=uid("signups"), reason=None)
    where = place(Ref(Kind.KEY_RESULT, uid("revenue")), ended, world.ledger)
    assert (where.cycles, where.attachments) == ((uid("2026-Q1"),), ())


# --- what a linked key result takes


def test_a_linked_key_result_takes_words_and_no_value():
    world = given(*LINKED)
    world.when(check_in(value=5)).refused(Conflict, "kpi_linked")
    world.when(check_in(status="on_track", note="as the KPI says")).then(like(CheckedIn, status="on_track"))
    world.when(check_in(done=True)).refused(Invalid, "invalid", "/done")


def test_not_for_a_time_before_the_link_either():
    world = given(*KPI, on("2026-02-01"), link_kpi(), on("2026-03-01"))
    world.when(check_in(value=5, at="2026-01-20")).refused(Conflict, "kpi_linked")


def test_check_ins_from_before_may_be_corrected():
    world = given(*KPI, check_in(id="monday", value=5), link_kpi())
    world.when(correct_check_in(value=6)).decision  # noqa: B018


@pytest.mark.parametrize("measure", [milestones(), boolean(), zones(), graded()])
def test_a_linked_key_result_keeps_a_measure_that_the_kpi_can_drive(measure):
    given(*LINKED).when(change_key_result(measure=measure, reason="x")).refused(Conflict, "kpi_linked")
    given(*LINKED, unlink_kpi()).when(change_key_result(measure=measure, reason="x")).then(like(KeyResultChanged))


def test_and_its_unit():
    world = given(*LINKED, change_kpi(unit="€"))
    world.when(change_key_result(measure={"unit": "$"}, reason="x")).refused(Conflict, "units_differ")
    world.when(change_key_result(measure={"unit": "€"}, reason="x")).then(like(KeyResultChanged))
    world.when(change_key_result(measure=threshold(), reason="x")).then(like(KeyResultChanged))
