"""A change of score is split exactly, and into what an oracle splits it into that tries every order of the factors."""

import random
from contextlib import contextmanager
from decimal import Decimal

import pytest

from domain.errors import NotFound
from domain.kernel import Kind, Ref
from ledger.database import Database
from projections.ends import between
from projections.explain import explain_cycle, explain_key_result, explain_objective
from projections.explaining.factors import FACTORS
from tests.support import splitting
from tests.support.actions import ANYTHING
from tests.support.books import projecting, recording, restore
from tests.support.histories import KPI_BEGINNING, MEASURED_BEGINNING, instants, play, tell, things
from tests.support.kpi_actions import KPIS

D = Decimal
EXPLAIN = {
    Kind.CYCLE: explain_cycle,
    Kind.OBJECTIVE: explain_objective,
    Kind.KEY_RESULT: explain_key_result,
}
NEAR = D("0.00001")
"""The oracle's scores have six decimals, so its parts are off by a little."""


def story(seed):
    dice = random.Random(seed)
    if seed % 2:
        return tell(dice, 60, ANYTHING, MEASURED_BEGINNING)
    return tell(dice, 60, [*ANYTHING, *KPIS], [*KPI_BEGINNING, *MEASURED_BEGINNING])


@pytest.fixture(scope="module", params=range(1, 9))
def told(postgres, request):
    """A random company, and its books."""
    name = postgres.migrated_database()
    ledger = play(story(request.param))
    with Database(postgres.url_of(name)) as database, recording(database) as recorder:
        restore(recorder, ledger.facts)
        with projecting(database, recorder) as (projector, books):
            projector.catch_up()
            yield books, ledger, request.param
    postgres.drop(name)


def written(instant):
    return instant.isoformat().replace("+00:00", "Z")


@contextmanager
def ends_of(books, old, new):
    with between(books, str(old[0]), str(new[0]), written(old[1]), written(new[1])) as ends:
        yield ends


