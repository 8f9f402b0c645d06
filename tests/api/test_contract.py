"""Section 3 of the contract, sentence by sentence: ids, conditions, idempotency, what asking twice does."""

import json
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest

from tests.support.builders import uid
from tests.support.http import METRIC, Api, done

CHECK_INS = f"/key-results/{uid('revenue')}/check-ins"
OBJECTIVE = f"/objectives/{uid('grow')}"


def head(api: Api) -> int:
    return int(done(api.get("/ledger"))["position"])


# --- numbers, ids, labels


def test_numbers_are_exact_as_numbers_and_as_strings(at_work: Api):
    for sent, shown in (
        (b"0.2", b"0.2"),
        (b'"0.30"', b"0.3"),
        (b"1e2", b"100"),
        (b"12345678901234567890.12", b"1234567890" * 2 + b".12"),
    ):
        answer = at_work.send("POST", f"/v1{CHECK_INS}", b'{"value": %s}' % sent)
        assert b'"value":%s,' % shown in answer.raw, answer


def test_scores_have_at_most_six_decimals_half_up(at_work: Api):
    measure = METRIC | {"target": 3}
    made = done(at_work.post(f"{OBJECTIVE}/key-results", title="third", measure=measure))
    done(at_work.post(f"/key-results/{made['id']}/check-ins", value=2))
    assert b'"score":0.666667,' in at_work.get(f"/key-results/{made['id']}").raw


def test_the_server_makes_ids_of_version_7(at_work: Api):
    made = at_work.post("/teams", name="Web")
    assert UUID(made.body["id"]).version == 7
    assert made.headers["Location"] == f"/v1/teams/{made.body['id']}"


def test_creating_again_under_the_same_id_is_what_already_is(at_work: Api):
    body = {"id": str(uuid4()), "name": "Web"}
    first = at_work.post("/teams", **body)
    before = head(at_work)
    again = at_work.post("/teams", **body)
    assert (first.status, again.status) == (201, 200)
    assert again.body | {"as_of": 0} == first.body | {"as_of": 0}
    assert "Location" not in again.headers
    assert at_work.post("/teams", **(body | {"name": "Mobile"})).slug == "id_taken"
    assert head(at_work) == before


def test_a_label_may_stand_wherever_a_cycle_s_id_may(at_work: Api):
    by_label, by_id = at_work.get("/cycles/2026-Q1"), at_work.get(f"/cycles/{uid('2026-Q1')}")
    assert by_label.body | {"expected": 0} == by_id.body | {"expected": 0}
    done(at_work.patch("/cycles/2026-Q1", ends_on="2026-12-30", reason="a holiday"))
    for cycle in ("2026-Q1", str(uid("2026-Q1"))):
        assert done(at_work.post("/objectives", cycle=cycle, title="more"))["cycle"] == str(uid("2026-Q1"))
    assert at_work.post("/cycles/2031-Q1/open").slug == "not_found"
    assert at_work.post("/objectives", cycle="2031-Q1", title="x").pointers == ["/cycle"]


# --- asking for what is


def test_asking_for_what_already_is_changes_nothing(at_work: Api):
    before = head(at_work)
    for answer in (
        at_work.post("/cycles/2026-Q1/open"),
        at_work.patch(OBJECTIVE, title="grow"),
        at_work.put(f"/teams/{uid('core')}/members/{uid('ada')}", role="lead"),
        at_work.delete(f"/teams/{uid('core')}/members/{uid('cyd')}"),
        at_work.patch(OBJECTIVE),
    ):
        assert (answer.status, answer.position) == (200, before), answer
    assert head(at_work) == before


def test_in_a_patch_null_clears_and_a_list_is_replaced_whole(at_work: Api):
    done(at_work.patch(OBJECTIVE, description="why", owner=uid("ada"), tags=["a", "b"]))
    changed = done(at_work.patch(OBJECTIVE, description=None, tags=["c"]))
    assert (changed["description"], changed["tags"], changed["owner"]) == (None, ["c"], str(uid("ada")))
    merge = {"Content_Type": "application/merge-patch+json; charset=utf-8"}
    assert at_work.send("PATCH", f"/v1{OBJECTIVE}", b'{"owner": null}', **merge).body["owner"] is None
    assert at_work.patch(OBJECTIVE, title=None).pointers == ["/title"]


def test_delete_takes_its_fields_as_query_parameters(at_work: Api):
    path = f"/teams/{uid('core')}/members/{uid('bob')}"
    assert at_work.delete(f"{path}?effective_at=2999-01-01T00:00:00Z").pointers == ["/query/effective_at"]
    assert at_work.delete(f"{path}?effective_at=tomorrow").pointers == ["/query/effective_at"]
    assert at_work.delete(f"{path}?reason=gone").pointers == ["/query/reason"]
    gone = done(at_work.delete(path))
    assert [each["member"] for each in gone["members"]] == [str(uid("ada"))]


def test_advice_is_in_the_answer_of_every_write(at_work: Api):
    assert done(at_work.post("/cycles/2026-Q1/open"))["advice"] == []
    alone = done(at_work.post("/objectives", cycle="2026-Q1", title="alone"))
    assert alone["advice"] == ["The objective has 0 key results; two to five measure it well."]


