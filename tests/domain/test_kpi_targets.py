"""Targets and benchmarks: for which days they hold, and what suits a KPI (contract, section 4)."""

from datetime import date
from decimal import Decimal

import pytest

from domain.errors import Conflict, Invalid
from domain.kpi.events import BenchmarkSet, TargetSet
from domain.kpi.targets import SetKpiBenchmark, SetKpiTarget
from ledger.payloads import build
from tests.support.builders import (
    change_kpi,
    define_kpi,
    on,
    retire_kpi,
    set_kpi_benchmark,
    set_kpi_target,
    uid,
)
from tests.support.specs import given, like, unreadable

KPI = (define_kpi(),)
RANGED = (define_kpi(direction="maintain"),)


def day(text):
    return date.fromisoformat(f"2026-{text}")


def target_on(outcome, text):
    found = outcome.kpi().target_on(day(text))
    return found and found.target


# --- targets


def test_a_target_is_set():
    given(*KPI).when(set_kpi_target(since="2026-04-01", to="2026-06-30", target=100, at_risk=80, reason="plan")).then(
        TargetSet(since="2026-04-01", until="2026-06-30", target=100, low=None, high=None, at_risk=80, reason="plan")
    )


def test_a_range_is_set():
    outcome = given(*RANGED).when(set_kpi_target(low=4, high=4))
    outcome.then(like(TargetSet, target=None, low=Decimal(4), high=Decimal(4)))


@pytest.mark.parametrize(
    ("direction", "fields", "pointers"),
    [
        ("increase", {"target": 1, "to": "2025-12-31"}, ["/to"]),
        ("increase", {"low": 1, "high": 2}, ["/low", "/high", "/target"]),
        ("increase", {"target": 1, "low": 1}, ["/low"]),
        ("increase", {"target": None}, ["/target"]),
        ("increase", {"target": 1, "at_risk": 2}, ["/at_risk"]),
        ("decrease", {"target": 2, "at_risk": 1}, ["/at_risk"]),
        ("maintain", {"target": 1}, ["/low", "/high", "/target"]),
        ("maintain", {"low": 1}, ["/high"]),
        ("maintain", {"low": 2, "high": 1}, ["/high"]),
        ("maintain", {"low": 1, "high": 2, "at_risk": 1}, ["/at_risk"]),
        ("maintain", {"low": 1, "high": 2, "to": "2025-12-31"}, ["/to"]),
    ],
)
def test_a_target_that_makes_no_sense(direction, fields, pointers):
    given(define_kpi(direction=direction)).when(set_kpi_target(**fields)).refused(Invalid, "invalid", *pointers)


@pytest.mark.parametrize(("direction", "at_risk"), [("increase", 90), ("increase", 100), ("decrease", 110)])
def test_at_risk_lies_on_the_bad_side_of_the_target(direction, at_risk):
    given(define_kpi(direction=direction)).when(set_kpi_target(at_risk=at_risk)).then(like(TargetSet))


def test_the_direction_is_that_of_the_commands_time():
    world = given(*KPI, on("2026-02-01"), change_kpi(direction="maintain"), on("2026-03-01"))
    world.when(set_kpi_target(target=5, at="2026-01-20")).then(like(TargetSet))
    world.when(set_kpi_target(low=4, high=5, at="2026-01-20")).refused(Invalid, "invalid", "/low", "/high", "/target")


def test_a_target_holds_from_its_first_day_to_its_last():
    outcome = given(*KPI).when(set_kpi_target(since="2026-04-01", to="2026-06-30", target=5))
    days = ("03-31", "04-01", "06-30", "07-01")
    assert [target_on(outcome, text) for text in days] == [None, 5, 5, None]


def test_where_targets_overlap_the_one_set_later_holds():
    steps = (*KPI, set_kpi_target(target=1), set_kpi_target(since="2026-04-01", to="2026-06-30", target=2))
    outcome = given(*steps).when(set_kpi_target(since="2026-06-01", to="2026-07-31", target=3))
    days = ("03-31", "04-01", "05-31", "06-01", "07-31", "08-01")
    assert [target_on(outcome, text) for text in days] == [1, 2, 2, 3, 3, 1]
    assert outcome.kpi().overlaps == ((day("06-01"), day("04-01")),)


def test_the_overlap_is_that_of_the_target_set_last():
    assert given(*KPI).kpi().overlaps == ()
    apart = (set_kpi_target(to="2026-03-31"), set_kpi_target(since="2026-04-01"))
    assert given(*KPI, *apart).kpi().overlaps == ()
    assert given(*KPI, *apart, set_kpi_target(to="2026-03-15", target=2)).kpi().overlaps == (
        (day("01-01"), day("01-01")),
    )