def some_ends(ledger, dice):
    """Two ends that mostly lie well apart on both clocks."""
    count, times = len(ledger.facts), instants(ledger)[-40:]
    early = dice.randint(count // 3, count // 2), dice.choice(times[:20])
    late = dice.randint(count // 2, count), dice.choice(times[15:])
    return early, (late[0], max(early[1], late[1]))


def test_the_parts_add_up_to_the_change_between_the_two_boards(told):
    books, ledger, seed = told
    dice = random.Random(seed)  # its own: in whatever order the tests run, it throws the same
    explained = moved = 0
    for _ in range(6):
        old, new = some_ends(ledger, dice)
        with ends_of(books, old, new) as ends:
            for kind, explain in EXPLAIN.items():
                for ref in dice.sample(things(ledger, kind), 2):
                    try:
                        found = explain(ends, ref.id)
                    except NotFound:
                        continue
                    before, after = (splitting.official(ledger.facts, ref, clocks) for clocks in (old, new))
                    assert (found["from"]["score"], found["to"]["score"]) == (before, after)
                    assert found["change"] == (after or 0) - (before or 0)
                    assert tuple(found["parts"]) == FACTORS
                    assert sum(found["parts"].values()) == found["change"]
                    assert all(part == round(part, 6) for part in found["parts"].values())
                    explained += 1
                    moved += any(found["parts"].values())
    assert explained > 10
    assert moved


def test_the_parts_are_the_mean_over_every_order_in_which_the_factors_may_come_in(told):
    books, ledger, seed = told
    dice = random.Random(seed)  # its own: in whatever order the tests run, it throws the same
    for _ in range(2):
        old, new = some_ends(ledger, dice)
        with ends_of(books, old, new) as ends:
            for kind, explain in EXPLAIN.items():
                ref = dice.choice(things(ledger, kind)[:6])
                try:
                    found = explain(ends, ref.id)["parts"]
                except NotFound:
                    continue
                expected = splitting.split(ledger.facts, ref, old, new)
                for name, part in expected.items():
                    assert abs(found[name] - part) < NEAR, (ref, old, new, found, expected)
                assert found["policy"] == 0


def test_between_an_end_and_itself_nothing_changed(told):
    books, ledger, seed = told
    dice = random.Random(seed)  # its own: in whatever order the tests run, it throws the same
    one, _ = some_ends(ledger, dice)
    with ends_of(books, one, one) as ends:
        for cycle in things(ledger, Kind.CYCLE)[:2]:
            found = explain_cycle(ends, cycle.id)
            assert found["change"] == 0
            assert set(found["parts"].values()) == {D(0)}
            assert found["from"] == found["to"]


# --- one kind of thing at a time


@pytest.fixture
def told_of(company):
    """Answers what explain says of revenue, its objective and its cycle between two positions."""
    more = {"id": str(company.uid("margin")), "objective": str(company.uid("grow")), "title": "Margin"}
    company.do("add_key_result", **more, measure={"type": "metric", "baseline": 0, "target": 10}, weight=3)
    kpi = {"direction": "increase", "frequency": "daily"}
    company.do("define_kpi", id=str(company.uid("sales")), name="Sales", **kpi)
    company.do("record_measurements", kpi=str(company.uid("sales")), points=[{"on": "2026-01-31", "value": 90}])
    company.check_in(40)
    company.do("check_in", key_result=str(company.uid("margin")), value=9)
    with projecting(company.database, company.recorder) as (projector, books):

        def explain(*changes):
            old = company.recorder.head().position
            for change in changes:
                change()
            projector.catch_up()
            with between(books, str(old), None, None, None) as ends:
                return explain_cycle(ends, ends.new.cycle_named("2026-Q1"))

        yield explain


def only(found):
    """The only part that there is."""
    ((name, part),) = [(name, part) for name, part in found["parts"].items() if part]
    assert part == found["change"]
    return name


def test_a_check_in_or_a_grade_is_all_value(company, told_of):
    assert only(told_of(lambda: company.check_in(80))) == "value"
    assert only(told_of(lambda: company.do("grade_objective", objective=str(company.uid("grow")), score=1))) == "value"


def test_a_measure_is_all_goalpost_and_a_weight_all_weight(company, told_of):
    def change(**fields):
        return lambda: company.do("change_key_result", key_result=str(company.uid("revenue")), reason="so", **fields)

    assert only(told_of(change(measure={"target": 80}))) == "goalpost"
    assert only(told_of(change(weight=5))) == "weight"
    both = told_of(change(weight=2, measure={"target": 160}))
    assert both["parts"]["weight"] and both["parts"]["goalpost"]
    assert sum(both["parts"].values()) == both["change"]


def test_what_is_dropped_added_or_linked_is_structure(company, told_of):
    revenue, kpi = str(company.uid("revenue")), str(company.uid("sales"))
    assert only(told_of(lambda: company.do("drop_key_result", key_result=revenue, reason="so"))) == "structure"
    assert only(told_of(lambda: company.do("restore_key_result", key_result=revenue, reason="so"))) == "structure"
    more = {"objective": str(company.uid("grow")), "title": "more", "measure": {"type": "boolean"}}
    assert only(told_of(lambda: company.do("add_key_result", **more))) == "structure"
    assert only(told_of(lambda: company.do("link_kpi", key_result=revenue, kpi=kpi))) == "structure"


def test_points_are_value_and_what_is_said_of_them_again_is_correction(company, told_of):
    revenue, kpi = str(company.uid("revenue")), str(company.uid("sales"))
    company.do("link_kpi", key_result=revenue, kpi=kpi)

    def measure(value, on="2026-02-28"):
        return lambda: company.do("record_measurements", kpi=kpi, points=[{"on": on, "value": value}])

    assert only(told_of(measure(50))) == "value"
    assert only(told_of(measure(60))) == "correction"
    restate = {"kpi": kpi, "on": "2026-02-28", "value": 20, "reason": "so"}
    assert only(told_of(lambda: company.do("restate_measurement", **restate))) == "correction"
    both = told_of(measure(60, on="2026-03-01"), measure(10, on="2026-03-01"))
    assert both["parts"]["value"] and both["parts"]["correction"]


def test_a_day_that_lets_other_points_count_is_a_goalpost(company, told_of):
    revenue, kpi = str(company.uid("revenue")), str(company.uid("sales"))
    company.do("link_kpi", key_result=revenue, kpi=kpi)
    company.do("record_measurements", kpi=kpi, points=[{"on": "2026-04-01", "value": 10}])
    moved = {"cycle": "2026-Q1", "ends_on": "2026-04-02", "reason": "Easter"}
    assert only(told_of(lambda: company.do("reschedule_cycle", **moved))) == "goalpost"


def test_a_retraction_is_correction_and_so_is_putting_right(company, told_of):
    said = company.check_in(60)
    fields = {"check_in": str(said.subject.id), "reason": "so"}
    assert only(told_of(lambda: company.do("correct_check_in", value=70, **fields))) == "correction"
    assert only(told_of(lambda: company.do("retract_check_in", **fields))) == "correction"


def test_what_was_not_there_at_an_end_is_not_found(company):
    with projecting(company.database, company.recorder) as (projector, books):
        projector.catch_up()
        with between(books, "0", None, None, None) as ends:
            with pytest.raises(NotFound, match="At `from`"):
                explain_cycle(ends, ends.new.cycle_named("2026-Q1"))
            with pytest.raises(NotFound, match="no key result"):
                explain_key_result(ends, Ref(Kind.KEY_RESULT, company.uid("revenue")).id)
