"""Every goalpost that was moved once the cycle had started, and what that did to its score at its place in the fold."""

import random
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.errors import NotFound
from domain.kernel import Kind, Ref, fact_key
from domain.scoring import end_of, start_of
from ledger.database import Database
from projections.goalposts import FIELDS, goalposts
from tests.support import naive
from tests.support.actions import ANYTHING, change_key_result, change_objective, reschedule_cycle
from tests.support.books import projecting, recording, restore
from tests.support.histories import KPI_BEGINNING, MEASURED_BEGINNING, instants, play, tell, things
from tests.support.kpi_actions import KPIS

D = Decimal
STORY = [*ANYTHING, *KPIS, *[change_key_result, change_objective, reschedule_cycle] * 4]
MOVING = ("cycle.rescheduled", "objective.changed", "key_result.changed")


@pytest.fixture(scope="module", params=[1, 2, 3, 4, 6, 7, 8, 9])
def told(postgres, request):
    """A random company whose goalposts move often, and its books."""
    name = postgres.migrated_database()
    ledger = play(tell(random.Random(request.param), 70, STORY, [*KPI_BEGINNING, *MEASURED_BEGINNING]))
    with Database(postgres.url_of(name)) as database, recording(database) as recorder:
        restore(recorder, ledger.facts)
        with projecting(database, recorder) as (projector, books):
            projector.catch_up()
            yield books, ledger, request.param
    postgres.drop(name)