# --- conditions


def test_if_match_is_compared_with_the_etag(at_work: Api):
    etag = at_work.get(OBJECTIVE).etag
    changed = at_work.patch(OBJECTIVE, {"If-Match": etag}, title="one")
    assert changed.status == 200
    stale = at_work.patch(OBJECTIVE, {"If-Match": etag}, title="two")
    assert (stale.status, stale.slug) == (412, "stale")
    assert at_work.patch(OBJECTIVE, {"If-Match": f'"0", W/"1", {changed.etag}'}, title="three").status == 200
    assert at_work.patch(OBJECTIVE, {"If-Match": f"W/{at_work.get(OBJECTIVE).etag}"}, title="four").status == 412
    assert at_work.patch(OBJECTIVE, {"If-Match": "*"}, title="five").status == 200
    assert at_work.patch(f"/objectives/{uuid4()}", {"If-Match": "*"}, title="six").status == 412
    assert done(at_work.get(OBJECTIVE))["title"] == "five"


@pytest.mark.parametrize("header", ["12", '"12', '"12" "13"', "", "*, *", '"a"b"', ",".join(['"1"'] * 21)])
def test_an_if_match_that_is_none_is_400(at_work: Api, header: str):
    before = head(at_work)
    answer = at_work.patch(OBJECTIVE, {"If-Match": header}, title="x")
    assert (answer.status, answer.slug) == (400, "malformed")
    assert head(at_work) == before


@pytest.mark.parametrize(
    ("method", "path", "body", "about"),
    [
        ("POST", "/cycles/2026-Q1/close", {}, "/cycles/2026-Q1"),
        ("POST", f"/cycles/{uid('2026-Q1')}/close", {}, "/cycles/2026-Q1"),
        ("POST", CHECK_INS, {"value": 1}, f"/key-results/{uid('revenue')}"),
        ("POST", f"{OBJECTIVE}/key-results", {"title": "x", "measure": METRIC}, OBJECTIVE),
        ("POST", f"/check-ins/{uid('monday')}/retract", {"reason": "x"}, f"/check-ins/{uid('monday')}"),
        ("PATCH", f"/initiatives/{uid('campaign')}", {"state": "done"}, f"/initiatives/{uid('campaign')}"),
        ("PUT", f"/teams/{uid('core')}/members/{uid('cyd')}", {}, f"/teams/{uid('core')}"),
    ],
)
def test_if_match_is_about_the_resource_in_the_path(at_work: Api, method: str, path: str, body: dict, about: str):
    etag = at_work.get(about).etag
    assert at_work.call(method, path, body, {"If-Match": '"1"'}).slug == "stale"
    assert at_work.call(method, path, body, {"If-Match": etag}).status in (200, 201)


def test_if_match_of_what_is_not_there_yet_never_matches(at_work: Api):
    made = done(at_work.post("/teams", id=str(uid("web")), name="Web"))
    for header in ("*", '"1"'):
        assert at_work.post("/teams", {"If-Match": header}, name="Mobile").slug == "stale"
    for path in ("/events/11/redact", "/events/99/redact"):
        assert at_work.post(path, {"If-Match": '"11"'}, field="note", reason="x").status in (404, 412)
    etag = at_work.get(f"/teams/{made['id']}").etag
    assert at_work.post("/teams", {"If-Match": etag}, id=made["id"], name="Web").status == 200


def test_a_malformed_if_none_match_asks_for_nothing(at_work: Api):
    assert at_work.get(OBJECTIVE, {"If-None-Match": "12"}).status == 200
    assert at_work.get("/objectives", {"If-None-Match": "*"}).status == 304


def test_without_if_match_no_concurrent_change_is_lost(at_work: Api):
    def tag(n: int) -> int:
        return at_work.post(CHECK_INS, value=n).status

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(tag, range(40))) == {201}
    values = {each["value"] for each in done(at_work.get(f"{CHECK_INS}?limit=100"))["items"]}
    assert values == set(range(40)) | {40}


# --- idempotency


def test_the_same_idempotency_key_answers_the_first_answer_again(at_work: Api):
    key = {"Idempotency-Key": "first of May"}
    first = at_work.post(CHECK_INS, key, value=50, note="once")
    done(at_work.post(CHECK_INS, value=60))
    done(at_work.patch(f"/key-results/{uid('revenue')}", title="turnover"))
    before = head(at_work)
    again = at_work.post(CHECK_INS, key, note="once", value=50)
    assert (again.status, again.raw) == (first.status, first.raw)
    for name in ("ETag", "Ledger-Position", "Location"):
        assert again.headers[name] == first.headers[name]
    spelt = at_work.send(
        "POST",
        f"/v1{CHECK_INS}",
        b'\n{ "note": "once", "value": 50 }',
        **{"Idempotency_Key": key["Idempotency-Key"]},
    )
    assert spelt.raw == first.raw
    assert head(at_work) == before


