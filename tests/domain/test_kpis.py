"""KPIs: defined, changed, paired, retired and restored (contract, section 4)."""

import pytest

from domain.errors import Conflict, Invalid
from domain.kpi.events import KpiChanged, KpiDefined, KpiPaired, KpiRestored, KpiRetired, KpiUnpaired
from tests.support.builders import (
    MEASURED,
    add_key_result,
    boolean,
    change_key_result,
    change_kpi,
    define_kpi,
    disband_team,
    erase_member,
    form_team,
    link_kpi,
    metric,
    on,
    pair_kpi,
    register_member,
    restore_kpi,
    retire_kpi,
    set_kpi_benchmark,
    set_kpi_target,
    uid,
    unlink_kpi,
    unpair_kpi,
)
from tests.support.specs import given, like, unreadable

KPI = (define_kpi(),)
TWO = (*KPI, define_kpi("churn"))
GONE = (*TWO, retire_kpi("churn"))


# --- defining


def test_a_kpi_is_defined():
    world = given(*KPI, form_team("core"), register_member("ada"))
    fields = {"unit": "users", "direction": "decrease", "frequency": "daily", "definition": "Those who left."}
    more = {"perspective": "customer", "indicator": "lag", "tags": ["north"]}
    world.when(define_kpi("churn", team="core", owner="ada", parent="signups", **fields, **more)).then(
        KpiDefined(
            name="churn",
            team=uid("core"),
            owner=uid("ada"),
            parent=uid("signups"),
            external_id=None,
            source="http",
            **fields,
            **more,
        )
    )


def test_most_of_a_kpi_may_be_left_out():
    given().when(define_kpi()).then(
        KpiDefined(
            name="signups",
            unit=None,
            direction="increase",
            frequency="monthly",
            definition=None,
            team=None,
            owner=None,
            parent=None,
            perspective=None,
            indicator=None,
            tags=(),
            external_id=None,
            source="http",
        )
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("name", ""), ("unit", ""), ("direction", "up"), ("direction", None), ("frequency", "hourly")),
        *(("frequency", None), ("perspective", "moral"), ("indicator", "both"), ("tags", "north")),
    ],
)
def test_a_kpi_that_cannot_be_read(field, value):
    assert unreadable(define_kpi, **{field: value}) == [f"/{field}"]


def test_the_id_of_a_kpi_is_taken_once():
    given(*KPI).when(define_kpi()).nothing()
    outcome = given(*KPI).when(define_kpi(name="other"))
    outcome.refused(Conflict, "id_taken")
    assert "another KPI" in str(outcome.refusal)


@pytest.mark.parametrize(
    ("belonging", "steps", "slug"),
    [
        ("team", (form_team("x"), disband_team("x")), "disbanded"),
        ("owner", (register_member("x"), erase_member("x")), "erased"),
        ("parent", (define_kpi("x"), retire_kpi("x")), "retired"),
    ],
)
def test_a_kpi_belongs_to_nothing_that_is_gone(belonging, steps, slug):
    world = given(*KPI, *steps)
    world.when(define_kpi("churn", **{belonging: "x"})).refused(Conflict, slug)
    world.when(change_kpi(**{belonging: "x"})).refused(Conflict, slug)


# --- changing


def test_only_what_differs_is_recorded():
    given(*KPI).when(change_kpi(name="Sign-ups", frequency="monthly")).then(KpiChanged(name="Sign-ups"))
    given(*KPI).when(change_kpi(name="signups", tags=[])).nothing()


def test_a_reason_is_kept_and_alone_changes_nothing():
    given(*KPI).when(change_kpi(name="x", reason="shorter")).then(KpiChanged(name="x", reason="shorter"))
    given(*KPI).when(change_kpi(name="x", reason=None)).then(KpiChanged(name="x"))
    given(*KPI).when(change_kpi(reason="because")).nothing()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("unit", "users"), ("definition", "x"), ("team", "core"), ("owner", "ada"), ("parent", "whole")),
        *(("perspective", "financial"), ("indicator", "lead"), ("tags", ["north"])),
    ],
)
def test_null_clears(field, value):
    world = given(form_team("core"), register_member("ada"), define_kpi("whole"), define_kpi(**{field: value}))
    world.when(change_kpi(**{field: None})).then(KpiChanged(**{field: () if field == "tags" else None}))


