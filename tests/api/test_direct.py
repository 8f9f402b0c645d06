"""The short way of commands: whatever goes there is answered as FastAPI's way answers it, errors above all."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.routing import Match

from api.admission import Admission
from api.app import create_app
from api.direct import CommandRoute, Table
from api.settings import Settings
from tests.support.builders import uid
from tests.support.http import Answer, Api, done

GOAL = f"/v1/key-results/{uid('revenue')}"
CHECK_INS = f"{GOAL}/check-ins"
ELSEWHERE = f"/v1/key-results/{uid('nothing')}/check-ins"
SAID = b'{"value": 1}'
ON = b'{"to_cycle": "2026-Q1", "baseline": "restart"}'
_OF_ONE_REQUEST = {"x-request-id", "date"}


@pytest.fixture
def by_fastapi(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Call it to have all requests go FastAPI's way."""
    return lambda: monkeypatch.setattr(Table, "find", lambda *_: None)


def _told(answer: Answer) -> tuple[int, bytes, dict[str, str]]:
    """All of an answer but what is of one request alone."""
    request = answer.headers.get("x-request-id", "")
    kept = {name: value for name, value in answer.headers.items() if name not in _OF_ONE_REQUEST}
    return answer.status, answer.raw.replace(request.encode(), b"ID"), kept


REFUSED: dict[str, tuple[int, str, str, bytes | None, dict[str, str]]] = {
    "no key": (401, "POST", CHECK_INS, SAID, {"Authorization": ""}),
    "a bad key": (401, "POST", CHECK_INS, SAID, {"Authorization": "Bearer qd_nobody-s-at-all"}),
    "a page of another site": (403, "POST", CHECK_INS, SAID, {"Sec-Fetch-Site": "cross-site"}),
    "no JSON": (400, "POST", CHECK_INS, b"{", {}),
    "nested too deeply": (400, "POST", CHECK_INS, b'{"value": ' + b"[" * 40 + b"]" * 40 + b"}", {}),
    "no object": (422, "POST", CHECK_INS, b"[]", {}),
    "no body": (422, "POST", f"{GOAL}/drop", None, {}),
    "another type": (415, "POST", CHECK_INS, b"value=1", {"Content-Type": "text/plain"}),
    "too large": (413, "POST", CHECK_INS, b" " * 5_000_001, {}),
    "a field at fault": (422, "POST", CHECK_INS, b'{"value": 1, "confidence": 11, "other": 1}', {}),
    "what stands in the path": (422, "POST", CHECK_INS, f'{{"key_result": "{uid("revenue")}"}}'.encode(), {}),
    "no id in the path": (422, "POST", "/v1/key-results/monday/check-ins", SAID, {}),
    "a query": (422, "POST", f"{CHECK_INS}?wait=1", SAID, {}),
    "a bad idempotency key": (422, "POST", CHECK_INS, SAID, {"Idempotency-Key": " "}),
    "on behalf of no id": (422, "POST", CHECK_INS, SAID, {"On-Behalf-Of": "ada"}),
    "on behalf of nobody": (422, "POST", CHECK_INS, SAID, {"On-Behalf-Of": str(uid("nobody"))}),
    "a bad tag": (400, "POST", CHECK_INS, SAID, {"If-Match": "1"}),
    "an old tag": (412, "POST", CHECK_INS, SAID, {"If-Match": '"1"'}),
    "no such thing": (404, "POST", ELSEWHERE, SAID, {}),
    "no such address": (404, "POST", f"{CHECK_INS}/", SAID, {}),
    "nothing in the path": (404, "POST", "/v1/key-results//check-ins", SAID, {}),
    "another method": (405, "PUT", CHECK_INS, SAID, {}),
    "a rule": (409, "POST", f"/v1/objectives/{uid('grow')}/carry-forward", ON, {}),
    "what a thing in the path is not": (404, "DELETE", f"/v1/teams/{uid('core')}/members/{uid('nobody')}", None, {}),
}


@pytest.mark.parametrize("case", [*REFUSED])
def test_an_error_is_the_same_both_ways(unchanged: Api, case: str, by_fastapi: Callable[[], None]):
    """Status, body and headers."""
    status, method, path, content, headers = REFUSED[case]
    given = {name.replace("-", "_"): value for name, value in headers.items()}
    straight = unchanged.send(method, path, content, **given)
    by_fastapi()
    assert straight.status == status
    assert _told(straight) == _told(unchanged.send(method, path, content, **given))


