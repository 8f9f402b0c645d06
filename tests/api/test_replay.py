"""The replay of a cycle over HTTP: in pages, as a stream of lines, on both clocks, and its picture."""

import json
from decimal import Decimal
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree

from api.shapes import Frame
from tests.support.builders import uid
from tests.support.http import HEAD, Api, done

REPLAY = "/cycles/2026-Q1/replay"
LINES = {"Accept": "application/x-ndjson"}
CHECK_INS = f"/key-results/{uid('revenue')}/check-ins"


def lines(api: Api, path: str = REPLAY) -> list[dict[str, Any]]:
    answer = api.get(path, LINES)
    assert (answer.status, answer.type) == (200, "application/x-ndjson"), answer
    assert answer.raw.endswith(b"\n")
    return [json.loads(line, parse_float=Decimal) for line in answer.raw.splitlines()]


def test_every_frame_has_its_shape_and_the_scores_are_a_chain(unchanged: Api):
    frames = done(unchanged.get(REPLAY))["items"]
    for frame in frames:
        Frame.model_validate_json(json.dumps(frame, default=str))
    assert [frame["type"] for frame in frames] == [
        "cycle.planned",
        "cycle.opened",
        "objective.set",
        "key_result.added",
        "key_result.checked_in",
        "initiative.started",
    ]
    assert [frame["score_after"] for frame in frames] == [None, None, None, 0, Decimal("0.4"), Decimal("0.4")]
    assert [frame["score_before"] for frame in frames[1:]] == [frame["score_after"] for frame in frames[:-1]]
    assert frames[0]["score_before"] is None


def test_page_by_page_it_is_the_same_frames(unchanged: Api):
    whole, after, frames = done(unchanged.get(REPLAY)), "", []
    assert whole["next"] is None
    while after is not None:
        page = done(unchanged.get(f"{REPLAY}?limit=2" + (f"&after={after}" if after else "")))
        frames += page["items"]
        after = page["next"]
    assert frames == whole["items"]
    assert unchanged.get(f"{REPLAY}?limit=501").pointers == ["/query/limit"]
    assert unchanged.get(f"{REPLAY}?after=soon").pointers == ["/query/after"]


def test_as_lines_it_is_the_same_frames_in_one_go(unchanged: Api):
    page = done(unchanged.get(f"{REPLAY}?limit=2"))
    whole = done(unchanged.get(REPLAY))["items"]
    assert lines(unchanged) == lines(unchanged, f"{REPLAY}?limit=2") == whole
    assert lines(unchanged, f"{REPLAY}?after={page['next']}") == whole[2:]
    answer = unchanged.get(REPLAY, LINES)
    assert answer.position == HEAD
    assert (answer.headers["Vary"], answer.headers["Cache-Control"]) == ("Accept, Accept-Encoding", "private, no-cache")
    assert unchanged.get(REPLAY, {"Accept": "application/json, application/x-ndjson;q=0.5"}).type == "application/json"


def test_what_cannot_be_answered_is_a_problem_before_the_first_line(unchanged: Api):
    for headers in ({}, LINES):
        assert unchanged.get(f"/cycles/{uuid4()}/replay", headers).slug == "not_found"
        assert unchanged.get("/cycles/2031-Q1/replay", headers).slug == "not_found"
        assert unchanged.get(f"{REPLAY}?valid_at=2020-01-01", headers).slug == "not_found"
        assert unchanged.get(f"{REPLAY}?as_of=999", headers).slug == "as_of_beyond_head"
        assert unchanged.get(f"{REPLAY}?after=soon", headers).pointers == ["/query/after"]
        assert unchanged.get(REPLAY, headers | {"Min-Position": "x"}).slug == "invalid"
    assert unchanged.with_key(None).get(REPLAY, LINES).status == 401


def test_streams_let_go_of_their_snapshots(unchanged: Api):
    """More of them than there are connections, one after the other; refused ones as well."""
    for _ in range(30):
        assert len(lines(unchanged)) == 6
        assert unchanged.get(f"{REPLAY}?after=soon", LINES).status == 422
        assert unchanged.get("/cycles/2031-Q1/replay", LINES).status == 404


def test_it_is_of_both_clocks(at_work: Api):
    before = lines(at_work)
    then = before[-1]["effective_at"]
    late = done(at_work.post(CHECK_INS, value=80, note="it had been 80 by then", effective_at=then))
    now = lines(at_work)
    assert lines(at_work, f"{REPLAY}?as_of={HEAD}&valid_at={then}") == before
    assert [frame["position"] for frame in now] == [*(frame["position"] for frame in before), HEAD + 1]
    assert (now[-1]["effective_at"], now[-1]["score_after"]) == (then, Decimal("0.8"))
    assert now[-1]["recorded_at"] == late["as_of"]["recorded_at"]
    until = f"{REPLAY}?as_of={HEAD + 1}&valid_at={before[1]['effective_at']}"
    assert [frame["type"] for frame in lines(at_work, until)] == ["cycle.planned", "cycle.opened"]