@pytest.mark.parametrize("field", ["name", "direction", "frequency"])
def test_what_a_kpi_cannot_be_without_is_not_cleared(field):
    assert unreadable(change_kpi, **{field: None}) == [f"/{field}"]


def test_a_late_change_is_measured_against_what_stood_then():
    world = given(*KPI, on("2026-02-01"), change_kpi(name="x"), on("2026-03-01"))
    world.when(change_kpi(name="signups", at="2026-01-20")).nothing()
    outcome = world.when(change_kpi(name="y", at="2026-01-20"))
    assert (outcome.kpi(at="2026-01-25").name, outcome.kpi().name) == ("y", "x")


def test_a_kpi_is_no_part_of_itself():
    steps = (*KPI, define_kpi("part", parent="signups"), define_kpi("piece", parent="part"))
    for parent in ("signups", "part", "piece"):
        given(*steps).when(change_kpi(parent=parent)).refused(Conflict, "kpi_loop")


def test_not_for_any_time_after_a_late_change_either():
    steps = (*TWO, on("2026-02-01"), change_kpi("churn", parent="signups"), on("2026-03-01"))
    given(*steps, change_kpi("churn", parent=None)).when(change_kpi(parent="churn", at="2026-01-20")).refused(
        Conflict, "kpi_loop"
    )
    given(*steps, change_kpi("churn", parent=None)).when(change_kpi(parent="churn")).then(like(KpiChanged))


@pytest.mark.parametrize(
    ("target", "to", "refused"),
    [
        ({"target": 100}, "decrease", False),
        ({"target": 100}, "maintain", True),
        ({"target": 100, "at_risk": 80}, "decrease", True),
    ],
)
def test_a_direction_must_suit_the_targets_that_are_set(target, to, refused):
    outcome = given(*KPI, set_kpi_target(**target)).when(change_kpi(direction=to))
    if refused:
        outcome.refused(Conflict, "target_does_not_suit")
    else:
        outcome.then(KpiChanged(direction=to))


def test_a_kpi_with_a_range_stays_one_to_maintain():
    world = given(define_kpi(direction="maintain"), set_kpi_target(low=4, high=5))
    world.when(change_kpi(direction="increase")).refused(Conflict, "target_does_not_suit")
    given(define_kpi(direction="maintain")).when(change_kpi(direction="increase")).then(like(KpiChanged))


# --- units and links


def linked(unit, measure):
    return (*MEASURED, define_kpi(unit=unit), add_key_result("driven", measure=measure), link_kpi("driven"))


def test_a_unit_must_agree_with_the_key_results_that_the_kpi_drives():
    world = given(*linked(None, metric(0, 9, unit="€")))
    world.when(change_kpi(unit="users")).refused(Conflict, "units_differ")
    world.when(change_kpi(unit="€")).then(KpiChanged(unit="€"))


def test_a_unit_agrees_with_none():
    given(*linked("€", metric(0, 9, unit="€"))).when(change_kpi(unit=None)).then(KpiChanged(unit=None))
    given(*linked("€", metric(0, 9))).when(change_kpi(unit="users")).then(KpiChanged(unit="users"))


def test_what_the_kpi_does_not_drive_any_more_has_no_say():
    world = given(*linked(None, metric(0, 9, unit="€")), unlink_kpi("driven"))
    world.when(change_kpi(unit="users")).then(KpiChanged(unit="users"))


def test_a_measure_that_came_in_late_has_no_unit_to_differ_in():
    """The key result has another type by now than when it was linked, which was recorded later."""
    steps = (*MEASURED, define_kpi(unit="€"), on("2026-02-01"), change_key_result(measure=boolean(), reason="x"))
    world = given(*steps, on("2026-03-01"), link_kpi(at="2026-01-20"))
    world.when(change_kpi(unit="users")).then(KpiChanged(unit="users"))


