"""What the value of a key result is that a KPI drives, or drove (contract, section 4)."""

from decimal import Decimal

from domain.key_result.value import value_in_effect
from tests.support.builders import (
    MEASURED,
    boolean,
    change_key_result,
    check_in,
    define_kpi,
    link_kpi,
    on,
    retract_check_in,
    threshold,
    uid,
    unlink_kpi,
)
from tests.support.specs import given

KPI = (*MEASURED, define_kpi())
LINKED = (*KPI, link_kpi())
BOTH = (*LINKED, define_kpi("churn"))


def value(world, at=None, **measured):
    """The value, and whether it is a KPI's, if the KPIs measured so."""
    by_kpi = {uid(name): Decimal(number) for name, number in measured.items()}
    return value_in_effect(world.key_result(at=at), lambda link: by_kpi.get(link.kpi))


def test_the_kpis_point_is_the_value():
    assert value(given(*KPI, check_in(value=3), link_kpi()), signups=7) == (7, True)


def test_without_a_point_what_was_checked_in_stands():
    assert value(given(*KPI, check_in(value=3), link_kpi())) == (3, False)
    assert value(given(*LINKED)) == (None, False)


def test_after_unlinking_the_value_stays():
    assert value(given(*KPI, check_in(value=3), link_kpi(), unlink_kpi()), signups=7) == (7, True)


def test_until_the_next_check_in():
    world = given(*LINKED, unlink_kpi(), check_in(id="monday", value=4))
    assert value(world, signups=7) == (4, False)
    assert value(given(*LINKED, unlink_kpi(), check_in(note="fine")), signups=7) == (7, True)
    assert value(given(*LINKED, unlink_kpi(), check_in(id="monday", value=4), retract_check_in()), signups=7) == (
        7,
        True,
    )


def test_a_late_check_in_from_before_the_unlinking_does_not_count_after_it():
    steps = (*KPI, on("2026-01-20"), link_kpi(), on("2026-02-01"), unlink_kpi(), on("2026-02-10"))
    world = given(*steps, check_in(value=4, at="2026-01-25"))
    assert value(world, signups=7) == (7, True)
    assert value(world, at="2026-01-22", signups=7) == (7, True)
    assert value(world, at="2026-01-19", signups=7) == (None, False)


def test_of_links_that_ended_the_latest_with_a_point_counts():
    world = given(*BOTH, link_kpi(kpi="churn"), unlink_kpi())
    assert value(world, signups=7, churn=2) == (2, True)
    assert value(world, signups=7) == (7, True)


def test_of_a_new_link_without_a_point_the_old_one_still_counts():
    assert value(given(*BOTH, link_kpi(kpi="churn")), signups=7) == (7, True)


def test_another_type_of_measure_forgets_what_was_measured():
    world = given(*LINKED, unlink_kpi(), change_key_result(measure=threshold(), reason="x"))
    assert value(world, signups=7) == (None, False)
    world = given(*LINKED, unlink_kpi(), change_key_result(measure=boolean(), reason="x"), check_in(done=True))
    assert value(world, signups=7) == (True, False)


def test_another_type_while_linked_is_driven_on():
    assert value(given(*LINKED, change_key_result(measure=threshold(), reason="x")), signups=7) == (7, True)