def test_so_are_a_reader_s_and_a_reused_key_s_refusals(at_work: Api, by_fastapi: Callable[[], None]):
    reader, again = at_work.as_("reader"), {"Idempotency_Key": "once"}
    done(at_work.send("POST", CHECK_INS, SAID, **again))
    straight = [reader.send("POST", CHECK_INS, SAID), at_work.send("POST", CHECK_INS, b'{"value": 2}', **again)]
    by_fastapi()
    others = [reader.send("POST", CHECK_INS, SAID), at_work.send("POST", CHECK_INS, b'{"value": 2}', **again)]
    assert [answer.slug for answer in straight] == ["forbidden", "idempotency_key_reused"]
    assert [*map(_told, straight)] == [*map(_told, others)]


@pytest.mark.parametrize(
    ("name", "value", "status"), [("stopping", True, 503), ("admission", Admission(0, at_once=0), 503)]
)
def test_so_is_what_a_server_cannot_take(
    unchanged: Api, monkeypatch: pytest.MonkeyPatch, by_fastapi: Callable[[], None], name: str, value: Any, status: int
):
    """While it stops, and while too many others are at it."""
    monkeypatch.setattr(unchanged.runtime, name, value)
    straight = unchanged.send("POST", CHECK_INS, SAID)
    by_fastapi()
    assert straight.status == status
    assert _told(straight) == _told(unchanged.send("POST", CHECK_INS, SAID))


def test_so_is_what_is_broken(unchanged: Api, monkeypatch: pytest.MonkeyPatch, by_fastapi: Callable[[], None]):
    """A 500 that tells nothing but the id of the request."""

    def broken(*_: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(unchanged.runtime.ledger.group, "_send", broken)
    straight = unchanged.send("POST", CHECK_INS, SAID)
    by_fastapi()
    assert (straight.status, straight.slug) == (500, "internal")
    assert _told(straight) == _told(unchanged.send("POST", CHECK_INS, SAID))


def test_what_is_done_is_answered_the_same(at_work: Api, by_fastapi: Callable[[], None]):
    """An answer that comes again is told in the same words, whichever way it comes."""
    once = {"Idempotency_Key": "monday"}
    straight = at_work.send("POST", CHECK_INS, SAID, **once)
    assert straight.status == 201
    by_fastapi()
    assert _told(straight) == _told(at_work.send("POST", CHECK_INS, SAID, **once))
    assert at_work.send("POST", CHECK_INS, SAID).status == 201


def test_a_command_that_is_well_formed_passes_nothing_of_fastapi(at_work: Api, monkeypatch: pytest.MonkeyPatch):
    async def handle(*_: object) -> None:
        raise AssertionError("came to FastAPI's router")

    monkeypatch.setattr(CommandRoute, "handle", handle)
    assert at_work.send("POST", CHECK_INS, SAID).status == 201
    assert at_work.send("POST", "/v1/teams", b'{"name": "Sales"}').status == 201
    assert at_work.send("DELETE", f"/v1/teams/{uid('core')}/members/{uid('bob')}").status == 200


def test_each_path_leads_where_the_router_leads():
    """To the same route, with the same parts of the path, for every command and method that there is."""
    routes = create_app(Settings()).routes
    commands = [route for route in routes if isinstance(route, CommandRoute)]
    table = Table(commands)
    assert len(commands) > 30
    for route in commands:
        path = route.path_format.replace("{", "").replace("}", "")
        for method in route.methods or ():
            scope = {"type": "http", "method": method, "path": path, "headers": []}
            first, found = next(
                (r, s) for r in routes if (s := r.matches(scope)[1]) and r.matches(scope)[0] is Match.FULL
            )
            assert table.find(method, path) == (first, found["path_params"])


def test_nothing_else_is_taken():
    table = Table(route for route in create_app(Settings()).routes if isinstance(route, CommandRoute))
    for method, path in (
        ("GET", "/v1/teams"),
        ("POST", "/v1/commands"),
        ("POST", "/"),
        ("POST", ""),
        ("HEAD", CHECK_INS),
    ):
        assert table.find(method, path) is None
