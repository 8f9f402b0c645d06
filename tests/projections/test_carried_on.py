"""An objective carried over three quarters: the chain reads in both directions, at both clocks."""

import pytest

from domain.kernel import Kind, Ref
from projections import questions
from projections.rebuild import rebuild
from tests.support.books import projecting

FIRST, SECOND, THIRD = "2026-03-20T09:00:00Z", "2026-04-05T09:00:00Z", "2026-07-05T09:00:00Z"


@pytest.fixture
def chain(company):
    """Grow is carried from the first quarter into the second and from there into the third; the first is closed."""
    since = {"effective_at": "2025-12-01T09:00:00Z"}
    for n, (starts_on, ends_on) in enumerate(
        (("2026-01-01", "2026-03-31"), ("2026-04-01", "2026-06-30"), ("2026-07-01", "2026-09-30")), 1
    ):
        company.do("plan_cycle", label=f"Q{n}", kind="quarter", starts_on=starts_on, ends_on=ends_on, **since)
        company.do("open_cycle", cycle=f"Q{n}", **since)
    company.do("set_objective", id=str(company.uid("one")), cycle="Q1", title="Grow on", **since)
    measure = {"type": "metric", "baseline": 0, "target": 100}
    fields = {"id": str(company.uid("much")), "objective": str(company.uid("one")), "title": "Much"}
    company.do("add_key_result", **fields, measure=measure, **since)
    company.do("check_in", key_result=str(company.uid("much")), value=40, effective_at=FIRST)
    company.do("close_cycle", cycle="Q1", effective_at="2026-04-02T09:00:00Z")
    done = [
        carry(company, "one", "two", "Q2", SECOND, baseline="from_current"),
        carry(company, "two", "three", "Q3", THIRD, baseline="restart"),
    ]
    with projecting(company.database, company.recorder) as (projector, books):
        projector.catch_up()
        yield company, books, [executed.position for executed in done]


def carry(company, old, new, cycle, at, baseline):
    fields = {"objective": str(company.uid(old)), "id": str(company.uid(new)), "to_cycle": cycle}
    return company.do("carry_forward", **fields, baseline=baseline, effective_at=at)


def objective(company, books, name, **clocks):
    with books.reading(**clocks) as reading:
        return questions.find(reading, Ref(Kind.OBJECTIVE, company.uid(name)))


def ways(company, books, name, **clocks):
    found = objective(company, books, name, **clocks)
    return found["carried_from"], found["carried_to"]


def test_each_names_the_one_before_and_the_one_after(chain):
    company, books, _ = chain
    one, two, three = (company.uid(name) for name in ("one", "two", "three"))
    assert ways(company, books, "one") == (None, two)
    assert ways(company, books, "two") == (one, three)
    assert ways(company, books, "three") == (two, None)
    with books.reading() as reading:
        for label, expected in (("Q1", (None, two)), ("Q2", (one, three)), ("Q3", (two, None))):
            board = questions.board(reading, reading.cycle_named(label))
            assert [(o["carried_from"], o["carried_to"]) for o in board["objectives"]] == [expected]


def test_its_key_results_are_chained_back_and_begin_where_they_should(chain):
    company, books, _ = chain
    parts = [objective(company, books, name)["key_results"] for name in ("one", "two", "three")]
    (first,), (second,), (third,) = parts
    assert (first["carried_from"], second["carried_from"], third["carried_from"]) == (None, first["id"], second["id"])
    assert [part["measure"]["baseline"] for part in (first, second, third)] == [0, 40, 40]
    assert [part["value"] for part in (first, second, third)] == [40, None, None]


def test_the_way_on_is_there_once_it_is_recorded(chain):
    company, books, (second, third) = chain
    one, two, three = (company.uid(name) for name in ("one", "two", "three"))
    assert ways(company, books, "one", as_of=str(company.recorder.read_stream(
        Ref(Kind.OBJECTIVE, two))[0].position - 1)) == (None, None)  # fmt: skip
    assert ways(company, books, "one", as_of=str(second)) == (None, two)
    assert ways(company, books, "two", as_of=str(second)) == (one, None)
    assert ways(company, books, "two", as_of=str(third)) == (one, three)


def test_and_once_it_is_in_effect(chain):
    company, books, _ = chain
    one, two, three = (company.uid(name) for name in ("one", "two", "three"))
    assert ways(company, books, "one", valid_at="2026-04-04") == (None, None)
    assert ways(company, books, "one", valid_at="2026-04-05") == (None, two)
    assert ways(company, books, "two", valid_at="2026-07-04") == (one, None)
    assert ways(company, books, "two", valid_at="2026-07-05") == (one, three)


def test_the_chain_is_the_same_after_a_rebuild(chain):
    company, books, _ = chain
    before = [ways(company, books, name) for name in ("one", "two", "three")]
    assert rebuild(company.database, company.recorder, verify=True).differences == {}
    rebuild(company.database, company.recorder)
    assert [ways(company, books, name) for name in ("one", "two", "three")] == before


def test_what_was_carried_says_so_among_those_that_were(chain):
    company, books, _ = chain
    with books.reading() as reading:
        page = questions.listing(reading, Kind.OBJECTIVE, {"carried_from": company.uid("one")}, 10, None)
    assert [item["id"] for item in page.items] == [company.uid("two")]