# --- pairs


def test_a_pair_is_on_both():
    outcome = given(*TWO).when(pair_kpi("signups", "churn"))
    outcome.then(KpiPaired(other=uid("churn")), KpiPaired(other=uid("signups")))
    assert outcome.kpi("signups").counter_metrics == (uid("churn"),)
    assert outcome.kpi("churn").counter_metrics == (uid("signups"),)


def test_a_pair_has_no_order():
    world = given(*TWO, pair_kpi("signups", "churn"))
    world.when(pair_kpi("churn", "signups")).nothing()
    outcome = world.when(unpair_kpi("churn", "signups"))
    outcome.then(KpiUnpaired(other=uid("signups")), KpiUnpaired(other=uid("churn")))
    assert outcome.kpi("signups").counter_metrics == outcome.kpi("churn").counter_metrics == ()


def test_taking_no_pair_apart_changes_nothing():
    given(*TWO).when(unpair_kpi()).nothing()


@pytest.mark.parametrize("command", [pair_kpi, unpair_kpi])
def test_a_kpi_is_no_pair_with_itself(command):
    given(*TWO).when(command("signups", "signups")).refused(Invalid, "invalid", "/other")


def test_no_pair_with_a_retired_kpi():
    given(*GONE).when(pair_kpi("signups", "churn")).refused(Conflict, "retired")
    given(*GONE).when(pair_kpi("churn", "signups")).refused(Conflict, "retired")


def test_a_pair_is_taken_apart_from_the_side_that_is_not_retired():
    world = given(*TWO, pair_kpi(), retire_kpi("churn"))
    world.when(unpair_kpi("churn", "signups")).refused(Conflict, "retired")
    world.when(unpair_kpi("signups", "churn")).then(like(KpiUnpaired), like(KpiUnpaired))


def test_pairing_late_what_is_paired_already():
    outcome = given(*TWO, on("2026-02-01"), pair_kpi(), on("2026-03-01")).when(pair_kpi(at="2026-01-20"))
    assert outcome.kpi("signups").counter_metrics == (uid("churn"),)
    assert outcome.kpi("signups", "2026-01-25").counter_metrics == (uid("churn"),)


# --- retiring


def test_a_kpi_is_retired_and_restored():
    outcome = given(*KPI).when(retire_kpi())
    outcome.then(KpiRetired(reason="nobody looks at it"))
    assert outcome.kpi().state == "retired"
    outcome = given(*KPI, retire_kpi()).when(restore_kpi())
    outcome.then(KpiRestored(reason="somebody does"))
    assert outcome.kpi().state == "active"


def test_what_already_is_changes_nothing():
    given(*KPI, retire_kpi()).when(retire_kpi(reason="again")).nothing()
    given(*KPI).when(restore_kpi()).nothing()


@pytest.mark.parametrize("command", [retire_kpi, restore_kpi])
def test_neither_takes_effect_before_the_latest_of_them(command):
    world = given(*KPI, on("2026-02-01"), retire_kpi(), on("2026-03-01"))
    world.when(command(at="2026-01-20")).refused(Invalid, "effective_too_early", "/effective_at")


@pytest.mark.parametrize(
    "command",
    [change_kpi("churn", name="x"), set_kpi_target("churn"), set_kpi_benchmark("churn")],
    ids=lambda command: command.NAME,
)
def test_a_retired_kpi_takes_no_change(command):
    given(*GONE).when(command).refused(Conflict, "retired")


def test_what_is_retired_now_takes_no_change_for_a_time_before_it_was():
    world = given(*TWO, on("2026-02-01"), retire_kpi("churn"), on("2026-03-01"))
    world.when(change_kpi("churn", name="x", at="2026-01-20")).refused(Conflict, "retired")
    world.when(change_kpi("churn", name="churn")).nothing()
