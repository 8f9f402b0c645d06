"""What a KPI's points do to the key results it drives, and what a redaction leaves of a measurement."""

from decimal import Decimal

import pytest

from domain.kernel import Kind, Ref
from projections import questions
from projections.rebuild import rebuild
from tests.support.books import projecting


@pytest.fixture
def linked(company):
    """Revenue is driven by a KPI with a point before the quarter and one in it."""
    company.do("define_kpi", id=str(company.uid("arr")), name="ARR", direction="increase", frequency="monthly")
    company.do("record_measurements", kpi=str(company.uid("arr")), points=[{"on": "2025-12-31", "value": 10}])
    company.do("record_measurements", kpi=str(company.uid("arr")), points=[{"on": "2026-02-28", "value": 40}])
    company.do("link_kpi", key_result=str(company.uid("revenue")), kpi=str(company.uid("arr")))
    return company


def value(books, company, **clocks):
    with books.reading(**clocks) as reading:
        found = questions.find(reading, Ref(Kind.KEY_RESULT, company.uid("revenue")))
        return found["value"], found["score"], found["status"] != "pending"


def test_a_linked_key_result_has_the_latest_point_up_to_its_cycles_last_day(linked):
    linked.do("record_measurements", kpi=str(linked.uid("arr")), points=[{"on": "2026-04-30", "value": 99}])
    with projecting(linked.database, linked.recorder) as (projector, books):
        projector.catch_up()
        assert value(books, linked) == (40, Decimal("0.4"), True)


def test_a_rescheduled_cycle_lets_a_later_point_count(linked):
    linked.do("record_measurements", kpi=str(linked.uid("arr")), points=[{"on": "2026-04-30", "value": 99}])
    with projecting(linked.database, linked.recorder) as (projector, books):
        projector.catch_up()
        linked.do("reschedule_cycle", cycle="2026-Q1", ends_on="2026-05-01", reason="a long quarter")
        projector.catch_up()
        assert value(books, linked) == (99, Decimal("0.99"), True)
        assert rebuild(linked.database, linked.recorder, verify=True).differences == {}


def test_a_restatement_moves_the_score_for_who_asks_later_and_for_nobody_before(linked):
    known = linked.recorder.head().position
    linked.do(
        "restate_measurement", kpi=str(linked.uid("arr")), on="2026-02-28", value=30, reason="a customer counted twice"
    )
    with projecting(linked.database, linked.recorder) as (projector, books):
        projector.catch_up()
        assert value(books, linked)[0] == 30
        assert value(books, linked, as_of=str(known))[0] == 40


def test_after_unlinking_the_value_stays_with_later_restatements_of_that_point(linked):
    linked.do("unlink_kpi", key_result=str(linked.uid("revenue")))
    linked.do("record_measurements", kpi=str(linked.uid("arr")), points=[{"on": "2026-03-31", "value": 70}])
    with projecting(linked.database, linked.recorder) as (projector, books):
        projector.catch_up()
        assert value(books, linked)[0] == 70  # it was in effect when the link ended
        said = {"kpi": str(linked.uid("arr")), "on": "2026-03-31", "value": 60, "reason": "late invoices"}
        linked.do("restate_measurement", **said)
        projector.catch_up()
        assert value(books, linked)[0] == 60
        linked.check_in(20)
        projector.catch_up()
        assert value(books, linked)[0] == 20


def test_a_kpi_that_drives_two_hundred_key_results(company):
    company.do("define_kpi", id=str(company.uid("arr")), name="ARR", direction="increase", frequency="monthly")
    measure = {"type": "metric", "baseline": 0, "target": 100}
    for n in range(200):
        objective = str(company.uid(f"o{n // 4}"))
        if n % 4 == 0:
            company.do("set_objective", id=objective, cycle="2026-Q1", title=f"Objective {n}")
        key_result = str(company.uid(f"k{n}"))
        company.do("add_key_result", id=key_result, objective=objective, title=f"{n}", measure=measure)
        company.do("link_kpi", key_result=key_result, kpi=str(company.uid("arr")))
    with projecting(company.database, company.recorder) as (projector, books):
        projector.catch_up()
        company.do("record_measurements", kpi=str(company.uid("arr")), points=[{"on": "2026-03-31", "value": 50}])
        projector.catch_up()
        with books.reading() as reading:
            board = questions.board(reading, reading.cycle_named("2026-Q1"))
        driven = [k for o in board["objectives"] for k in o["key_results"] if k["kpi"] is not None]
        assert [k["score"] for k in driven] == [Decimal("0.5")] * 200
        assert rebuild(company.database, company.recorder, verify=True).differences == {}


def test_a_redacted_note_of_a_measurement_leaves_the_books(linked):
    points = [{"on": "2026-03-15", "value": 45, "note": "Bob's deal"}, {"on": "2026-03-16", "value": 46, "note": "ok"}]
    said = linked.do("record_measurements", kpi=str(linked.uid("arr")), points=points)
    _redacted(linked, said.position, "points/0/note", "measurement_versions", {"ok"})


def test_a_redacted_name_of_a_kpi_leaves_the_books(linked):
    _redacted(linked, _position(linked, "kpi.defined"), "name", "kpi_versions", set())


def test_a_redacted_title_of_a_linked_key_result_leaves_the_books(linked):
    _redacted(linked, _position(linked, "key_result.added"), "title", "key_result_versions", set())


def _position(company, topic):
    return next(fact.position for fact in company.recorder.iterate() if topic == fact.event.TOPIC)


def _redacted(company, position, field, table, left):
    """The text is in no version any more that was written before; all else is as a rebuild makes it."""
    column = field.rpartition("/")[2]
    with projecting(company.database, company.recorder) as (projector, _):
        projector.catch_up()
        assert _texts(company, table, column) > left
        company.do("redact_text", position=position, field=field, reason="private")
        projector.catch_up()
        assert _texts(company, table, column) == left
        assert rebuild(company.database, company.recorder, verify=True).differences == {}


def _texts(company, table, column):
    with company.database.connection() as connection:
        rows = connection.execute(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL").fetchall()
    return {text for (text,) in rows}
