"""What a batch is going to look at is read at once: many commands ask the ledger no more than few."""

from datetime import UTC, date, datetime, timedelta
from threading import get_ident
from uuid import UUID, uuid4

import pytest

from domain.catalogue import EVENTS
from domain.kernel import Kind, Ref
from domain.kpi.decisions import DefineKpi
from domain.measurements.decisions import RecordMeasurements, RestateMeasurement
from domain.measurements.state import stream_of
from ledger.application import Ledger
from ledger.mapper import EventMapper
from ledger.orders import Order
from ledger.reader import Reader
from ledger.recorder import LedgerRecorder

ACTOR = uuid4()
BEGAN = datetime(2020, 1, 1, tzinfo=UTC)
KPI = UUID(int=1)


@pytest.fixture
def recorder(database):
    recorder = LedgerRecorder(database, EventMapper(EVENTS))
    yield recorder
    recorder.close()


@pytest.fixture
def ledger(recorder):
    """A ledger with a KPI."""
    ledger = Ledger(recorder)
    defined = DefineKpi(id=KPI, name="churn", direction="decrease", frequency="weekly", effective_at=BEGAN)
    ledger.execute(Order(defined, ACTOR))
    return ledger


def measured(weeks: int, value: int = 5) -> list[Order]:
    """An order a point."""
    days = [date(2020, 1, 5) + timedelta(weeks=n) for n in range(weeks)]
    return [Order(RecordMeasurements(kpi=KPI, points=[{"on": day, "value": value}]), ACTOR) for day in days]


def questions(ledger, orders, monkeypatch) -> list[str]:
    """What the ledger is asked while the orders are carried out."""
    asked: list[str] = []
    rows, here = Reader._rows, get_ident()

    def counted(self, query, **given):
        if get_ident() == here:  # a server that other tests share may be at work besides
            asked.append(query)
        return rows(self, query, **given)

    monkeypatch.setattr(Reader, "_rows", counted)
    ledger.execute_all(orders)
    monkeypatch.undo()
    return asked


def test_many_measurements_ask_no_more_than_few(ledger, recorder, monkeypatch):
    few = questions(Ledger(recorder), measured(3), monkeypatch)
    many = questions(Ledger(recorder), measured(150)[3:], monkeypatch)
    assert len(many) <= len(few) + 1, (few, many)


def test_a_batch_sees_what_others_said_of_the_same_quarters(ledger, recorder):
    """Also what is kept with an earlier quarter, to which this one is only attached."""
    both = [{"on": day, "value": 7} for day in ("2020-03-29", "2020-04-05")]
    ledger.execute(Order(RecordMeasurements(kpi=KPI, points=both), ACTOR))
    spring = stream_of(KPI, date(2020, 4, 5))
    assert recorder.children_of([(spring, Kind.MEASUREMENTS)]) == {
        (spring, Kind.MEASUREMENTS): recorder.children(spring, Kind.MEASUREMENTS)
    }
    same = RecordMeasurements(kpi=KPI, points=both[1:])
    other = RestateMeasurement(kpi=KPI, on=date(2020, 4, 5), value=8, reason="counted twice")
    first, second = Ledger(recorder).execute_all([Order(same, ACTOR), Order(other, ACTOR)])
    assert (first.changed, second.changed) == (False, True)


def test_a_command_sees_what_the_batch_attached_before_it(ledger):
    both = RecordMeasurements(kpi=KPI, points=[{"on": day, "value": 7} for day in ("2020-03-29", "2020-04-05")])
    again = RecordMeasurements(kpi=KPI, points=[{"on": "2020-04-05", "value": 7}])
    first, second = ledger.execute_all([Order(both, ACTOR), Order(again, ACTOR)])
    assert (first.changed, second.changed) == (True, False)


def test_children_of_many_parents_are_each_parents_own(ledger, recorder):
    ledger.execute_all(measured(30))
    kpi = Ref(Kind.KPI, KPI)
    wanted = [(kpi, Kind.MEASUREMENTS), (kpi, Kind.KEY_RESULT), (Ref(Kind.KPI, uuid4()), Kind.MEASUREMENTS)]
    found = recorder.children_of(wanted)
    assert found == {one: recorder.children(*one) for one in wanted}
    assert [len(children) for children in found.values()] == [3, 0, 0]
