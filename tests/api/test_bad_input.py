"""Bad input: a clear problem each, with the place at fault, and nothing appended."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.support.builders import uid
from tests.support.http import METRIC, Api, done

KR, OBJECTIVE = f"/key-results/{uid('revenue')}", f"/objectives/{uid('grow')}"
CHECK_INS, KEY_RESULTS = f"{KR}/check-ins", f"{OBJECTIVE}/key-results"
QUARTER = {"label": "2027-Q1", "kind": "quarter", "starts_on": "2027-01-01", "ends_on": "2027-03-31"}


@pytest.fixture
def refusing(unchanged: Api) -> Iterator[Api]:
    """Whatever is sent, nothing is recorded."""
    before = done(unchanged.get("/ledger"))["position"]
    yield unchanged
    assert done(unchanged.get("/ledger"))["position"] == before


def measured(**measure: Any) -> dict[str, Any]:
    return {"title": "x", "measure": measure}


BODIES: list[tuple[str, str, dict[str, Any], int, str, list[str]]] = [
    # unknown fields and ids
    ("POST", "/teams", {"name": "Web", "colour": "red"}, 422, "invalid", ["/colour"]),
    ("POST", "/cycles/2026-Q1/open", {"cycle": "2026-Q1"}, 422, "invalid", ["/cycle"]),
    ("POST", "/teams", {"name": "Web", "parent": str(uid("none"))}, 404, "not_found", ["/parent"]),
    ("POST", "/objectives", {"cycle": "2026-Q1", "title": "x", "owner": str(uid("none"))}, 404, "not_found",
     ["/owner"]),
    ("PATCH", f"/objectives/{uid('none')}", {"title": "x"}, 404, "not_found", ["/path/objective"]),
    ("POST", f"/check-ins/{uid('none')}/retract", {"reason": "x"}, 404, "not_found", ["/path/check_in"]),
    ("POST", "/events/99/redact", {"field": "note", "reason": "x"}, 404, "not_found", []),
    ("POST", "/events/11/redact", {"field": "value", "reason": "x"}, 422, "invalid", ["/field"]),
    ("PATCH", "/objectives/grow", {"title": "x"}, 422, "invalid", ["/path/objective"]),
    ("POST", "/events/0/redact", {"field": "note", "reason": "x"}, 422, "invalid", ["/path/position"]),
    # missing fields and wrong types
    ("POST", "/cycles", {"label": "x"}, 422, "invalid", ["/kind", "/starts_on", "/ends_on"]),
    ("POST", "/teams", {"name": 5}, 422, "invalid", ["/name"]),
    ("POST", "/teams", {"name": None}, 422, "invalid", ["/name"]),
    ("POST", "/cycles", QUARTER | {"check_in_every_days": "7"}, 422, "invalid", ["/check_in_every_days"]),
    ("POST", "/cycles", QUARTER | {"check_in_every_days": 7.5}, 422, "invalid", ["/check_in_every_days"]),
    ("POST", "/objectives", {"cycle": "2026-Q1", "title": "x", "tags": "a"}, 422, "invalid", ["/tags"]),
    ("POST", "/objectives", {"cycle": "2026-Q1", "title": "x", "tags": ["a", 1]}, 422, "invalid", ["/tags/1"]),
    ("POST", CHECK_INS, {"value": True}, 422, "invalid", ["/value"]),
    ("POST", CHECK_INS, {"value": "many"}, 422, "invalid", ["/value"]),
    ("POST", CHECK_INS, {"confidence": 11}, 422, "invalid", ["/confidence"]),
    ("POST", CHECK_INS, {"done": True}, 422, "invalid", ["/done"]),
    ("POST", KEY_RESULTS, measured(type="guess"), 422, "invalid", ["/measure"]),
    ("POST", KEY_RESULTS, measured(type="metric", baseline=0), 422, "invalid", ["/measure/target"]),
    ("POST", KEY_RESULTS, measured(type="threshold", operator="between", low=5, high=4), 422, "invalid",
     ["/measure/high"]),
    ("POST", KEY_RESULTS, measured(type="milestones", milestones=[{"title": "a"}, {"title": ""}]), 422, "invalid",
     ["/measure/milestones/1/title"]),
    ("PATCH", KR, {"measure": {"type": "zones", "commit": "a"}, "reason": "x"}, 422, "invalid",
     ["/measure/target", "/measure/stretch"]),
    # numbers
    ("POST", CHECK_INS, {"value": "1" * 29}, 422, "invalid", ["/value"]),
    ("POST", CHECK_INS, {"value": "0.1234567890123"}, 422, "invalid", ["/value"]),
    ("POST", CHECK_INS, {"value": "NaN"}, 422, "invalid", ["/value"]),
    ("POST", CHECK_INS, {"value": "Infinity"}, 422, "invalid", ["/value"]),
    ("POST", OBJECTIVE + "/grade", {"score": -0.1}, 422, "invalid", ["/score"]),
    ("POST", KEY_RESULTS, measured(type="metric", baseline=5, target="5.0"), 422, "invalid", ["/measure/target"]),
    # texts
    ("POST", "/teams", {"name": ""}, 422, "invalid", ["/name"]),
    ("POST", "/teams", {"name": "   "}, 422, "invalid", ["/name"]),
    ("POST", "/teams", {"name": "x" * 501}, 422, "invalid", ["/name"]),
    ("POST", CHECK_INS, {"note": "x" * 20_001}, 422, "invalid", ["/note"]),
    ("POST", "/teams", {"name": "a\0b"}, 422, "invalid", ["/name"]),
    ("POST", "/teams", {"name": "half \ud83d"}, 422, "invalid", ["/name"]),
    ("POST", "/teams", {"name": "x", "half \ud83d": 1}, 422, "invalid", [""]),
    ("POST", "/members", {"name": "x", "kind": "person", "email": "nowhere"}, 422, "invalid", ["/email"]),
    ("POST", f"{KR}/initiatives", {"title": "x", "url": "javascript:alert(1)"}, 422, "invalid", ["/url"]),
    # dates
    ("POST", "/cycles", QUARTER | {"ends_on": "2027-02-30"}, 422, "invalid", ["/ends_on"]),
    ("POST", "/cycles", QUARTER | {"ends_on": "2026-12-31"}, 422, "invalid", ["/ends_on"]),
    ("POST", "/cycles", QUARTER | {"ends_on": 20270331}, 422, "invalid", ["/ends_on"]),
    ("POST", CHECK_INS, {"effective_at": "2026-03-31"}, 422, "invalid", ["/effective_at"]),
    ("POST", CHECK_INS, {"effective_at": "2026-03-31T12:00:00"}, 422, "invalid", ["/effective_at"]),
    ("POST", CHECK_INS, {"effective_at": "2999-01-01T00:00:00Z"}, 422, "effective_in_future", ["/effective_at"]),
    ("POST", CHECK_INS, {"effective_at": "2020-01-01T00:00:00Z"}, 422, "effective_too_early", ["/effective_at"]),
    # rules
    ("POST", "/cycles", QUARTER | {"label": "2026-Q1"}, 409, "label_taken", []),
    ("POST", "/cycles", QUARTER | {"label": "2026/Q1"}, 422, "invalid", ["/label"]),
    ("POST", "/cycles", QUARTER | {"scoring": "guess"}, 422, "unknown_policy", ["/scoring"]),
    ("PATCH", OBJECTIVE, {"weight": 2}, 422, "reason_required", ["/reason"]),
    ("PATCH", OBJECTIVE, {"aligned_to": str(uid("revenue"))}, 409, "alignment_loop", []),
    ("POST", f"{OBJECTIVE}/move", {"cycle": "2031-Q1"}, 404, "not_found", ["/cycle"]),
    ("POST", f"{OBJECTIVE}/carry-forward", {"to_cycle": "2026-Q1", "baseline": "restart"}, 409, "same_cycle", []),
    ("PATCH", f"/teams/{uid('core')}", {"parent": str(uid("core"))}, 409, "team_loop", []),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body", "status", "slug", "pointers"), BODIES)
def test_a_payload_at_fault(
    refusing: Api, method: str, path: str, body: Any, status: int, slug: str, pointers: list[str]
):
    answer = refusing.send(method, f"/v1{path}", json.dumps(body).encode())
    assert (answer.status, answer.slug, answer.pointers) == (status, slug, pointers), answer
    assert len(answer.body["detail"]) > 10


RAW: list[tuple[bytes, int, str]] = [
    (b"{", 400, "is not JSON"),
    (b'{"value": 1} x', 400, "is not JSON"),
    (b"{'value': 1}", 400, "is not JSON"),
    (b'{"value": NaN}', 400, "NaN"),
    (b'{"value": Infinity}', 400, "Infinity"),
    (b'{"value": -Infinity}', 400, "-Infinity"),
    (b'{"value": 1, "value": 2}', 400, "'value' twice"),
    (b'{"value": 1e99999999999999999999}', 400, "out of range"),
    (b'{"value": 1e999}', 422, "digits"),
    (b'{"value": ' + b"9" * 100_000 + b"}", 422, "digits"),
    (b'{"note": "\xff"}', 400, "UTF-8"),
    (b'\xef\xbb\xbf{"value": 1}', 400, "is not JSON"),
    (b"[" * 100_000, 400, "nested too deeply"),
    (b'{"value": ' + b"[" * 40 + b"]" * 40 + b"}", 400, "nested"),
    (b"[]", 422, "must be an object"),
    (b"null", 422, "must be an object"),
    (b'"text"', 422, "must be an object"),
]


@pytest.mark.parametrize(("content", "status", "words"), RAW, ids=range(len(RAW)))
def test_a_body_that_is_no_object_of_json(refusing: Api, content: bytes, status: int, words: str):
    answer = refusing.send("POST", f"/v1{CHECK_INS}", content)
    assert answer.status == status, answer
    assert words in answer.body["detail"]
    assert answer.slug == ("malformed" if status == 400 else "invalid")


@pytest.mark.parametrize(
    ("content_type", "more"),
    [
        ("text/plain", {}),
        ("application/x-www-form-urlencoded", {}),
        ("", {}),
        ("application/merge-patch+json", {}),
        ("application/json; charset=latin-1", {}),
        ("application/json", {"Content_Encoding": "gzip"}),
    ],
)
def test_a_body_of_another_type(refusing: Api, content_type: str, more: dict[str, str]):
    answer = refusing.send("POST", f"/v1{CHECK_INS}", b"{}", Content_Type=content_type, **more)
    assert (answer.status, answer.slug) == (415, "unsupported_media_type")


def test_a_body_over_5_mb(refusing: Api):
    path, rest = f"/v1{CHECK_INS}", 5_000_000 - len('{"note":""}')
    too_large = refusing.send("POST", path, b'{"note":"%s"}' % (b"x" * (rest + 1)))
    assert (too_large.status, too_large.slug) == (413, "too_large")
    assert refusing.send("POST", path, b'{"note":"%s"}' % (b"x" * rest)).pointers == ["/note"]
    lying = refusing.send("POST", path, b"{}", Content_Length="99999999999999999999999999")
    assert lying.status == 413


def test_a_payload_with_many_faults_is_answered_briefly(refusing: Api):
    answer = refusing.post("/teams", name="x", **{f"field{n}": n for n in range(10_000)})
    assert (answer.status, len(answer.pointers)) == (422, 50)


def test_parameters_are_not_taken_where_there_are_none(refusing: Api):
    assert refusing.post("/teams?dry_run=1", name="x").pointers == ["/query/dry_run"]
    assert refusing.get(f"{OBJECTIVE}?a~b/c=1").pointers == ["/query/a~0b~1c"]


def test_on_behalf_of_nobody(refusing: Api):
    for member, status in ((str(uuid4()), 422), ("ada", 422)):
        answer = refusing.post(CHECK_INS, {"On-Behalf-Of": member}, value=1)
        assert (answer.status, answer.pointers) == (status, ["/header/on-behalf-of"])


def test_a_check_in_before_its_key_result(at_work: Api):
    made = done(at_work.post(KEY_RESULTS, title="new", measure=METRIC))
    instant = done(at_work.get("/events?limit=1"))["items"][0]["recordedat"]
    answer = at_work.post(f"/key-results/{made['id']}/check-ins", value=1, effective_at=instant)
    assert answer.slug == "effective_too_early"


def test_goals_of_a_closed_cycle_and_dropped_things_do_not_change(at_work: Api):
    done(at_work.post(f"{KR}/drop", reason="x"))
    assert at_work.post(CHECK_INS, value=1).slug == "dropped"
    done(at_work.post("/cycles/2026-Q1/close"))
    for answer in (
        at_work.post(CHECK_INS, value=1),
        at_work.patch(OBJECTIVE, title="x"),
        at_work.post(KEY_RESULTS, title="x", measure=METRIC),
        at_work.post("/objectives", cycle="2026-Q1", title="x"),
        at_work.post("/cycles/2026-Q1/open"),
    ):
        assert (answer.status, answer.slug) == (409, "cycle_closed")