def test_the_goalposts_are_those_of_the_naive_fold(told):
    books, ledger, seed = told
    dice = random.Random(seed)  # its own: in whatever order the tests run, it throws the same
    seen = 0
    for cycle in things(ledger, Kind.CYCLE):
        position, instant = dice.randint(len(ledger.facts) // 2, len(ledger.facts)), instants(ledger)[-1]
        if dice.random() < 0.5:
            instant = dice.choice(instants(ledger)[-20:])
        with books.reading(str(position), instant.isoformat().replace("+00:00", "Z")) as reading:
            try:
                items = goalposts(reading, cycle.id)["items"]
            except NotFound:
                continue
        expected = list(_expected(ledger.facts, cycle, position, instant))
        assert [(i["position"], i["kind"], i["id"], i["field"]) for i in items] == [e[:4] for e in expected]
        effects: defaultdict[int, D] = defaultdict(D)
        for item in items:
            assert item["score_effect"] == round(item["score_effect"], 6)
            effects[item["position"]] += item["score_effect"]
        for at, _, _, _, effect in expected:
            if effect is not None:
                assert effects[at] == effect, ledger.facts[at - 1]
        seen += len(items)
    assert seen


def _expected(facts, cycle, position, instant):
    """(position, kind, id, field, the event's effect; `None` if the event moved the key result as well)."""
    known = [f for f in facts if f.position <= position and f.stream.kind is not Kind.MEASUREMENTS]
    for fact in sorted((f for f in known if f.effective_at <= instant), key=fact_key):
        if fact.event.TOPIC not in MOVING:
            continue
        before, after = (_then(facts, fact.key, position, inclusive=with_it) for with_it in (False, True))
        old, new = (naive.states(then, position, fact.effective_at) for then in (before, after))
        period, ref = old.get(cycle), fact.stream
        goal = new[ref].objective if ref.kind is Kind.KEY_RESULT else ref.id
        home = ref.id if ref.kind is Kind.CYCLE else new[Ref(Kind.OBJECTIVE, goal)].cycle
        if home != cycle.id or period is None or fact.effective_at < start_of(period.starts_on):
            continue
        boards = [naive.board(then, cycle.id, position, fact.effective_at) for then in (before, after)]
        scores = [(board and board["score"]) or D(0) for board in boards]
        moved = "objective" in fact.event.model_fields_set
        for name in FIELDS:
            if hasattr(new[ref], name) and getattr(old[ref], name) != getattr(new[ref], name):
                yield fact.position, ref.kind, ref.id, name, None if moved else scores[1] - scores[0]


def _then(facts, key, position, *, inclusive):
    """The facts up to a place in the fold, each point of a batch at its own."""
    begun: dict[Any, Any] = {}
    left = []
    for fact in (f for f in facts if f.position <= position):
        if fact.stream.kind is not Kind.MEASUREMENTS:
            left += [fact] if fact.key < key or (inclusive and fact.key == key) else []
            continue
        said = getattr(fact.event, "points", [fact.event])
        times = [begun.setdefault((fact.event.kpi, p.on), min(end_of(p.on), fact.recorded_at)) for p in said]
        kept = tuple(p for p, at in zip(said, times, strict=True) if (at, fact.position) < key)
        if kept:
            more = {"points": kept} if hasattr(fact.event, "points") else {}
            left.append(fact._replace(event=fact.event.model_copy(update=more)))
    return left


# --- one thing at a time


@pytest.fixture
def asked(company):
    company.check_in(40)
    with projecting(company.database, company.recorder) as (projector, books):

        def ask(**clocks):
            projector.catch_up()
            with books.reading(**clocks) as reading:
                return goalposts(reading, reading.cycle_named("2026-Q1"))["items"]

        yield ask


def change(company, **fields):
    return company.do("change_key_result", key_result=str(company.uid("revenue")), reason="sales fell", **fields)


def test_an_item_says_who_when_why_and_what_it_did(company, asked):
    done = change(company, measure={"target": 80}, title="renamed")
    (item,) = asked()
    old, new = item.pop("old"), item.pop("new")
    assert (old["target"], new["target"]) == (100, 80)
    assert item == {
        "position": done.position,
        "effective_at": done.recorded_at,
        "actor": item["actor"],
        "kind": "key_result",
        "id": company.uid("revenue"),
        "field": "measure",
        "reason": "sales fell",
        "score_effect": D("0.1"),
    }


def test_each_field_of_one_event_has_its_own_effect(company, asked):
    """Applied in the order measure, weight."""
    more = {"id": str(company.uid("margin")), "objective": str(company.uid("grow")), "title": "Margin"}
    company.do("add_key_result", **more, measure={"type": "metric", "baseline": 0, "target": 10})
    change(company, measure={"target": 80}, weight=3)
    assert [(item["field"], item["score_effect"]) for item in asked()] == [
        ("measure", D("0.05")),  # (0.5 + 0) ÷ 2 after (0.4 + 0) ÷ 2
        ("weight", D("0.125")),  # 1.5 ÷ 4
    ]


def test_a_commitment_and_a_first_day_do_nothing_to_the_score(company, asked):
    grow = str(company.uid("grow"))
    company.do("change_objective", objective=grow, commitment="committed", weight=2, reason="so")
    company.do("reschedule_cycle", cycle="2026-Q1", starts_on="2026-01-02", ends_on="2026-04-01", reason="so")
    found = [(item["kind"], item["field"], item["old"], item["new"], item["score_effect"]) for item in asked()]
    assert [each[:2] for each in found] == [
        ("objective", "weight"),
        ("objective", "commitment"),
        ("cycle", "starts_on"),
        ("cycle", "ends_on"),
    ]
    assert {each[4] for each in found} == {0}
    assert found[1][2:4] == ("aspirational", "committed")


def test_before_the_start_goals_may_change_and_nobody_asks_why(company, asked):
    company.do("plan_cycle", label="next", kind="quarter", starts_on="2999-01-01", ends_on="2999-03-31")
    company.do("set_objective", id=str(company.uid("later")), cycle="next", title="Later")
    company.do("change_objective", objective=str(company.uid("later")), weight=4)
    change(company, weight=2)
    assert [item["field"] for item in asked()] == ["weight"]


def test_it_is_there_from_when_it_was_recorded_and_from_when_it_took_effect(company, asked):
    done = change(company, weight=2)
    at = done.recorded_at
    assert asked(as_of=str(done.position - 1)) == []
    assert asked(valid_at=(at - timedelta(microseconds=1)).isoformat()) == []
    assert len(asked(as_of=str(done.position), valid_at=at.isoformat())) == 1


def test_two_goalposts_that_were_moved_at_once_come_in_the_order_of_recording(company, asked):
    change(company, weight=2)
    company.do("change_objective", objective=str(company.uid("grow")), weight=3, reason="so")
    change(company, weight=4)
    assert [item["new"] for item in asked()] == [2, 3, 4]
