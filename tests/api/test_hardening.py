"""What a stranger, a careless proxy or a broken part of ours cannot do: headers, limits, and what stays unsaid."""

import logging
import socket
import time
from pathlib import Path
from typing import Any

import anyio
import psycopg
import pytest
import uvicorn
from starlette.requests import Request

from api import bodies
from api.app import create_app
from api.attempts import Allowance, Attempts
from api.bodies import payload_of
from api.errors import TooSlow
from api.runtime import running
from api.setting_errors import SettingsError
from api.settings import Settings
from domain.errors import NotReady
from projections import questions
from tests.support.builders import uid
from tests.support.http import ADMIN_KEY, Api

BAD = "Bearer qd_" + "x" * 43


# --- headers


PATHS = ("/", "/docs", "/docs/start.js", "/openapi.json", "/problems/stale", "/healthz", "/v1/cycles", "/v1/nothing")


@pytest.mark.parametrize("path", [*PATHS, "/v1/audit", "/v1/cycles/2026-Q1/chart.svg"])
def test_every_answer_keeps_browsers_careful(unchanged: Api, path: str):
    for api in (unchanged, unchanged.with_key(None)):
        headers = api.send("GET", path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Frame-Options"] == "DENY"
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert "Server" not in headers
        assert "http" not in policy  # no other host


def test_a_table_has_them_too_and_is_kept_by_nobody(unchanged: Api):
    headers = unchanged.get("/audit", {"Accept": "text/csv"}).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "private, no-cache"


# --- limits


def test_a_long_address_is_414_and_large_headers_are_431(unchanged: Api):
    for path in ("/v1/audit?q=" + "x" * 8_000, "/v1/" + "x" * 8_000, "/" + "x" * 8_000):
        for api in (unchanged, unchanged.with_key(None)):
            answer = api.send("GET", path)
            assert (answer.status, answer.slug) == (414, "address_too_long")
            assert len(answer.raw) < 500
    large = unchanged.get("/cycles", {"X-Large": "x" * 32_000})
    assert (large.status, large.slug) == (431, "headers_too_large")
    assert unchanged.get("/cycles", {"X-Large": "x" * 20_000}).status == 200
    assert unchanged.get("/audit?q=" + "x" * 201).pointers == ["/query/q"]


def test_a_body_that_does_not_come_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bodies, "SECONDS", 0.05)

    async def receive() -> Any:
        await anyio.sleep(60)

    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []}
    with pytest.raises(TooSlow):
        anyio.run(payload_of, Request(scope, receive))


def test_a_question_that_takes_too_long_is_given_up(unchanged: Api):
    with pytest.raises(NotReady, match="too long"), unchanged.runtime.books.reading() as reading:
        assert reading.value("SHOW statement_timeout") == "1min"
        reading.connection.execute("SET LOCAL statement_timeout = '10ms'")
        reading.connection.execute("SELECT pg_sleep(5)")


# --- what is not said


@pytest.mark.parametrize(
    "broken",
    [
        psycopg.errors.SyntaxError('syntax error at or near "swordfish"\nLINE 1: SELECT swordfish FROM keys'),
        psycopg.ProgrammingError("the query has 3 placeholders but 2 parameters were passed"),
        RuntimeError("postgresql://quarterdeck:swordfish@db/ledger"),
        KeyError("projections/audit.py"),
    ],
)
def test_what_breaks_inside_is_not_shown(unchanged: Api, monkeypatch: pytest.MonkeyPatch, broken: Exception):
    def fail(*_: Any) -> Any:
        raise broken

    monkeypatch.setattr(questions, "audit", fail)
    answer = unchanged.get("/audit", {"X-Request-Id": "r-9"})
    assert (answer.status, answer.slug, answer.body["instance"]) == (500, "internal", "urn:request:r-9")
    assert answer.body["detail"] == "The request r-9 could not be answered; the log says why."
    for secret in (b"swordfish", b"SELECT", b"Traceback", b".py", b"placeholders", b"psycopg"):
        assert secret not in answer.raw


def test_secrets_are_in_no_line_of_the_log(at_work: Api, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    made = at_work.post("/keys", role="reader").body["key"]
    reader = at_work.with_key(made)
    reader.get("/cycles")
    reader.post("/teams", name="x")
    reader.get("/cycles", {"Authorization": f"Bearer {made}x"})
    reader.get("/cycles", {"Authorization": f"Token {made}"})
    reader.get("/nothing?key=" + made)
    said = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("http"))
    assert "GET /v1/cycles" in said  # what the client of the test says is left out
    assert made not in said
    assert ADMIN_KEY not in said


def test_a_password_in_the_database_s_url_is_said_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    url = f"postgresql://ada:swordfish@127.0.0.1:{port}/x"
    settings = Settings(url, url, tmp_path, admin_key=ADMIN_KEY)
    with running(settings, on_admin_key=lambda *_: None) as runtime, Api(runtime) as api:
        time.sleep(0.3)
        answer = api.get("/cycles")
        assert answer.status == 503
        assert b"swordfish" not in answer.raw + api.send("GET", "/readyz").raw
    assert "swordfish" not in caplog.text + repr(settings)


