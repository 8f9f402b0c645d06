"""A team's quarters: the score as sealed and as known now, over its own goals and those of the teams below it."""

import random
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.errors import NotFound
from domain.kernel import Kind
from ledger.database import Database
from projections import questions
from projections.sealing import seal_due
from projections.team_series import team_series
from tests.support.actions import ANYTHING
from tests.support.books import projecting, recording, restore
from tests.support.histories import KPI_BEGINNING, instants, play, tell, things
from tests.support.kpi_actions import KPIS

QUARTERS = {"2025-Q3": ("2025-07-01", "2025-09-30"), "2025-Q4": ("2025-10-01", "2025-12-31")}


@pytest.fixture
def books(company):
    """Web is below core, all above it. Two earlier quarters, of which the first has been closed, with 0.5 and 1."""
    with projecting(company.database, company.recorder) as (projector, books):
        projector.start()
        company.do("form_team", id=str(company.uid("all")), name="All")
        company.do("change_team", team=str(company.uid("core")), parent=str(company.uid("all")))
        company.do("form_team", id=str(company.uid("web")), name="Web", parent=str(company.uid("core")))
        for label, (starts_on, ends_on) in reversed(QUARTERS.items()):
            company.do("plan_cycle", label=label, kind="quarter", starts_on=starts_on, ends_on=ends_on)
            company.do("open_cycle", cycle=label)
        goal(company, "sell", "core", "2025-Q3", 50)
        goal(company, "build", "web", "2025-Q3", 100)
        closed = company.do("close_cycle", cycle="2025-Q3")
        seal_due(company.ledger, books)
        company.closed = closed
        yield books


def goal(company, name, team, cycle, value):
    objective, part = str(company.uid(name)), str(company.uid(f"{name} much"))
    company.do("set_objective", id=objective, cycle=cycle, title=name, team=str(company.uid(team)))
    measure = {"type": "metric", "baseline": 0, "target": 100}
    company.do("add_key_result", id=part, objective=objective, title=name, measure=measure)
    return company.do("check_in", key_result=part, value=value)


def asked(company, books, team, kind="quarter", **clocks):
    books.wait_for(company.recorder.head().position, 20)
    with books.reading(**clocks) as reading:
        return team_series(reading, company.uid(team), kind)["items"]


def scores(item):
    return tuple(item[name] for name in ("sealed_score", "sealed_subtree_score", "score", "subtree_score"))


def test_quarters_stand_by_their_first_day_with_both_scores(company, books):
    first, second = asked(company, books, "core")
    assert (first["label"], first["state"], first["starts_on"].isoformat()) == ("2025-Q3", "closed", "2025-07-01")
    assert (first["position"], first["sealed_at"]) == (company.closed.position, company.closed.recorded_at)
    assert scores(first) == (Decimal("0.5"), Decimal("0.75"), Decimal("0.5"), Decimal("0.75"))
    assert (second["label"], second["state"], second["position"], second["sealed_at"]) == (
        "2026-Q1",
        "open",
        None,
        None,
    )
    assert scores(second) == (None, None, 0, 0)


def test_a_team_above_counts_those_below_and_one_without_goals_has_no_score(company, books):
    (first, _), below = asked(company, books, "all"), asked(company, books, "web")
    assert scores(first) == (None, Decimal("0.75"), None, Decimal("0.75"))
    assert [item["label"] for item in below] == ["2025-Q3"]


def test_what_became_known_after_the_close_moves_the_live_score_alone(company, books):
    """By what is known now, at the instant of the close; and by what was known before, as it was then."""
    known = company.recorder.head().position
    company.do("reopen_cycle", cycle="2025-Q3", reason="a late figure")
    at = (company.closed.recorded_at - timedelta(microseconds=1)).isoformat()
    company.do("check_in", key_result=str(company.uid("sell much")), value=90, effective_at=at)
    again = asked(company, books, "core")[0]
    assert again["state"] == "open"
    assert scores(again)[::2] == (Decimal("0.5"), Decimal("0.9"))
    assert scores(asked(company, books, "core", as_of=str(known))[0])[::2] == (Decimal("0.5"), Decimal("0.5"))
    company.do("check_in", key_result=str(company.uid("sell much")), value=95)
    closed = company.do("close_cycle", cycle="2025-Q3")
    seal_due(company.ledger, books)
    last = asked(company, books, "core")[0]
    assert (last["position"], scores(last)[::2]) == (closed.position, (Decimal("0.95"), Decimal("0.95")))


def test_each_close_counts_the_teams_that_were_below_then(company, books):
    company.do("change_team", team=str(company.uid("web")), parent=None)
    first = asked(company, books, "core")[0]
    assert scores(first)[1::2] == (Decimal("0.75"), Decimal("0.75"))
    assert [item["label"] for item in asked(company, books, "core")] == ["2025-Q3", "2026-Q1"]


def test_kinds_are_told_apart(company, books):
    company.do("plan_cycle", label="2026", kind="year", starts_on="2026-01-01", ends_on="2026-12-31")
    goal(company, "earn", "core", "2026", 10)
    assert [item["label"] for item in asked(company, books, "core", "year")] == ["2026"]
    assert [item["label"] for item in asked(company, books, "core", None)] == ["2025-Q3", "2026-Q1", "2026"]
    assert asked(company, books, "core", "half") == []


def test_a_closed_cycle_without_its_seal_has_its_live_score_of_the_close(company, books):
    goal(company, "late", "core", "2025-Q4", 30)
    company.do("close_cycle", cycle="2025-Q4")
    item = asked(company, books, "core")[1]
    assert (item["state"], item["position"], item["score"]) == ("closed", None, Decimal("0.3"))


def test_a_team_that_was_not_there_is_not_found(company, books):
    with pytest.raises(NotFound):
        asked(company, books, "nobody")
    with pytest.raises(NotFound):
        asked(company, books, "core", valid_at="2001-01-01")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_live_and_sealed_scores_are_those_of_the_team_s_board_at_those_clocks(postgres, seed):
    name = postgres.migrated_database()
    ledger = play(tell(random.Random(seed), 70, [*ANYTHING, *KPIS], KPI_BEGINNING))
    try:
        with Database(postgres.url_of(name)) as database, recording(database) as recorder:
            restore(recorder, ledger.facts)
            with projecting(database, recorder) as (projector, books):
                projector.catch_up()
                for team in things(ledger, Kind.TEAM):
                    _check(books, ledger, team.id, random.Random(seed))
    finally:
        postgres.drop(name)


def _check(books, ledger, team, dice):
    for _ in range(3):
        position = dice.randint(len(ledger.facts) // 2, len(ledger.facts))
        instant = dice.choice(instants(ledger)[len(ledger.facts) // 3 :] or instants(ledger)[-1:])
        with books.reading(str(position), instant.isoformat()) as reading:
            try:
                series = team_series(reading, team)
            except NotFound:
                continue
        for item in series["items"]:
            closes = [
                fact
                for fact in ledger.facts
                if fact.event.TOPIC == "cycle.closed" and fact.stream.id == item["cycle"]
                if fact.position <= position and fact.effective_at <= instant
            ]
            at = closes[-1].effective_at if item["state"] == "closed" else instant
            with books.reading(str(position), at.isoformat()) as reading:
                try:
                    board = questions.team_board(reading, team, item["cycle"])
                except NotFound:  # the team is younger than the close
                    continue
            assert (item["score"], item["subtree_score"]) == (board["score"], board["subtree_score"])
