"""A close fences off whatever comes with it, and is sealed though the server dies: what the seals say of it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from domain.cycle.decisions import CloseCycle
from ledger.orders import Order
from tests.api.conftest import serving
from tests.support.builders import uid
from tests.support.http import Api, done
from tests.support.postgres import Postgres

CYCLE, OBJECTIVE, KEY_RESULT = "/cycles/2026-Q1", f"/objectives/{uid('grow')}", f"/key-results/{uid('revenue')}"


def test_check_ins_that_come_with_a_close_are_before_it_or_refused(at_work: Api):
    """Twelve write and one closes, at the same moment, four times over."""
    for _ in range(4):
        _race(at_work)
        done(at_work.post(f"{CYCLE}/reopen", reason="the next round"))


def test_a_server_that_died_twice_seals_both_closes_when_it_is_back(
    postgres: Postgres, company_database: str, tmp_path: Path
):
    """It died before each seal; meanwhile the cycle was reopened and its goals were changed."""
    name = postgres.copy_of(company_database)
    try:
        with serving(postgres.url_of(name), tmp_path / "data") as api:
            close = Order(CloseCycle.model_validate({"cycle": "2026-Q1"}), uid("ada"))
            one = api.runtime.ledger.execute(close)
            done(api.post(f"{CYCLE}/reopen", reason="a slip"))
            done(api.post(f"{KEY_RESULT}/check-ins", value=70))
            other = api.runtime.ledger.execute(close)
            assert done(api.get(f"{CYCLE}/seals"))["items"] == []
        with serving(postgres.url_of(name), tmp_path / "data") as api:
            done(api.get("/cycles", {"Min-Position": str(other.position + 2)}))
            items = done(api.get(f"{CYCLE}/seals"))["items"]
        assert [seal["position"] for seal in items] == [one.position, other.position]
        assert [float(seal["score"]) for seal in items] == [0.4, 0.7]
    finally:
        postgres.drop(name)


def _race(api: Api) -> None:
    start = Barrier(13)

    def write(n: int) -> tuple[int, int]:
        start.wait()
        if n % 3 == 2:
            answer = api.post(f"{OBJECTIVE}/grade", score=n / 20)
        else:
            answer = api.post(f"{KEY_RESULT}/check-ins", value=n)
        if answer.status == 409:
            assert answer.slug == "cycle_closed"
        return answer.status, answer.position

    def close() -> None:
        start.wait()
        done(api.post(f"{CYCLE}/close"))

    with ThreadPoolExecutor(13) as pool:
        closing = pool.submit(close)
        answers = list(pool.map(write, range(12)))
        closing.result()
    seal = done(api.get(f"{CYCLE}/seals"))["items"][-1]
    assert {status for status, _ in answers} <= {200, 201, 409}
    # A check-in is a statement, and each is an event; a grade that stands already is none, and answers with the head.
    assert all(position < seal["position"] for status, position in answers if status == 201)
    later = done(api.get(f"/events?after={seal['position'] - 1}"))["items"]
    assert [event["type"] for event in later] == ["cycle.closed", "cycle.sealed"]
    board = done(api.get(f"{CYCLE}/board?as_of={seal['position']}&valid_at={seal['sealed_at']}"))
    (goal,) = board["objectives"]
    assert (seal["score"], seal["change"]) == (board["score"], 0)
    assert seal["objectives"] == [
        {
            **{name: goal[name] for name in ("id", "score", "grade")},
            "key_results": [
                {name: part[name] for name in ("id", "value", "score", "grade")} for part in goal["key_results"]
            ],
        }
    ]
