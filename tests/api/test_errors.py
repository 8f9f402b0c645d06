"""Every refusal has an entry in the table, a page, and its status; nothing inside is shown."""

import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.envelope import Envelope
from api.errors import add_handlers
from api.problems import PROBLEMS
from domain.errors import Refusal
from tests.support.http import Api

ROOT = Path(__file__).parents[2]
# What the command line alone can meet: refusals of a line of a history file.
NOT_OVER_HTTP = {
    "ledger/importing.py",
    "ledger/restoring.py",
    "ledger/history_file.py",
    "ledger/translation.py",
}


def refusals() -> list[type[Refusal]]:
    found, left = [], [Refusal]
    while left:
        left += (kinds := left.pop().__subclasses__())
        found += kinds
    files = {each: each.__module__.replace(".", "/") + ".py" for each in found}
    return [each for each in found if not files[each].startswith(("tests", "cli")) and files[each] not in NOT_OVER_HTTP]


def slugs_in_the_code() -> set[str]:
    found = set()
    for package in ("domain", "ledger", "projections", "api"):
        for file in (ROOT / package).rglob("*.py"):
            if file.relative_to(ROOT).as_posix() not in NOT_OVER_HTTP:
                found |= set(re.findall(r'slug\s*(?:: ClassVar\[str\] )?= ?"(\w+)"', file.read_text()))
    return found - {"refused"}


def test_every_slug_is_in_the_table_and_the_table_has_no_other():
    beside = {"internal", "method_not_allowed"}  # not raised as a refusal
    assert set(PROBLEMS) == slugs_in_the_code() | beside


@pytest.mark.parametrize("kind", refusals(), ids=lambda kind: kind.__name__)
def test_a_refusal_is_answered_with_its_status(kind: type[Refusal]):
    assert PROBLEMS[kind.default_slug].status == kind.status
    app = FastAPI()
    add_handlers(app)

    @app.get("/")
    def refuse() -> None:
        raise kind("No, because.")

    answer = TestClient(app).get("/")
    assert answer.status_code == kind.status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": f"/problems/{kind.default_slug}",
        "title": PROBLEMS[kind.default_slug].title,
        "status": kind.status,
        "detail": "No, because.",
    }


def test_what_is_broken_is_logged_and_not_shown(caplog: pytest.LogCaptureFixture):
    app = FastAPI()
    add_handlers(app)
    app.add_middleware(Envelope)

    @app.get("/")
    def fail() -> None:
        raise RuntimeError("the password is swordfish")

    answer = TestClient(app).get("/", headers={"X-Request-Id": "r-1"})
    assert (answer.status_code, answer.headers["X-Request-Id"]) == (500, "r-1")
    assert answer.json()["type"] == "/problems/internal"
    assert answer.json()["instance"] == "urn:request:r-1"
    assert "swordfish" not in answer.text
    assert "r-1" in caplog.text
    assert "swordfish" in caplog.text


def test_addresses_and_methods_that_there_are_not(unchanged: Api):
    for path in ("/v1/nothing", "/nothing", "/v1/cycles/", "/v2/cycles", "/v1"):
        assert unchanged.send("GET", path).slug == "not_found"
    answer = unchanged.send("DELETE", "/v1/objectives")
    assert (answer.slug, answer.headers["Allow"]) == ("method_not_allowed", "GET, HEAD, POST")
    answer = unchanged.send("PUT", "/v1/cycles/2026-Q1")
    assert (answer.slug, answer.headers["Allow"]) == ("method_not_allowed", "GET, HEAD, PATCH")
    assert unchanged.send("POST", "/healthz").headers["Allow"] == "GET, HEAD"


def test_each_problem_has_a_page(unchanged: Api):
    stranger = unchanged.with_key(None)
    for slug, problem in PROBLEMS.items():
        answer = stranger.send("GET", f"/problems/{slug}")
        assert answer.status == 200
        assert problem.title.encode() in answer.raw
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert stranger.send("GET", "/problems/nothing").slug == "not_found"
