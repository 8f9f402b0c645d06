"""POST /v1/commands: up to 1,000 commands, all of them or none, in the form of the history file."""

import json
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest

from api.batches import MOST
from api.shapes import BatchDone
from tests.support.builders import uid
from tests.support.http import HEAD, METRIC, Answer, Api, done

REVENUE, OBJECTIVE = str(uid("revenue")), str(uid("grow"))
KEY_RESULT = f"/key-results/{REVENUE}"


def check_in(**fields: Any) -> dict[str, Any]:
    return {"command": "check_in", "key_result": REVENUE, "value": 50} | fields


def head(api: Api) -> int:
    return int(done(api.get("/ledger"))["position"])


def batch(api: Api, *commands: Any, headers: dict[str, str] | None = None, **beside: Any) -> Answer:
    return api.post("/commands", headers, commands=commands, **beside)


def lines(api: Api, *lines: Any, **headers: str) -> Answer:
    raw = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    return api.send("POST", "/v1/commands", raw, Content_Type="application/x-ndjson", **headers)


GOALS = (
    {"command": "set_objective", "id": str(uid("thrive")), "cycle": "2026-Q1", "title": "thrive"},
    {"command": "add_key_result", "id": str(uid("nps")), "objective": str(uid("thrive")), "title": "nps",
     "measure": METRIC},
    check_in(key_result=str(uid("nps")), value=25),
)  # fmt: skip


def test_lines_may_build_on_one_another_and_all_read_at_once(at_work: Api):
    answer = batch(at_work, *GOALS, GOALS[0])
    BatchDone.model_validate_json(answer.raw)
    items = answer.body["items"]
    assert [(one["kind"], one["created"], one["changed"]) for one in items] == [
        ("objective", True, True), ("key_result", True, True), ("check_in", True, True), ("objective", False, False),
    ]  # fmt: skip
    assert [one["position"] for one in items[:3]] == [HEAD + 1, HEAD + 2, HEAD + 3]
    assert (answer.status, answer.position) == (200, HEAD + 3)
    assert done(at_work.get(f"/objectives/{uid('thrive')}"))["score"] == 0.25
    assert any("two to five" in text for text in answer.body["advice"]), answer.body["advice"]


def test_it_may_come_as_lines(at_work: Api):
    answer = lines(at_work, *GOALS)
    assert (answer.status, len(answer.body["items"]), head(at_work)) == (200, 3, HEAD + 3)


def test_a_close_in_a_batch_is_answered_after_its_seal(at_work: Api):
    answer = batch(at_work, check_in(value=70), {"command": "close_cycle", "cycle": "2026-Q1"})
    assert (answer.position, head(at_work)) == (HEAD + 3, HEAD + 3)
    assert [one["position"] for one in answer.body["items"]] == [HEAD + 1, HEAD + 3]
    assert done(at_work.get("/cycles/2026-Q1/seals"))["items"][0]["score"] == Decimal("0.7")


REFUSED: list[tuple[list[Any], int, str, str]] = [
    ([check_in(), check_in(value="many")], 422, "invalid", "/commands/1/value"),
    ([check_in(), check_in(mood="good")], 422, "invalid", "/commands/1/mood"),
    ([check_in(), {"command": "create_key", "role": "admin"}], 422, "invalid", "/commands/1/command"),
    ([check_in(), {"command": "check_out"}], 422, "invalid", "/commands/1/command"),
    ([check_in(), {"value": 1}], 422, "invalid", "/commands/1/command"),
    ([check_in(), "check_in"], 422, "invalid", "/commands/1"),
    ([check_in(key_result=str(uid("none")))], 404, "not_found", "/commands/0/key_result"),
    ([check_in(), {"command": "open_cycle", "cycle": "1999-Q1"}], 404, "not_found", "/commands/1/cycle"),
    ([{"command": "close_cycle", "cycle": "2026-Q1"}, check_in()], 409, "cycle_closed", "/commands/1"),
    ([check_in(at="2999-01-01T00:00:00Z")], 422, "effective_in_future", "/commands/0/effective_at"),
    ([check_in(at="2026-01-01T00:00:00Z", effective_at="2026-01-01T00:00:00Z")], 422, "invalid",
     "/commands/0/effective_at"),
    ([check_in(actor="ada")], 422, "invalid", "/commands/0/actor"),
    ([check_in(actor=str(uid("none")))], 422, "invalid", "/commands/0/actor"),
    ([], 422, "invalid", "/commands"),
    ([check_in()] * (MOST + 1), 422, "invalid", "/commands"),
    # The first at fault, though one behind it is not even in its form.
    ([check_in(key_result=str(uid("none"))), check_in(value="many")], 404, "not_found", "/commands/0/key_result"),
]  # fmt: skip


