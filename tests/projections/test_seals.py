"""Every closing of a cycle, readable for ever, beside what the same question answers by what is known now."""

import random
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.errors import NotFound
from domain.kernel import Kind
from ledger.application import Ledger
from ledger.database import Database
from projections.rebuild import rebuild
from projections.sealing import seal_due
from projections.seals import seals
from tests.support import naive
from tests.support.actions import ANYTHING, MEASURES, Story
from tests.support.books import projecting, recording, restore
from tests.support.builders import close_cycle
from tests.support.histories import BEGINNING, KPI_BEGINNING, things
from tests.support.kpi_actions import KPIS
from tests.support.memory import MemoryLedger


@pytest.fixture
def books(company):
    with projecting(company.database, company.recorder) as (projector, books):
        projector.start()
        yield books


def close(company, books, **fields):
    closed = company.do("close_cycle", cycle="2026-Q1", **fields)
    assert seal_due(company.ledger, books) == 1
    return closed


def reopen(company):
    company.do("reopen_cycle", cycle="2026-Q1", reason="a slip")


def asked(company, books, **clocks):
    books.wait_for(company.recorder.head().position, 20)
    with books.reading(**clocks) as reading:
        return seals(reading, reading.cycle_named("2026-Q1"))["items"]


def test_a_seal_shows_what_was_sealed_and_when(company, books):
    company.check_in(40)
    company.do("grade_objective", objective=str(company.uid("grow")), score="1.2")
    closed = close(company, books)
    (seal,) = asked(company, books)
    facts = company.recorder.read_stream(closed.subject)
    assert (seal["position"], seal["sealed_at"]) == (closed.position, closed.recorded_at)
    assert seal["recorded_at"] == facts[-1].recorded_at > seal["sealed_at"]
    assert (seal["policy"], seal["score"], seal["restated_score"], seal["change"]) == ("linear-v1", 1, 1, 0)
    part = {"id": company.uid("revenue"), "value": Decimal(40), "score": Decimal("0.4"), "grade": None}
    objective = {"id": company.uid("grow"), "score": Decimal("0.4"), "grade": Decimal("1.2"), "key_results": [part]}
    assert seal["objectives"] == [objective]


def test_the_value_is_there_whatever_the_measure_s_field(company, books):
    objective = str(company.uid("grow"))
    said = {
        "leads": ("value", 12, 12),
        "latency": ("value", 0, 0),
        "launch": ("completed", [], []),
        "audit": ("done", False, False),
        "fairs": ("zone", "commit", "commit"),
        "talks": ("score", 7, 7),
    }
    for name, (field, value, _) in said.items():
        company.do("add_key_result", id=str(company.uid(name)), objective=objective, title=name, measure=MEASURES[name])
        company.do("check_in", key_result=str(company.uid(name)), **{field: value})
    close(company, books)
    (seal,) = asked(company, books)
    values = {part["id"]: part["value"] for part in seal["objectives"][0]["key_results"]}
    expected = {company.uid(name): shown for name, (_, _, shown) in said.items()}
    assert values == {company.uid("revenue"): None, **expected}
    assert values[company.uid("audit")] is False


def test_reopening_correcting_and_closing_again_leaves_both_seals_readable(company, books):
    said = company.check_in(40)
    first = close(company, books)
    reopen(company)
    company.do("correct_check_in", check_in=str(said.subject.id), value=80, reason="a slip")
    company.check_in(90)
    second = close(company, books)
    one, other = asked(company, books)
    assert [seal["position"] for seal in (one, other)] == [first.position, second.position]
    # The correction is in effect since its check-in, so it restates the first close; the new check-in does not.
    assert [one[name] for name in ("score", "restated_score", "change")] == [Decimal(n) for n in ("0.4", "0.8", "0.4")]
    assert {name: part for name, part in one["parts"].items() if part} == {"correction": Decimal("0.4")}
    assert [other[name] for name in ("score", "restated_score", "change")] == [Decimal("0.9"), Decimal("0.9"), 0]
    assert not any(other["parts"].values())


def test_a_seal_is_there_once_it_is_recorded_and_its_close_in_effect(company, books):
    company.check_in(40)
    closed = close(company, books)
    sealed = company.recorder.head().position
    assert len(asked(company, books, as_of=str(sealed))) == 1
    assert asked(company, books, as_of=str(closed.position)) == []
    just_before = closed.recorded_at - timedelta(microseconds=1)
    assert len(asked(company, books, valid_at=closed.recorded_at.isoformat())) == 1
    assert asked(company, books, valid_at=just_before.isoformat()) == []
    with pytest.raises(NotFound):
        asked(company, books, as_of="0")
    with pytest.raises(NotFound):
        asked(company, books, valid_at="2001-01-01")


