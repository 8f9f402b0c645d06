"""A close is sealed with the scores as of the close, once, whenever the seal is made."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from uuid import UUID

import pytest

from domain.cycle.decisions import CloseCycle
from domain.cycle.state import CYCLE
from domain.history import History
from domain.kernel import Kind, Ref
from ledger.application import Ledger
from ledger.orders import Order
from projections.sealing import seal_due
from tests.support.books import projecting


@pytest.fixture
def books(company):
    with projecting(company.database, company.recorder) as (projector, books):
        projector.start()
        yield books


def cycle(company):
    ref = Ref(Kind.CYCLE, company.recorder.holder("cycle_label", "2026-Q1").id)
    return History(CYCLE, ref, company.recorder.read_stream(ref))


def seals(company):
    facts = [fact for fact in cycle(company).facts if fact.event.TOPIC == "cycle.sealed"]
    return sorted(facts, key=lambda fact: fact.position)


def test_a_seal_holds_every_score_as_of_the_close(company, books):
    company.check_in(40)
    company.do("grade_objective", objective=str(company.uid("grow")), score="0.9")
    closed = company.do("close_cycle", cycle="2026-Q1")
    assert seal_due(company.ledger, books) == 1
    (fact,) = seals(company)
    assert (fact.event.closed_position, fact.event.policy) == (closed.position, "linear-v1")
    assert fact.event.score == Decimal("0.9")
    (objective,) = fact.event.objectives
    assert (objective.id, objective.score, objective.grade) == (company.uid("grow"), Decimal("0.4"), Decimal("0.9"))
    (part,) = objective.key_results
    assert (part.value, part.score, part.grade) == (Decimal(40), Decimal("0.4"), None)
    assert fact.effective_at == closed.recorded_at


def test_a_seal_made_late_is_the_same_seal(company, books):
    """The server died between the two events; meanwhile the cycle was reopened and a value corrected."""
    said = company.check_in(40)
    company.do("close_cycle", cycle="2026-Q1")
    company.do("reopen_cycle", cycle="2026-Q1", reason="a slip")
    company.do("correct_check_in", check_in=str(said.subject.id), value=80, reason="a slip")
    company.do("close_cycle", cycle="2026-Q1")
    assert seal_due(company.ledger, books) == 2
    assert [fact.event.score for fact in seals(company)] == [Decimal("0.4"), Decimal("0.8")]


def test_a_close_by_another_process_is_sealed_by_one_that_remembers_the_cycle_open(company, books):
    """Which closes have no seal is read afresh, the cycle from the cache, which does not know of the close yet."""
    company.check_in(40)
    Ledger(company.recorder).execute(Order(CloseCycle(cycle="2026-Q1"), UUID(int=9)))
    assert seal_due(company.ledger, books) == 1
    assert len(seals(company)) == 1


def test_sealing_twice_appends_nothing(company, books):
    company.do("close_cycle", cycle="2026-Q1")
    seal_due(company.ledger, books)
    head = company.recorder.head()
    assert seal_due(company.ledger, books) == 0
    assert company.recorder.head() == head


def test_many_that_seal_at_once_make_one_seal(company, books):
    company.do("close_cycle", cycle="2026-Q1")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: seal_due(company.ledger, books), range(8)))
    assert len(seals(company)) == 1


def test_an_empty_cycle_is_sealed_without_a_score(company, books):
    company.do("plan_cycle", label="2026-Q2", kind="quarter", starts_on="2026-04-01", ends_on="2026-06-30")
    company.do("open_cycle", cycle="2026-Q2")
    closed = company.do("close_cycle", cycle="2026-Q2")
    assert seal_due(company.ledger, books) == 1
    sealed = company.recorder.read_stream(closed.subject)[-1].event
    assert (sealed.score, sealed.objectives) == (None, ())