@pytest.mark.parametrize(
    "url", ["postgresql://ada:sword%zzfish@db/x", "swordfish", "host=db swordfish", "postgresql://db/x?swordfish"]
)
def test_nor_in_what_is_said_of_a_url_that_is_none(tmp_path: Path, url: str):
    with pytest.raises(SettingsError) as refused, running(Settings(database_url=url, data=tmp_path)):
        pass
    assert "fish" not in str(refused.value)


# --- who somebody is


def test_forwarded_headers_are_believed_of_no_one_unless_told():
    def app_of(settings: Settings) -> uvicorn.Config:
        made: list[uvicorn.Config] = []
        config = uvicorn.Config

        class Caught(Exception):
            pass

        def catch(*args: Any, **kwargs: Any) -> uvicorn.Config:
            made.append(config(*args, **kwargs))
            raise Caught

        with pytest.MonkeyPatch.context() as patched, socket.create_server(("127.0.0.1", 0)) as listener:
            from api import serve

            patched.setenv("FORWARDED_ALLOW_IPS", "*")
            patched.setattr(uvicorn, "Config", catch)
            patched.setattr(serve, "running", lambda *_, **__: running_nothing())
            with pytest.raises(Caught):
                serve._run(settings, listener, lambda _: None)
        return made[0]

    assert app_of(Settings()).proxy_headers is False
    told = app_of(Settings(proxies="10.0.0.0/8"))
    assert (told.proxy_headers, told.forwarded_allow_ips) == (True, "10.0.0.0/8")


class running_nothing:
    """A runtime that is not there."""

    def __enter__(self) -> Settings:
        return Settings()

    def __exit__(self, *_: object) -> None:
        pass


def test_proxies_are_addresses_or_networks():
    assert Settings.from_env({"QUARTERDECK_PROXIES": "127.0.0.1, 10.0.0.0/8"}).proxies == "127.0.0.1, 10.0.0.0/8"
    for bad in ("*", "proxy.example.com", "10.0.0.0/33", ","):
        with pytest.raises(SettingsError, match="QUARTERDECK_PROXIES"):
            Settings.from_env({"QUARTERDECK_PROXIES": bad})


def test_too_many_bad_keys_are_429_and_good_ones_never(at_work: Api):
    now = [0.0]
    at_work.runtime.attempts = Attempts(Allowance(3, 10), Allowance(100, 1), clock=lambda: now[0])
    bad, nobody = {"Authorization": BAD}, at_work.with_key(None)
    assert [at_work.get("/cycles", bad).status for _ in range(4)] == [401, 401, 401, 429]
    refused = at_work.get("/cycles", bad)
    assert (refused.slug, refused.headers["Retry-After"]) == ("too_many_failures", "10")
    assert at_work.post("/teams", {"Authorization": "Basic !!!"}, name="x").status == 429
    # A forged address is none, and whoever sends no key is told how to.
    assert at_work.get("/cycles", bad | {"X-Forwarded-For": "192.0.2.1", "Forwarded": "for=192.0.2.1"}).status == 429
    assert nobody.get("/cycles").status == 401
    assert [at_work.get("/cycles").status for _ in range(20)] == [200] * 20
    assert at_work.get(f"/objectives/{uid('grow')}").status == 200
    now[0] = 10.0
    assert [at_work.get("/cycles", bad).status for _ in range(2)] == [401, 429]
    now[0] = 10_000.0
    assert [at_work.get("/cycles", bad).status for _ in range(4)] == [401, 401, 401, 429]


def test_one_bad_key_from_many_addresses_is_limited_and_other_keys_are_not():
    now = [0.0]
    attempts = Attempts(Allowance(100, 1), Allowance(2, 5), clock=lambda: now[0])
    key = "qd_abcdefgh-and-more"
    assert [attempts.failed(f"192.0.2.{n}", key) for n in range(3)] == [None, None, 5]
    assert attempts.failed("192.0.2.9", "qd_abcdefgh-and-else") == 5
    assert attempts.failed("192.0.2.9", "qd_other-key") is None
    assert attempts.failed("192.0.2.9", None) is None
    now[0] = 4.5
    assert attempts.failed("192.0.2.9", key) == 1


def test_addresses_of_one_ipv6_network_are_one():
    attempts = Attempts(Allowance(1, 60), Allowance(100, 1), clock=lambda: 0.0)
    assert attempts.failed("2001:db8::1", None) is None
    assert attempts.failed("2001:db8::ffff:2", None) == 60
    assert attempts.failed("2001:db8:0:1::1", None) is None
    assert attempts.failed("fe80::1%eth0", None) is None
    assert [attempts.failed(f"::ffff:192.0.2.{n}", None) for n in (1, 2)] == [None, None]


def test_what_is_remembered_of_failures_is_bounded():
    attempts = Attempts(Allowance(1, 60), Allowance(1, 60), clock=lambda: 0.0, kept=100)
    for n in range(10_000):
        assert attempts.failed(f"host-{n}", f"qd_{n:08}") is None
    assert len(attempts._by_address._left) == len(attempts._by_key._left) == 100


def test_the_app_is_made_without_a_word_of_the_environment():
    assert create_app(Settings()).debug is False