def test_with_another_body_an_idempotency_key_is_refused(at_work: Api):
    key = {"Idempotency-Key": "k"}
    done(at_work.post(CHECK_INS, key, value=50))
    assert at_work.post(CHECK_INS, key, value=51).slug == "idempotency_key_reused"
    assert at_work.post(CHECK_INS, key).slug == "idempotency_key_reused"


def test_an_idempotency_key_counts_for_its_credential_method_and_path(at_work: Api):
    key = {"Idempotency-Key": "k"}
    mine = done(at_work.post(CHECK_INS, key, value=50))
    other = done(at_work.as_("admin").post(CHECK_INS, key, value=50))
    elsewhere = done(at_work.post(f"/check-ins/{mine['id']}/retract", key, reason="x"))
    assert mine["id"] != other["id"]
    assert elsewhere["state"] == "retracted"


def test_a_close_is_answered_again_as_it_was(at_work: Api):
    key = {"Idempotency-Key": "close"}
    first = at_work.post("/cycles/2026-Q1/close", key)
    done(at_work.post("/cycles/2026-Q1/reopen", reason="late"))
    again = at_work.post("/cycles/2026-Q1/close", key)
    assert (first.raw, first.etag) == (again.raw, again.etag)
    assert first.body["state"] == "closed"
    assert done(at_work.get("/cycles/2026-Q1"))["state"] == "open"
    sealed = done(at_work.get("/events?type=cycle.sealed"))["items"]
    assert [event["position"] for event in sealed] == [first.position]


def test_refusals_are_not_kept(at_work: Api):
    key = {"Idempotency-Key": "k"}
    path = f"{OBJECTIVE}/restore"
    assert at_work.post("/cycles/2026-Q1/reopen", key, reason="x").status == 200
    assert at_work.post(f"{OBJECTIVE}/move", key, cycle="2026-Q2").slug == "not_found"
    quarter = {"label": "2026-Q2", "kind": "quarter", "starts_on": "2027-01-01", "ends_on": "2027-03-31"}
    done(at_work.post("/cycles", **quarter))
    assert at_work.post(f"{OBJECTIVE}/move", key, cycle="2026-Q2").slug == "has_check_ins"
    done(at_work.post(path, key, reason="x"))


def test_many_with_one_idempotency_key_append_once(at_work: Api):
    def send(_: int) -> bytes:
        answer = at_work.post(CHECK_INS, {"Idempotency-Key": "k"}, value=77)
        assert answer.status == 201
        return answer.raw

    before = head(at_work)
    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(send, range(16)))
    assert len(answers) == 1
    assert head(at_work) == before + 1


@pytest.mark.parametrize("header", ["", "a" * 256, "tab\there"])
def test_an_idempotency_key_is_printable_and_at_most_255_long(at_work: Api, header: str):
    assert at_work.post(CHECK_INS, {"Idempotency-Key": header}, value=1).pointers == ["/header/idempotency-key"]


# --- preferences, request ids


def test_respond_async_does_not_wait_for_the_books(at_work: Api):
    answer = at_work.post(CHECK_INS, {"Prefer": "respond-async, wait=1"}, value=9)
    assert (answer.status, answer.headers["Preference-Applied"]) == (201, "respond-async")
    assert set(answer.body) == {"id", "kind", "position", "recorded_at", "advice"}
    assert answer.body["position"] == answer.position
    read = at_work.get(answer.headers["Location"].removeprefix("/v1"), {"Min-Position": str(answer.position)})
    assert done(read)["value"] == 9
    assert "Preference-Applied" not in at_work.post(CHECK_INS, {"Prefer": "return=minimal"}, value=9).headers


def test_a_request_s_id_is_taken_or_made_and_kept_with_the_event(at_work: Api):
    mine = at_work.post(CHECK_INS, {"X-Request-Id": "deploy-17"}, value=1)
    assert mine.headers["X-Request-Id"] == "deploy-17"
    (fact,) = at_work.runtime.recorder.stored_after(mine.position - 1, 1)
    assert fact.correlation_id == "deploy-17"
    for odd in ("two words", "x" * 200, "a;b", ""):
        made = at_work.send("GET", "/healthz", X_Request_Id=odd)
        assert UUID(made.headers["X-Request-Id"]).version == 7


def test_refused_writes_say_where_the_ledger_is_and_append_nothing(at_work: Api):
    before = head(at_work)
    for answer in (
        at_work.post(f"{OBJECTIVE}/move", cycle="2031-Q1"),
        at_work.patch(OBJECTIVE, {"If-Match": '"1"'}, title="x"),
        at_work.post("/cycles/2026-Q1/reopen"),
        at_work.get(f"/teams/{uuid4()}"),
    ):
        assert answer.status >= 400
        if answer.slug != "invalid":
            assert answer.position == before
    assert head(at_work) == before


def test_answers_are_utf_8_with_instants_in_utc(at_work: Api):
    made = at_work.send("POST", "/v1/teams", json.dumps({"name": "Çağrı 👋"}, ensure_ascii=False).encode())
    assert made.type == "application/json"
    assert "Çağrı 👋".encode() in made.raw
    assert made.body["as_of"]["recorded_at"].endswith("Z")
