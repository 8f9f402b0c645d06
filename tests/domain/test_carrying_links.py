"""Carrying forward what a KPI drives: where it begins, and that the KPI goes on (contract, section 4)."""

from uuid import UUID, uuid5

import pytest

from domain.kernel import Kind, Ref
from domain.key_result.events import KeyResultAdded, KpiLinked
from domain.objective.events import ObjectiveSet
from tests.support.builders import (
    MEASURED,
    NEXT,
    OBJECTIVE,
    add_key_result,
    boolean,
    carry_forward,
    change_key_result,
    check_in,
    define_kpi,
    link_kpi,
    metric,
    on,
    record_measurements,
    reschedule_cycle,
    restate_measurement,
    retire_kpi,
    uid,
    unlink_kpi,
)
from tests.support.specs import given, like

KPI = (*MEASURED, define_kpi())
LINKED = (*KPI, link_kpi())


NEW = uuid5(uid("grow"), f"carry_forward:{uid('2026-Q2')}")
RUNNING = (*LINKED, *NEXT)


def carried(world, **fields):
    """The key result as it is carried forward, from its current value."""
    outcome = world.when(carry_forward(baseline="from_current", **fields))
    return outcome, outcome.ledger.state(Kind.KEY_RESULT, uuid5(NEW, str(uid("revenue"))))


def test_what_is_linked_begins_where_the_kpi_stands():
    _, key_result = carried(given(*RUNNING, on("2026-04-02"), record_measurements(points={"2026-03-31": 40})))
    assert key_result.measure.baseline == 40


def test_no_later_than_the_old_cycles_last_day():
    points = {"2026-01-31": 20, "2026-04-01": 50}
    _, key_result = carried(given(*RUNNING, on("2026-04-02"), record_measurements(points=points)))
    assert key_result.measure.baseline == 20


def test_restated_and_as_of_the_commands_time():
    steps = (record_measurements(points={"2026-01-31": 20, "2026-02-28": 30}), restate_measurement(value=25))
    world = given(*RUNNING, on("2026-03-02"), *steps)
    assert carried(world, at="2026-02-10")[1].measure.baseline == 25


def test_what_was_unlinked_begins_where_the_kpi_stood():
    steps = (record_measurements(points={"2026-01-31": 20}), unlink_kpi(), on("2026-03-10"))
    _, key_result = carried(given(*RUNNING, on("2026-02-10"), *steps, record_measurements(points={"2026-02-28": 30})))
    assert (key_result.measure.baseline, key_result.kpi) == (20, None)


def test_without_a_point_it_begins_where_the_last_check_in_was():
    steps = (*KPI, *NEXT, check_in(value=10), link_kpi())
    assert carried(given(*steps))[1].measure.baseline == 10
    assert carried(given(*RUNNING))[1].measure.baseline == 0


def test_a_kpi_on_its_target_leaves_the_baseline():
    _, key_result = carried(given(*RUNNING, record_measurements(points={"2026-01-04": 100})))
    assert key_result.measure.baseline == 0


def test_the_kpi_goes_on_to_drive_the_new_key_result():
    outcome, key_result = carried(given(*RUNNING))
    outcome.then(like(ObjectiveSet), like(KeyResultAdded), like(KpiLinked, kpi=uid("signups"), reason=None))
    assert key_result.kpi == uid("signups")
    assert isinstance(key_result.links[0].id, UUID)
    assert set(outcome.ledger.children(Ref(Kind.KPI, uid("signups")), Kind.KEY_RESULT)) == {
        uid("revenue"),
        key_result.id,
    }


@pytest.mark.parametrize("step", [retire_kpi(), unlink_kpi()], ids=lambda command: command.NAME)
def test_not_one_that_was_retired_or_unlinked(step):
    assert carried(given(*RUNNING, step))[1].kpi is None


def test_nor_one_that_did_not_exist_then():
    steps = (*MEASURED, *NEXT, on("2026-02-01"), define_kpi(), link_kpi(), on("2026-03-01"))
    assert carried(given(*steps), at="2026-01-20")[1].kpi is None


@pytest.mark.parametrize(
    ("before", "after"), [(boolean(), metric()), (metric(unit="$"), metric(unit="€"))], ids=["type", "unit"]
)
def test_nor_one_that_does_not_suit_the_measure_of_then(before, after):
    steps = (*OBJECTIVE, add_key_result(measure=before), define_kpi(unit="€"), *NEXT, on("2026-02-01"))
    changed = change_key_result(measure=after, reason="x")
    assert carried(given(*steps, changed, link_kpi(), on("2026-03-01")), at="2026-01-20")[1].kpi is None


def test_the_old_cycles_last_day_is_that_of_the_commands_time():
    measured = record_measurements(points={"2026-02-05": 20, "2026-02-25": 30})
    steps = (*RUNNING, on("2026-02-26"), measured, on("2026-03-01"), reschedule_cycle(ends_on="2026-02-15"))
    assert carried(given(*steps))[1].measure.baseline == 20
    assert carried(given(*steps), at="2026-02-27")[1].measure.baseline == 30