def test_the_same_target_again_is_nothing_unless_another_was_set_over_it():
    first, over = set_kpi_target(target=1), set_kpi_target(since="2026-04-01", target=2)
    given(*KPI, first).when(set_kpi_target(target="1.0", reason="still")).nothing()
    given(*KPI, first, over).when(first).then(like(TargetSet, target=Decimal(1)))
    elsewhere = set_kpi_target(since="2025-01-01", to="2025-12-31", target=2)
    given(*KPI, first, elsewhere).when(first).nothing()


# --- benchmarks


def test_a_benchmark_is_a_number_or_another_kpi():
    world = given(*KPI, define_kpi("peer"))
    world.when(set_kpi_benchmark(value=80, since="2026-01-01", to="2026-12-31")).then(
        BenchmarkSet(name="industry", value=80, benchmark_kpi=None, since="2026-01-01", until="2026-12-31")
    )
    world.when(set_kpi_benchmark(benchmark_kpi="peer")).then(
        BenchmarkSet(name="industry", value=None, benchmark_kpi=uid("peer"), since=None, until=None)
    )


@pytest.mark.parametrize("fields", [{"value": None}, {"value": 1, "benchmark_kpi": "signups"}])
def test_a_benchmark_is_just_one_of_them(fields):
    given(*KPI).when(set_kpi_benchmark(**fields)).refused(Invalid, "invalid", "/value")


def test_a_benchmark_does_not_end_before_it_begins():
    command = set_kpi_benchmark(since="2026-02-01", to="2026-01-31")
    given(*KPI).when(command).refused(Invalid, "invalid", "/to")


def test_benchmarks_hold_by_name_the_one_set_later():
    steps = (
        *KPI,
        set_kpi_benchmark(name="best", value=9, since="2026-02-01"),
        set_kpi_benchmark(name="industry", value=5),
        set_kpi_benchmark(name="industry", value=6, since="2026-03-01", to="2026-03-31"),
        set_kpi_benchmark(name="best", value=8, since="2026-04-01"),
    )
    kpi = given(*steps).kpi()
    held = {
        text: [(b.name, b.value) for b in kpi.benchmarks_on(day(text))] for text in ("01-01", "02-01", "03-01", "04-01")
    }
    assert held == {
        "01-01": [("industry", 5)],
        "02-01": [("best", 9), ("industry", 5)],
        "03-01": [("best", 9), ("industry", 6)],
        "04-01": [("best", 8), ("industry", 5)],
    }


def test_the_same_benchmark_again_is_nothing_unless_another_of_that_name_was_set():
    first, other = set_kpi_benchmark(value=80), set_kpi_benchmark(name="best", value=90)
    given(*KPI, first, other).when(first).nothing()
    given(*KPI, first, set_kpi_benchmark(value=90)).when(first).then(like(BenchmarkSet))


def test_a_kpi_is_not_its_own_benchmark():
    given(*KPI).when(set_kpi_benchmark(benchmark_kpi="signups")).refused(Conflict, "benchmark_loop")


def test_not_over_others_either():
    others = (define_kpi("peer"), define_kpi("best"))
    chain = (
        set_kpi_benchmark("peer", value=1),
        set_kpi_benchmark("peer", benchmark_kpi="best"),
        set_kpi_benchmark("best", benchmark_kpi="signups", since="2025-01-01", to="2025-01-31"),
    )
    given(*KPI, *others, *chain).when(set_kpi_benchmark(benchmark_kpi="peer")).refused(Conflict, "benchmark_loop")
    given(*KPI, *others, *chain[:2]).when(set_kpi_benchmark(benchmark_kpi="peer")).then(like(BenchmarkSet))


def test_a_retired_kpi_is_no_benchmark():
    world = given(*KPI, define_kpi("peer"), retire_kpi("peer"))
    world.when(set_kpi_benchmark(benchmark_kpi="peer")).refused(Conflict, "retired")


# --- `from`, which is no name in Python


@pytest.mark.parametrize("command", [SetKpiTarget, SetKpiBenchmark])
def test_a_payload_says_from(command):
    fields = {"target": 1} if command is SetKpiTarget else {"name": "industry", "value": 1}
    built = build(command, {"kpi": uid("signups"), "from": "2026-01-01", **fields})
    assert built.from_ == day("01-01")
    for wrong in ({"from": "soon"}, {"from": "2026-01-01", "from_": "2026-01-01"}):
        with pytest.raises(Invalid) as refused:
            build(command, {"kpi": uid("signups"), **wrong, **fields})
        assert [fault.pointer for fault in refused.value.faults] == [f"/{list(wrong)[-1]}"]


def test_a_target_without_from_cannot_be_read():
    with pytest.raises(Invalid) as refused:
        build(SetKpiTarget, {"kpi": uid("signups"), "target": 1})
    assert [(fault.pointer, fault.reason) for fault in refused.value.faults] == [("/from", "is missing")]


@pytest.mark.parametrize("field", ["target", "to"])
def test_a_target_that_cannot_be_read(field):
    assert unreadable(set_kpi_target, **{field: "much"}) == [f"/{field}"]