def test_a_correction_is_told_where_the_check_in_was(at_work: Api):
    done(at_work.post(f"/check-ins/{uid('monday')}/correct", value=30, reason="ten counted twice"))
    frames = lines(at_work)
    said = next(n for n, frame in enumerate(frames) if frame["type"] == "key_result.checked_in")
    corrected = frames[said + 1]
    assert corrected["effective_at"] == frames[said]["effective_at"]
    assert (corrected["score_before"], corrected["score_after"]) == (Decimal("0.4"), Decimal("0.3"))
    value = {"kind": "check_in", "id": str(uid("monday")), "field": "value", "old": 40, "new": 30}
    assert value in corrected["changes"]
    assert corrected["reason"] == "ten counted twice"


def test_measurements_are_told_once_they_count_each_at_its_own_time(at_work: Api):
    done(at_work.patch("/cycles/2026-Q1", ends_on="2999-12-31", reason="a test has no calendar"))
    done(at_work.put(f"/key-results/{uid('revenue')}/kpi", kpi=uid("signups")))
    linked = lines(at_work)[-1]
    assert (linked["type"], linked["score_after"]) == ("key_result.kpi_linked", Decimal("0.08"))
    today = linked["effective_at"][:10]
    done(at_work.put(f"/kpis/{uid('signups')}/measurements/{today}", value=50))
    measured = lines(at_work)[-1]
    assert (measured["type"], measured["summary"]) == (
        "measurements.recorded",
        f"“signups”: the value for {today} was recorded: 50.",
    )
    assert measured["changes"] == [
        {"kind": "kpi", "id": str(uid("signups")), "field": today, "old": None, "new": 50},
        *(
            {"kind": kind, "id": str(uid(name)), "field": "score", "old": Decimal("0.08"), "new": Decimal("0.5")}
            for kind, name in (("key_result", "revenue"), ("objective", "grow"))
        ),
    ]


def test_a_redacted_reason_is_shown_as_such(at_work: Api):
    dropped = at_work.post(f"/objectives/{uid('grow')}/drop", reason="Mr Smith left us")
    done(at_work.post(f"/events/{dropped.position}/redact", field="reason", reason="a name"))
    last = lines(at_work)[-1]
    assert last["type"] == "objective.dropped"
    assert (last["reason"]["redacted"], last["reason"]["reason"]) == (True, "a name")
    assert (last["score_before"], last["score_after"]) == (Decimal("0.4"), None)


# --- the picture

SVG = "{http://www.w3.org/2000/svg}"


def picture(api: Api, path: str = f"{REPLAY}.svg") -> tuple[list[str], str]:
    """The texts in the picture, and its description."""
    answer = api.get(path)
    assert (answer.status, answer.type) == (200, "image/svg+xml; charset=utf-8"), answer
    root = ElementTree.fromstring(answer.raw)
    assert root.findtext(f"{SVG}title") == "2026-Q1: how it went"
    return [str(each.text) for each in root.iter(f"{SVG}text")], str(root.findtext(f"{SVG}desc"))


def test_the_picture_marks_what_happened_and_says_it_in_words(at_work: Api):
    texts, description = picture(at_work)
    assert {"score", "expected"} <= set(texts)
    assert not {"goalpost moved", "dropped", "corrected", "closed"} & set(texts)
    head = done(at_work.get("/ledger"))["position"]
    measure = {"type": "metric", "baseline": 0, "target": 80}
    done(at_work.patch(f"/key-results/{uid('revenue')}", measure=measure, reason="too far <&>"))
    done(at_work.post(f"/check-ins/{uid('monday')}/correct", value=30, reason="ten counted twice"))
    done(at_work.post(f"/key-results/{uid('revenue')}/drop", reason="no way to measure it"))
    done(at_work.post("/cycles/2026-Q1/close"))
    texts, description = picture(at_work)
    assert {"goalpost moved", "dropped", "corrected", "closed"} <= set(texts)
    changed = "“revenue”: target changed from 100 to 80."
    for words in ("Goalpost moved: ", changed, "Dropped: ", "Corrected: ", "Closed: "):
        assert words in description
    then = picture(at_work, f"{REPLAY}.svg?as_of={head}")
    assert "closed" not in then[0] and "Closed" not in then[1]


def test_the_picture_is_the_same_bytes_and_not_sent_twice(unchanged: Api):
    path = f"{REPLAY}.svg?as_of={HEAD}&valid_at={lines(unchanged)[-1]['effective_at']}"
    first = unchanged.get(path)
    assert first.raw == unchanged.get(path).raw
    assert unchanged.get(path, {"If-None-Match": first.etag}).status == 304
    assert unchanged.get("/cycles/2031-Q1/replay.svg").slug == "not_found"
