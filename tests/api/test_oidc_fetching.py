"""Where the provider's keys come from: from where it says itself, over a secured URL, soon, and not much of it."""

import json
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import sleep
from typing import Any

import pytest

from api.oidc import fetching
from api.oidc.fetching import NotFetched, fetch, key_set_of
from api.oidc.settings import OidcSettings
from tests.support.oidc.forging import AUDIENCE, SigningPair

KEY = SigningPair("ES256").public


class Answers(BaseHTTPRequestHandler):
    """Answers what the test says, by path: (status, headers, body)."""

    by_path: dict[str, tuple[int, dict[str, str], bytes]]
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        status, headers, body = self.by_path.get(self.path, (404, {}, b""))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if "drops" not in headers:
            self.wfile.write(body)
            return
        with suppress(ConnectionError):
            for drop in body:
                self.wfile.write(bytes([drop]))
                sleep(0.005)

    def log_message(self, *_: Any) -> None:
        pass


class Host:
    """A server on this machine."""

    def __init__(self, server: ThreadingHTTPServer, handler: type[Answers]) -> None:
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        self._handler = handler
        self.asked = handler.asked

    def says(self, path: str, body: Any, status: int = 200, **headers: str) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self._handler.by_path[path] = (status, headers, content)


@pytest.fixture
def host() -> Iterator[Host]:
    handler = type("Handler", (Answers,), {"by_path": {}, "asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield Host(server, handler)
        server.shutdown()


DISCOVERY = "/realm/.well-known/openid-configuration"


def found(host: Host, jwks: str | None = None, slash: str = "") -> Any:
    return key_set_of(OidcSettings(f"{host.url}/realm{slash}", AUDIENCE, jwks))()


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_provider_says_where_its_keys_are(host: Host, slash: str):
    host.says(DISCOVERY, {"issuer": f"{host.url}/realm{slash}", "jwks_uri": f"{host.url}/keys"})
    host.says("/keys", {"keys": [KEY]})
    assert found(host, slash=slash) == {"keys": [KEY]}
    assert host.asked == [DISCOVERY, "/keys"]


def test_or_the_settings_do(host: Host):
    host.says("/keys", {"keys": []})
    assert found(host, f"{host.url}/keys") == {"keys": []}
    assert host.asked == ["/keys"]


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://elsewhere.example.com", "jwks_uri": "URL/keys"},
        {"issuer": "URL/realm/", "jwks_uri": "URL/keys"},
        {"jwks_uri": "URL/keys"},
        {"issuer": "URL/realm"},
        {"issuer": "URL/realm", "jwks_uri": 5},
        {"issuer": "URL/realm", "jwks_uri": "http://keys.example.com"},
        {"issuer": "URL/realm", "jwks_uri": "file:///keys"},
    ],
)
def test_a_provider_that_speaks_for_another_or_names_no_safe_place_is_not_believed(host: Host, said: dict[str, Any]):
    host.says(DISCOVERY, json.dumps(said).replace("URL", host.url).encode())
    host.says("/keys", {"keys": [KEY]})
    with pytest.raises(NotFetched):
        found(host)
    assert host.asked == [DISCOVERY]


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b"no JSON"), (200, b"[]"), (200, b"[" * 100_000), (200, b"\xff"), (404, b"{}"), (500, b"{}"), (204, b"")],
)
def test_what_is_no_document_is_not_taken(host: Host, status: int, body: bytes):
    host.says("/keys", body, status)
    with pytest.raises(NotFetched):
        fetch(f"{host.url}/keys")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(host: Host, status: int):
    host.says("/keys", b"", status, Location=f"{host.url}/elsewhere")
    host.says("/elsewhere", {"keys": []})
    with pytest.raises(NotFetched, match=str(status)):
        fetch(f"{host.url}/keys")
    assert host.asked == ["/keys"]


def test_a_document_without_end_is_not_read_to_its_end(host: Host):
    host.says("/keys", b'{"keys": "' + b"x" * fetching.MOST_BYTES + b'"}')
    with pytest.raises(NotFetched, match="bytes"):
        fetch(f"{host.url}/keys")


def test_a_document_that_comes_drop_by_drop_is_given_up(host: Host, monkeypatch: pytest.MonkeyPatch):
    host.says("/keys", b" " * 1000, drops="yes")
    monkeypatch.setattr(fetching, "SECONDS", 0.1)
    with pytest.raises(NotFetched, match=r"took longer|ReadTimeout"):
        fetch(f"{host.url}/keys")


def test_nobody_there_is_said_to_be_so():
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        port = server.server_address[1]
    with pytest.raises(NotFetched, match="cannot be read: ConnectError"):
        fetch(f"http://127.0.0.1:{port}/keys")