@pytest.mark.parametrize(("commands", "status", "slug", "pointer"), REFUSED)
def test_the_first_at_fault_is_named_and_nothing_is_kept(
    unchanged: Api, commands: list[Any], status: int, slug: str, pointer: str
):
    answer = batch(unchanged, *commands)
    assert (answer.status, answer.slug, answer.pointers[:1]) == (status, slug, [pointer]), answer
    assert head(unchanged) == HEAD


@pytest.mark.parametrize(
    ("raw", "slug"),
    [
        (b'{"command": "open_cycle"', "malformed"),
        (b'{"command": 1}\n\n{"command": 2}\n', "malformed"),
        (b"[" * 40 + b"]" * 40, "malformed"),
        (b"", "invalid"),
        (b'{"quarterdeck": "ledger/1"}\n', "invalid"),
        (b'{"quarterdeck": "history/1", "source": "http"}\n{"command": "open_cycle"}\n', "invalid"),
        (b'{"quarterdeck": "history/1"}\n{"command": "open_cycle"}\n', "invalid"),
    ],
)
def test_lines_that_cannot_be_read_are_refused(unchanged: Api, raw: bytes, slug: str):
    answer = unchanged.send("POST", "/v1/commands", raw, Content_Type="application/x-ndjson")
    assert answer.slug == slug, answer
    assert head(unchanged) == HEAD


def test_fields_beside_the_commands_and_other_types_are_refused(unchanged: Api):
    assert batch(unchanged, check_in(), mood="good").pointers == ["/mood"]
    assert unchanged.send("POST", "/v1/commands", b"x", Content_Type="text/csv").status == 415
    assert batch(unchanged, check_in(), headers={"If-Match": "*"}).slug == "stale"


def test_each_command_is_authorized_as_by_itself(at_work: Api):
    bob = at_work.as_("member", "bob")
    before = head(at_work)
    assert batch(bob, check_in()).status == 200
    answer = batch(bob, check_in(), {"command": "open_cycle", "cycle": "2026-Q1"})
    assert (answer.slug, answer.pointers) == ("forbidden", ["/commands/1"])
    assert head(at_work) == before + 1


def test_an_actor_is_on_whose_behalf_a_line_is(at_work: Api):
    answer = batch(at_work, check_in(actor=str(uid("bob"))), check_in(), headers={"On-Behalf-Of": str(uid("ada"))})
    assert answer.status == 200, answer
    events = done(at_work.get(f"/events?after={HEAD}"))["items"]
    assert [event["onbehalfof"] for event in events] == [str(uid("bob")), str(uid("ada"))]
    answer = batch(at_work.as_("member", "bob"), check_in(actor=str(uid("bob"))))
    assert (answer.slug, answer.pointers) == ("forbidden", ["/commands/0"])


# --- idempotency, waiting


def test_the_same_key_answers_the_first_answer_again(at_work: Api):
    """Also of lines that changed nothing, the first among them."""
    key = {"Idempotency-Key": "k"}
    said = [{"command": "open_cycle", "cycle": "2026-Q1"}, *GOALS, GOALS[0]]
    first = batch(at_work, *said, headers=key)
    assert [one["changed"] for one in first.body["items"]] == [False, True, True, True, False]
    done(at_work.post(f"{KEY_RESULT}/check-ins", value=60))
    again = batch(at_work, *said, headers=key)
    assert (again.status, again.raw, again.position) == (200, first.raw, first.position)
    assert head(at_work) == HEAD + 4


