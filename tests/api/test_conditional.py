"""If-None-Match: every GET of the document is 304 for who has its answer, and none when its body may have changed."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.test_access import CHECK_IN, CYCLE, KEY, KEY_RESULT, KPI, OBJECTIVE, TABLE, TEAM
from tests.support.builders import uid
from tests.support.http import HEAD, Api, done

MEMBER, INITIATIVE = f"/members/{uid('ada')}", f"/initiatives/{uid('campaign')}"

# What a resource's own ETag, `"N"`, does not tell of: its score, its health, what the asker may see.
SAYS_MORE_THAN_ITS_EVENTS = {"get_cycle", "get_objective", "get_key_result", "get_kpi", "get_member", "get_key"}
# These say what is so at the moment of asking, and are outside /v1.
NEVER_THE_SAME = {"get_health", "get_readiness"}
# Other forms of an answer, which have tags of their own.
STREAMS = ((f"{CYCLE}/replay", "application/x-ndjson"), ("/audit", "text/csv"))
REPORT = f"{TEAM}/report?from=1&to={HEAD}&to_valid=2026-12-31"  # else it ends at a new now each time
OTHERS = (*STREAMS, (f"{KPI}/series", "text/csv"), (REPORT, "text/markdown"))
FIXED = f"?as_of={HEAD}&valid_at=2026-12-31"


@pytest.fixture(scope="module")
def gets(unchanged: Api) -> dict[str, dict[str, Any]]:
    """The GET operations of the document, by operationId."""
    paths = json.loads(unchanged.send("GET", "/openapi.json").raw)["paths"]
    return {methods["get"]["operationId"]: methods["get"] for methods in paths.values() if "get" in methods}


def addresses(api: Api) -> Iterator[tuple[str, str]]:
    """operationId and address, of everything that reads; a key of an id that there is."""
    key = done(api.post("/keys", role="reader"))["id"]
    for name, (method, path, _, _) in TABLE.items():
        if method == "GET":
            yield name, REPORT if name == "get_team_report" else path.replace(KEY, f"/keys/{key}")


def test_every_get_is_304_for_who_has_it_unless_its_tag_says_too_little(at_work: Api, gets: dict[str, Any]):
    """A new endpoint is walked with `TABLE`, and fails here if it has no ETag or never answers 304."""
    seen = set()
    for name, path in addresses(at_work):
        first = at_work.get(path)
        again = at_work.get(path, {"If-None-Match": f'"0", {first.etag}'})
        assert (again.status == 200) == (name in SAYS_MORE_THAN_ITS_EVENTS), (name, again)
        if again.status == 304:
            assert (again.raw, again.etag) == (b"", first.etag), name
            for header in ("Cache-Control", "Ledger-Position", "Vary", "Content-Security-Policy"):
                assert again.headers.get(header) == first.headers.get(header), (name, header)
        assert at_work.get(path, {"If-None-Match": '"0"'}).status == 200, name
        seen.add(name)
    assert seen == set(gets) - NEVER_THE_SAME


def test_the_document_says_so_of_every_get(gets: dict[str, dict[str, Any]]):
    for name, operation in gets.items():
        says = {"$ref": "#/components/parameters/If-None-Match"} in operation.get("parameters", ())
        assert says == ("304" in operation["responses"]) == (name not in NEVER_THE_SAME), name


@pytest.mark.parametrize(("path", "form"), OTHERS)
def test_every_form_of_an_answer_is_304_too_and_by_a_tag_of_its_own(unchanged: Api, path: str, form: str):
    first = unchanged.get(path, {"Accept": form})
    assert (first.status, first.type.partition(";")[0]) == (200, form)
    assert first.etag != unchanged.get(path).etag
    again = unchanged.get(path, {"Accept": form, "If-None-Match": first.etag})
    assert (again.status, again.raw, again.etag) == (304, b"", first.etag)


def test_the_openapi_document_is_304_too(unchanged: Api):
    first = unchanged.send("GET", "/openapi.json")
    assert unchanged.send("GET", "/openapi.json", If_None_Match=first.etag).status == 304


def test_a_resource_is_304_where_position_and_valid_at_are_given(unchanged: Api):
    for path in (CYCLE, OBJECTIVE, KEY_RESULT, KPI, TEAM, CHECK_IN, INITIATIVE):
        etag = unchanged.get(path + FIXED).etag
        assert unchanged.get(path + FIXED, {"If-None-Match": etag}).status == 304, path


@pytest.mark.parametrize("clocks", ["?as_of={day}&valid_at={day}", f"?as_of={HEAD}", "?valid_at=2026-12-31"])
def test_it_is_not_while_a_clock_may_still_move(unchanged: Api, clocks: str):
    """A day that is `now` as long as it lasts, included: whoever asked in the morning has another body."""
    day = unchanged.get("/events?limit=1").body["items"][0]["time"][:10]
    path = OBJECTIVE + clocks.format(day=day)
    assert unchanged.get(path, {"If-None-Match": unchanged.get(path).etag}).status == 200


def test_a_member_is_never_304_since_who_asks_reads_another_body(at_work: Api):
    reader = at_work.as_("reader")
    for path in (MEMBER, MEMBER + FIXED):
        seen = reader.get(path)
        again = at_work.get(path, {"If-None-Match": seen.etag})
        assert (again.status, again.etag) == (200, seen.etag)
        assert (seen.body["email"], again.body["email"]) == (None, "ada@example.com")


def test_a_score_that_changed_is_shown_though_the_tag_is_the_same(at_work: Api):
    before = at_work.get(OBJECTIVE)
    done(at_work.post(f"{KEY_RESULT}/check-ins", value=90))
    after = at_work.get(OBJECTIVE, {"If-None-Match": before.etag})
    assert (after.status, after.etag) == (200, before.etag)
    assert after.body["score"] != before.body["score"]


def test_what_changed_by_its_own_events_is_shown(at_work: Api):
    for path, change in (
        (TEAM, lambda: at_work.put(f"{TEAM}/members/{uid('cyd')}")),
        (CHECK_IN, lambda: at_work.post(f"{CHECK_IN}/correct", value=41, reason="x")),
        (INITIATIVE, lambda: at_work.patch(INITIATIVE, state="done")),
    ):
        etag = at_work.get(path).etag
        done(change())
        assert at_work.get(path, {"If-None-Match": etag}).status == 200, path


def test_a_text_that_was_redacted_is_not_hidden_by_any_tag(at_work: Api):
    asked = ((CHECK_IN, ""), (CHECK_IN + FIXED, ""), (f"{CHECK_IN}/history", ""), *STREAMS)
    tags = [at_work.get(path, {"Accept": form}).etag for path, form in asked]
    note = next(e for e in at_work.get("/events").body["items"] if e["type"] == "key_result.checked_in")
    done(at_work.post(f"/events/{note['position']}/redact", field="note", reason="x"))
    for (path, form), etag in zip(asked, tags, strict=True):
        assert at_work.get(path, {"Accept": form, "If-None-Match": etag}).status == 200, (path, form)


def test_the_whole_of_a_fixed_objective_is_shown_once_a_text_in_it_was_redacted(at_work: Api):
    """Its statement names its key results, whose titles are not told by its own events."""
    path = OBJECTIVE + FIXED
    before = at_work.get(path)
    added = next(e for e in at_work.get("/events").body["items"] if e["type"] == "key_result.added")
    done(at_work.post(f"/events/{added['position']}/redact", field="title", reason="x"))
    after = at_work.get(path, {"If-None-Match": before.etag})
    assert (after.status, after.etag) == (200, before.etag)
    assert after.body["statement"] != before.body["statement"]


def test_a_stream_that_is_not_sent_lets_go_of_its_snapshot(unchanged: Api):
    """As many as the pool has connections, and more: none is kept."""
    path, form = STREAMS[0]
    etag = unchanged.get(path, {"Accept": form}).etag
    for _ in range(15):
        assert unchanged.get(path, {"Accept": form, "If-None-Match": etag}).status == 304
