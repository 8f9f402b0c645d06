"""Why a score changed, where the goalposts were moved, and what if, over HTTP."""

from decimal import Decimal
from uuid import uuid4

import pytest

from api import shapes
from tests.support.builders import uid
from tests.support.http import METRIC, Api, done

CYCLE, OBJECTIVE, KEY_RESULT = "/cycles/2026-Q1", f"/objectives/{uid('grow')}", f"/key-results/{uid('revenue')}"
ALL = (CYCLE, OBJECTIVE, KEY_RESULT)
PARTS = ["value", "goalpost", "weight", "structure", "correction", "policy"]


def head(api: Api) -> int:
    return int(done(api.get("/ledger"))["position"])


@pytest.fixture
def moved(at_work: Api) -> tuple[Api, int]:
    """The target lowered to 80, a check-in of 60, corrected to 56; and the position before."""
    before = head(at_work)
    done(at_work.patch(KEY_RESULT, measure={"target": 80}, reason="the market shrank"))
    done(at_work.post(f"{KEY_RESULT}/check-ins", id=uid("tuesday"), value=60))
    done(at_work.post(f"/check-ins/{uid('tuesday')}/correct", value=56, reason="four were counted twice"))
    return at_work, before


# --- explain


@pytest.mark.parametrize("of", ALL)
def test_the_parts_of_a_change_add_up_to_it(moved: tuple[Api, int], of: str):
    """The example of docs/explain.md."""
    api, before = moved
    answer = api.get(f"{of}/explain?from={before}")
    found = done(answer)
    shapes.Explained.model_validate_json(answer.raw)
    assert (found["from"]["score"], found["to"]["score"], found["change"]) == (D("0.4"), D("0.7"), D("0.3"))
    assert list(found["parts"]) == PARTS
    assert found["parts"] == {
        "value": D("0.201666"),
        "goalpost": D("0.121667"),
        "weight": 0,
        "structure": 0,
        "correction": D("-0.023333"),
        "policy": 0,
    }
    assert found["from"]["as_of"]["position"] == before
    assert answer.position == found["to"]["as_of"]["position"] == head(api)


def test_the_same_ends_explain_nothing(moved: tuple[Api, int]):
    api, before = moved
    for of in ALL:
        found = done(api.get(f"{of}/explain?from={before}&to={before}"))
        assert (found["change"], set(found["parts"].values())) == (0, {0})


def test_a_past_explanation_is_the_same_to_the_byte_whatever_comes_later(moved: tuple[Api, int]):
    api, before = moved
    path = f"{CYCLE}/explain?from={before}&to={head(api)}&from_valid=2999-01-01&to_valid=2999-01-01"
    first = api.get(path)
    done(api.post(f"{KEY_RESULT}/check-ins", value=99))
    again = api.get(path)
    assert (again.raw, again.etag) == (first.raw, first.etag)
    assert api.get(path, {"If-None-Match": first.etag}).status == 304


def test_what_cannot_be_explained_is_refused(moved: tuple[Api, int]):
    api, before = moved
    assert api.get(f"{CYCLE}/explain?from={before + 1}&to={before}").pointers == ["/query/from"]
    assert api.get(f"{CYCLE}/explain?from=99999").slug == "as_of_beyond_head"
    assert api.get(f"{CYCLE}/explain?from_valid=2026-02-30").pointers == ["/query/from_valid"]
    assert api.get("/cycles/2031-Q1/explain").status == 404
    for path in (f"/objectives/{uuid4()}", f"/key-results/{uuid4()}"):
        assert api.get(f"{path}/explain").status == 404
    early = api.get(f"{KEY_RESULT}/explain?from=1")
    assert (early.status, early.pointers) == (404, ["/query/from"])


# --- goalposts


def test_a_goalpost_says_who_moved_it_when_why_and_what_that_did(moved: tuple[Api, int]):
    api, before = moved
    answer = api.get(f"{CYCLE}/goalposts")
    shapes.Goalposts.model_validate_json(answer.raw)
    (item,) = done(answer)["items"]
    assert (item["old"], item["new"]) == (METRIC | {"unit": None}, METRIC | {"unit": None, "target": 80})
    assert item["position"] == before + 1
    assert (item["kind"], item["id"], item["field"]) == ("key_result", str(uid("revenue")), "measure")
    assert (item["reason"], item["score_effect"]) == ("the market shrank", D("0.1"))
    assert list(item) == [
        *("position", "effective_at", "actor", "kind", "id", "field", "old", "new", "reason", "score_effect")
    ]
    assert api.get(f"{CYCLE}/goalposts", {"If-None-Match": answer.etag}).status == 304
    assert done(api.get(f"{CYCLE}/goalposts?as_of={before}"))["items"] == []
    assert api.get("/cycles/2031-Q1/goalposts").status == 404


