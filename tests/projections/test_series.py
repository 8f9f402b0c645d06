"""Every point of a series is the board at that instant, by what was known at the same position."""

import random
from datetime import date
from typing import Any

import pytest

from domain.errors import Invalid, NotFound
from domain.kernel import Kind
from domain.scoring import end_of
from ledger.database import Database
from projections import questions
from projections.series import cycle_series
from tests.support import naive
from tests.support.actions import ANYTHING
from tests.support.books import projecting, recording, restore
from tests.support.histories import KPI_BEGINNING, instants, play, tell, things
from tests.support.kpi_actions import KPIS


@pytest.fixture(scope="module", params=[1, 2, 3, 4])
def told(postgres, request):
    """A random company, and its books."""
    name = postgres.migrated_database()
    ledger = play(tell(random.Random(request.param), 60, [*ANYTHING, *KPIS], KPI_BEGINNING))
    with Database(postgres.url_of(name)) as database, recording(database) as recorder:
        restore(recorder, ledger.facts)
        with projecting(database, recorder) as (projector, books):
            projector.catch_up()
            yield books, ledger
    postgres.drop(name)


@pytest.mark.parametrize("step", ["day", "week"])
def test_each_point_is_the_board_then(told, step):
    books, ledger = told
    dice = random.Random(5)
    for cycle in things(ledger, Kind.CYCLE)[:2]:
        position = dice.randint(len(ledger.facts) // 2, len(ledger.facts))
        with books.reading(str(position), instants(ledger)[-1].isoformat().replace("+00:00", "Z")) as reading:
            points = cycle_series(reading, cycle.id, step)["points"]
        assert points
        for point in points:
            board: Any = naive.board(ledger.facts, cycle.id, position, point["at"])
            if board is None:
                assert (point["score"], point["expected"], point["objectives"]) == (None, None, {})
            else:
                scores = {str(id): objective["score"] for id, objective in board["objectives"].items()}
                assert (point["score"], point["objectives"]) == (board["score"], scores)
                assert point["expected"] == board["expected"]


def test_the_series_of_an_objective_has_its_key_results(told):
    books, ledger = told
    objective = next(ref.id for ref in things(ledger, Kind.OBJECTIVE))
    cycle = ledger.state(Kind.OBJECTIVE, objective).cycle
    with books.reading() as reading:
        points = cycle_series(reading, cycle, "week", objective=objective)["points"]
    board: Any = naive.board(ledger.facts, cycle, len(ledger.facts), points[-1]["at"])
    parts = board["objectives"][objective]["key_results"]
    assert points[-1]["key_results"] == {str(id): part["score"] for id, part in parts.items()}


def test_the_series_of_a_team_is_its_board(told):
    books, ledger = told
    team, cycle = things(ledger, Kind.TEAM)[0].id, things(ledger, Kind.CYCLE)[0].id
    with books.reading() as reading:
        point = cycle_series(reading, cycle, "day", team=team)["points"][-1]
    with books.reading(valid_at=point["at"].isoformat().replace("+00:00", "Z")) as reading:
        board = questions.team_board(reading, team, cycle)
    assert (point["score"], point["subtree_score"]) == (board["score"], board["subtree_score"])
    assert point["objectives"] == {str(objective["id"]): objective["score"] for objective in board["objectives"]}


def test_it_ends_on_the_last_day_or_at_the_last_close_and_not_past_the_clock(company):
    early = {"label": "early", "kind": "quarter", "starts_on": "2026-01-01", "ends_on": "2026-03-31"}
    company.do("plan_cycle", **early, effective_at="2025-12-20T09:00:00Z")
    company.do("open_cycle", cycle="early", effective_at="2026-01-01T09:00:00Z")
    company.do("close_cycle", cycle="early", effective_at="2026-04-12T09:00:00Z")
    with projecting(company.database, company.recorder) as (projector, books):
        projector.catch_up()
        assert _days(books)[:2] == [date(2026, 1, 1), date(2026, 1, 8)]
        assert _days(books)[-2:] == [date(2026, 4, 9), date(2026, 4, 12)]
        assert _days(books, valid_at="2026-04-11")[-2:] == [date(2026, 3, 26), date(2026, 3, 31)]
        assert _days(books, valid_at="2026-02-03")[-2:] == [date(2026, 1, 29), date(2026, 2, 3)]
        with books.reading(valid_at="2026-02-03T10:00:00Z") as reading:
            last = cycle_series(reading, reading.cycle_named("early"), "day")["points"][-1]
            assert last["at"] == reading.valid_at
        with pytest.raises(NotFound):
            _days(books, valid_at="2025-12-01")


def _days(books, **clocks):
    with books.reading(**clocks) as reading:
        points = cycle_series(reading, reading.cycle_named("early"), "week")["points"]
    assert all(point["at"] == end_of(point["at"].date()) for point in points)
    return [point["at"].date() for point in points]


def test_too_many_points_are_refused(company):
    company.do("plan_cycle", label="long", kind="custom", starts_on="1990-01-01", ends_on="2020-01-01")
    with projecting(company.database, company.recorder) as (projector, books):
        projector.catch_up()
        with books.reading() as reading:
            with pytest.raises(Invalid) as refused:
                cycle_series(reading, reading.cycle_named("long"), "day")
            assert refused.value.slug == "too_many_points"
            assert len(cycle_series(reading, reading.cycle_named("long"), "week")["points"]) < 5_000