@pytest.mark.parametrize("other", [[check_in(value=1)], [check_in(), check_in()], [check_in(actor=str(uid("ada")))]])
def test_with_other_commands_a_key_is_refused(at_work: Api, other: list[Any]):
    key = {"Idempotency-Key": "k"}
    done(batch(at_work, check_in(), headers=key))
    assert batch(at_work, *other, headers=key).slug == "idempotency_key_reused"
    assert head(at_work) == HEAD + 1


def test_a_refused_batch_does_not_use_its_key_up(at_work: Api):
    key = {"Idempotency-Key": "k"}
    assert batch(at_work, check_in(value="many"), headers=key).status == 422
    assert batch(at_work, check_in(key_result=str(uid("none"))), headers=key).status == 404
    assert batch(at_work, check_in(), headers=key).status == 200


def test_who_would_rather_not_wait_gets_no_advice(at_work: Api):
    answer = batch(at_work, *GOALS, headers={"Prefer": "respond-async"})
    assert (answer.headers["Preference-Applied"], answer.body["advice"]) == ("respond-async", [])
    assert len(answer.body["items"]) == 3


# --- a source's own names


def id_of(kind: str, name: str) -> UUID:
    return uuid5(uuid5(NAMESPACE_URL, "elsewhere"), f"{kind}:{name}")


HEADER = {"quarterdeck": "history/1", "source": "elsewhere"}
FILE = (
    {"command": "set_objective", "at": "2026-02-01T09:00:00Z", "actor": "bob", "id": "o1", "cycle": "2026-Q1",
     "title": "delight", "owner": "bob"},
    {"command": "add_key_result", "at": "2026-02-01T09:00:00Z", "actor": "bob", "id": "k1", "objective": "o1",
     "title": "score", "measure": METRIC},
    {"command": "check_in", "at": "2026-02-02T16:00:00Z", "actor": "eve", "key_result": "k1", "value": 38},
)  # fmt: skip


@pytest.fixture
def planned(at_work: Api) -> Api:
    """With a cycle that began long before the lines of `FILE` take effect."""
    quarter = {"kind": "quarter", "starts_on": "2025-10-01", "ends_on": "2026-09-30", "label": "2025-26"}
    done(at_work.post("/cycles", **quarter, effective_at="2025-09-01T00:00:00Z"))
    return at_work


def test_with_a_source_ids_are_its_own_names_as_in_its_file(planned: Api):
    file = [line | {"cycle": "2025-26"} if "cycle" in line else line for line in FILE]
    answer = lines(planned, HEADER, *file)
    assert answer.status == 200, answer
    made = [id_of("objective", "o1"), id_of("key_result", "k1")]
    assert [one["id"] for one in answer.body["items"][:2]] == [str(id) for id in made]
    found = done(planned.get(f"/objectives/{id_of('objective', 'o1')}"))
    assert (found["external_id"], found["owner"], found["score"]) == (
        "o1",
        str(id_of("member", "bob")),
        Decimal("0.38"),
    )
    bob, eve = (done(planned.get(f"/members/{id_of('member', name)}")) for name in ("bob", "eve"))
    assert (bob["name"], eve["external_id"]) == ("bob", "eve")
    again = batch(planned, *file[:2], source="elsewhere")
    assert [one["changed"] for one in again.body["items"]] == [False, False]


def test_of_a_source_refusals_speak_its_own_words(planned: Api):
    before = head(planned)
    answer = batch(planned, {"command": "check_in", "key_result": "k9", "value": 1}, source="elsewhere")
    assert (answer.pointers, "'k9'" in answer.body["detail"]) == (["/commands/0/key_result"], True)
    late = {"command": "check_in", "key_result": "k1", "value": 1, "at": "2026-01-01T00:00:00Z"}
    file = [line | {"cycle": "2025-26"} if "cycle" in line else line for line in FILE[:2]]
    answer = batch(planned, *file, late, source="elsewhere")
    assert (answer.status, answer.pointers) == (422, ["/commands/2/at"])
    assert head(planned) == before


def test_a_key_registers_no_members_that_may_not(planned: Api):
    service = planned.as_("service", "ada")
    answer = batch(service, check_in(actor="eve"), source="elsewhere")
    assert (answer.slug, answer.pointers) == ("forbidden", ["/commands/0"])