# --- what if


def test_what_if_is_the_board_under_an_assumption(moved: tuple[Api, int]):
    api, before = moved
    answer = api.post(f"{CYCLE}/what-if", without=[before + 1])
    found = done(answer)
    shapes.AssumedBoard.model_validate_json(answer.raw)
    board = done(api.get(f"{CYCLE}/board"))
    assert list(found) == [*board, "assumed", "change"]
    assert (found["score"], found["change"]) == (D("0.56"), D("-0.14"))
    assert found["assumed"] == {"policy": "linear-v1", "without": [before + 1]}
    assert answer.status == 200
    assert answer.position == head(api) == found["as_of"]["position"]


def test_it_takes_ids_of_events_and_both_clocks(moved: tuple[Api, int]):
    api, before = moved
    events = done(api.get(f"/events?after={before}"))["items"]
    by_id = done(api.post(f"{CYCLE}/what-if?as_of={before + 2}", without=[events[1]["id"]]))
    assert (by_id["score"], by_id["change"]) == (D("0.5"), D("-0.25"))
    assert by_id["as_of"]["position"] == before + 2


def test_under_the_other_policy_what_is_pending_does_not_count(moved: tuple[Api, int]):
    api, _ = moved
    done(api.post(f"{OBJECTIVE}/key-results", title="untouched", measure=METRIC))
    found = done(api.post(f"{CYCLE}/what-if", policy="linear-measured-v1"))
    assert (found["score"], found["change"]) == (D("0.7"), D("0.35"))
    assert (found["cycle"]["scoring"], found["assumed"]["without"]) == ("linear-measured-v1", [])


def test_a_cycle_may_be_planned_with_it(at_work: Api):
    quarter = {"label": "2026-Q2", "kind": "quarter", "starts_on": "2026-04-01", "ends_on": "2026-06-30"}
    planned = done(at_work.post("/cycles", **quarter, scoring="linear-measured-v1"))
    assert planned["scoring"] == "linear-measured-v1"
    goal = done(at_work.post("/objectives", cycle="2026-Q2", title="measured"))["id"]
    for title in ("one", "other"):
        part = done(at_work.post(f"/objectives/{goal}/key-results", title=title, measure=METRIC))["id"]
    pending = done(at_work.get("/cycles/2026-Q2/board"))
    assert (pending["score"], pending["objectives"][0]["progress"]) == (None, None)
    done(at_work.post(f"/key-results/{part}/check-ins", value=60))
    assert done(at_work.get("/cycles/2026-Q2/board"))["score"] == D("0.6")


def test_nothing_is_stored_and_a_reader_may_ask(moved: tuple[Api, int]):
    api, before = moved
    reader = api.as_("reader")
    stands, board = head(api), api.get(f"{CYCLE}/board?as_of={before}&valid_at=2999-01-01").raw
    assert reader.post(f"{CYCLE}/what-if", without=[before + 1]).status == 200
    assert head(api) == stands
    assert api.get(f"{CYCLE}/board?as_of={before}&valid_at=2999-01-01").raw == board


@pytest.mark.parametrize(
    ("body", "slug", "pointers"),
    [
        ({}, "invalid", [""]),
        ({"without": []}, "invalid", [""]),
        ({"policy": "best-v1"}, "unknown_policy", ["/policy"]),
        ({"without": [99999]}, "invalid", ["/without/0"]),
        ({"without": [1]}, "invalid", ["/without/0"]),
        ({"without": ["first"]}, "invalid", ["/without/0"]),
        ({"without": [0]}, "invalid", ["/without/0"]),
        ({"without": 5}, "invalid", ["/without"]),
        ({"without": [5] * 1001}, "invalid", ["/without"]),
        ({"within": [5]}, "invalid", ["/within"]),
    ],
)
def test_an_assumption_that_makes_no_sense_is_refused(unchanged: Api, body, slug, pointers):
    answer = unchanged.post(f"{CYCLE}/what-if", **body)
    assert (answer.status, answer.slug, answer.pointers) == (422, slug, pointers), answer


def test_the_clocks_of_an_assumption_stand_in_the_query(unchanged: Api):
    assert unchanged.post(f"{CYCLE}/what-if?as_of=99999", policy="linear-v1").pointers == ["/query/as_of"]
    assert unchanged.post(f"{CYCLE}/what-if?valid_at=soon", policy="linear-v1").pointers == ["/query/valid_at"]
    assert unchanged.post("/cycles/2031-Q1/what-if", policy="linear-v1").status == 404


def D(text: str) -> Decimal:
    return Decimal(text)
