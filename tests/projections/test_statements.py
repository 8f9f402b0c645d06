"""However many things a list or a board shows, it sends equally many statements: none is sent for each row."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from domain.catalogue import COMMANDS
from ledger.orders import Order
from projections import questions
from projections.reading import Reading
from tests.projections.conftest import ACTOR
from tests.support.books import projecting
from tests.support.statements import COUNTED, sent

pytestmark = COUNTED

FEW, MANY = 5, 50
METRIC = {"type": "metric", "baseline": 0, "target": 100}


def orders(uid: Callable[[str], UUID]) -> Iterator[Order]:
    """A cycle with few and one with many objectives; many of everything else, each with all that hangs on it."""

    def order(name: str, /, **fields: Any) -> Order:
        return Order(COMMANDS[name].command.model_validate(fields), ACTOR)

    quarter = {"kind": "custom", "starts_on": "2026-01-01", "ends_on": "2026-03-31"}
    yield order("plan_cycle", id=uid("few"), label="few", **quarter)
    yield order("plan_cycle", id=uid("many"), label="many", **quarter)
    for n in range(MANY):
        me, team = f"{n}", str(uid(f"team {n}"))
        yield order("plan_cycle", label=f"inside {n}", parent=uid("many" if n >= FEW else "few"), **quarter)
        yield order("register_member", id=uid(f"member {n}"), name=me, kind="person")
        yield order("form_team", id=team, name=me)
        yield order("join_team", team=team, member=uid(f"member {n}"))
        yield order("define_kpi", id=uid(f"kpi {n}"), name=me, direction="increase", frequency="daily", team=team)
        yield order("record_measurements", kpi=uid(f"kpi {n}"), points=[{"on": "2026-01-03", "value": n}])
        for cycle in ("many", "few") if n < FEW else ("many",):
            goal, part = str(uid(f"{cycle} {n}")), str(uid(f"{cycle} {n} part"))
            yield order("set_objective", id=goal, cycle=uid(cycle), title=me, team=team)
            yield order("add_key_result", id=part, objective=goal, title=me, measure=METRIC)
            yield order("check_in", id=uid(f"{cycle} {n} said"), key_result=part, value=n, note=me)
            yield order("start_initiative", key_result=part, title=me)
            yield order("link_kpi", key_result=part, kpi=uid(f"kpi {n}"))


@pytest.fixture
def reading(company: Any) -> Iterator[Reading]:
    company.ledger.execute_all(list(orders(company.uid)))
    with projecting(company.database, company.recorder) as (projector, books):
        projector.start()
        books.wait_for(company.recorder.head().position, 60)
        with books.reading() as reading:
            yield reading


def test_a_list_of_few_and_of_many_sends_equally_many_statements(reading: Reading, company: Any):
    for kind in questions.FILTERS:
        equally(reading, partial(questions.listing, reading, kind, {}, after=None, personal=True), FEW, MANY)
    # These ask once for each kind of thing that a page is about, and a short page is not about all of them.
    equally(reading, partial(questions.events, reading, {}, after=0), MANY, 3 * MANY)
    equally(reading, partial(questions.audit, reading, {}, after=None), MANY, 3 * MANY)
    equally(reading, partial(questions.replay, reading, company.uid("many"), after=None), MANY, 3 * MANY)


def equally(reading: Reading, ask: Callable[..., Any], few: int, many: int) -> None:
    assert 0 < sent(reading, partial(ask, limit=few)) == sent(reading, partial(ask, limit=many)), ask
    assert (len(ask(limit=few).items), len(ask(limit=many).items)) == (few, many), ask


def test_a_board_of_few_and_of_many_sends_equally_many_statements(reading: Reading, company: Any):
    few, many = company.uid("few"), company.uid("many")
    asked: dict[str, Callable[..., Any]] = {
        "board": partial(questions.board, reading),
        "board, written": partial(questions.written_board, reading),
        "board of a team": partial(questions.team_board, reading, company.uid("team 0")),
        "series": partial(questions.cycle_series, reading, step="week"),
        "seals": partial(questions.seals, reading),
        "goalposts": partial(questions.goalposts, reading),
    }
    for name, ask in asked.items():
        assert 0 < sent(reading, partial(ask, few)) == sent(reading, partial(ask, many)), name
    sparing = sent(reading, partial(questions.written_board, reading, few))
    assert sparing == sent(reading, partial(questions.written_board, reading, many)), "board, written again"
    assert [len(questions.board(reading, cycle)["objectives"]) for cycle in (few, many)] == [FEW, MANY]