def test_a_close_that_is_not_sealed_yet_is_not_there(company, books):
    company.do("close_cycle", cycle="2026-Q1")
    assert asked(company, books) == []
    seal_due(company.ledger, books)
    assert len(asked(company, books)) == 1


def test_a_late_point_restates_the_score_and_leaves_the_seal(company, books):
    """A linked key result is sealed with its KPI's value of then."""
    kpi = str(company.uid("arr"))
    company.do("define_kpi", id=kpi, name="ARR", direction="increase", frequency="monthly")
    company.do("record_measurements", kpi=kpi, points=[{"on": "2026-02-28", "value": 40}])
    company.do("link_kpi", key_result=str(company.uid("revenue")), kpi=kpi)
    close(company, books)
    before = company.recorder.head().position
    company.do("record_measurements", kpi=kpi, points=[{"on": "2026-03-31", "value": 70}])
    (seal,) = asked(company, books)
    assert seal["objectives"][0]["key_results"][0]["value"] == 40
    assert (seal["score"], seal["restated_score"]) == (Decimal("0.4"), Decimal("0.7"))
    assert {name: part for name, part in seal["parts"].items() if part} == {"value": Decimal("0.3")}
    (then,) = asked(company, books, as_of=str(before))
    assert then["restated_score"] == Decimal("0.4")


def test_without_a_score_the_change_counts_from_nothing(company, books):
    company.do("drop_objective", objective=str(company.uid("grow")), reason="other plans")
    close(company, books)
    (seal,) = asked(company, books)
    assert (seal["score"], seal["restated_score"], seal["change"], seal["objectives"]) == (None, None, 0, [])


def tell(seed):
    """A random company whose quarters are closed now and then."""
    story = Story(random.Random(seed))
    for command in (*BEGINNING, *KPI_BEGINNING):
        story.give(command)
    for n in range(70):
        story.passes()
        story.give(close_cycle() if n % 12 == 11 else story.random.choice([*ANYTHING, *KPIS])(story))
    ledger = MemoryLedger()
    for step in story.steps:
        ledger.execute(step.command, step.at)
    return ledger


@pytest.fixture(scope="module", params=[1, 2, 3])
def told(postgres, request):
    name = postgres.migrated_database()
    ledger = tell(request.param)
    with Database(postgres.url_of(name)) as database, recording(database) as recorder:
        restore(recorder, ledger.facts)
        with projecting(database, recorder) as (projector, books):
            projector.start()
            books.wait_for(len(ledger.facts), 60)
            assert seal_due(Ledger(recorder), books) >= 1
            books.wait_for(recorder.head().position, 60)
            yield books, ledger, recorder
    postgres.drop(name)


def test_seals_hold_the_boards_of_their_closes_and_restate_them_by_what_is_known(told):
    """Both numbers are the naive fold's; what was read once reads the same after a rebuild."""
    books, ledger, recorder = told
    found = {}
    for cycle in things(ledger, Kind.CYCLE):
        with books.reading(str(recorder.head().position), "2030-01-01") as reading:
            found[cycle.id] = seals(reading, cycle.id)
        for seal in found[cycle.id]["items"]:
            then = naive.board(ledger.facts, cycle.id, seal["position"], seal["sealed_at"])
            now = naive.board(ledger.facts, cycle.id, len(ledger.facts), seal["sealed_at"])
            assert then is not None and now is not None
            assert (seal["score"], seal["restated_score"]) == (then["score"], now["score"])
            assert seal["change"] == (now["score"] or 0) - (then["score"] or 0) == sum(seal["parts"].values())
            shown = {id: goal for id, goal in then["objectives"].items() if goal["state"] == "active"}
            assert {goal["id"]: (goal["score"], goal["grade"]) for goal in seal["objectives"]} == {
                id: (goal["score"], goal["grade"]) for id, goal in shown.items()
            }
            for goal in seal["objectives"]:
                active = {
                    id: part for id, part in shown[goal["id"]]["key_results"].items() if part["state"] == "active"
                }
                assert {part["id"]: (part["value"], part["score"], part["grade"]) for part in goal["key_results"]} == {
                    id: (part["value"], part["score"], part["grade"]) for id, part in active.items()
                }
    rebuild(books.database, recorder)
    for id, answer in found.items():
        with books.reading(str(answer["as_of"]["position"]), "2030-01-01") as reading:
            assert seals(reading, id) == answer
