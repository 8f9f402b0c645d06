"""Tokens of a real identity provider, the program `oidc-provider`, on this machine: issued, expired, rotated, away."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import jwt
import pytest

from api.oidc.fetching import key_set_of
from api.oidc.keys import FRESH, GAP, KeySet
from api.oidc.settings import OidcSettings
from api.oidc.sign_in import SignIn
from tests.support.http import Api, done
from tests.support.oidc.forging import AUDIENCE, SigningPair, claims, encoded, tampered
from tests.support.oidc.members import fresh, history, me
from tests.support.oidc.provider import NoProvider, Provider, running_provider

DEADLINE = 60.0
OTHER = "https://other.example.com/api"


@pytest.fixture(scope="module")
def program() -> Iterator[Provider]:
    try:
        with running_provider() as provider:
            yield provider
    except NoProvider as reason:
        pytest.skip(str(reason))


@pytest.fixture
def provider(program: Provider) -> Iterator[Provider]:
    """The provider, with the keys that it began with, and not away."""
    pairs = program.pairs
    yield program
    program.control(away=False)
    if program.pairs is not pairs:
        program.rotate(pairs)


class Clock:
    """Seconds that pass when a test says so; for the age of keys, not of tokens."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(admin: Api, provider: Provider, clock: Clock) -> Api:
    """An admin's client, by key, on a server that takes the provider's tokens."""
    believe(admin, clock, OidcSettings(provider.issuer, AUDIENCE))
    return admin


def believe(admin: Api, clock: Callable[[], float], settings: OidcSettings) -> None:
    runtime = admin.runtime
    keys = KeySet(key_set_of(settings), clock)
    runtime.sign_in = SignIn(settings, runtime.database, runtime.ledger, runtime.books, keys)


def said(api: Api, token: str) -> tuple[int, str]:
    answer = api.with_key(token).get("/cycles")
    return answer.status, "" if answer.status == 200 else answer.body["detail"]


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_token_of_the_provider_reads_and_writes_as_its_member(server: Api, provider: Provider, algorithm: str):
    sub = fresh()
    token = provider.token(sub, f"{AUDIENCE}?alg={algorithm}", roles=["admin"], name="Ada")
    assert jwt.get_unverified_header(token)["alg"] == algorithm
    ada = server.with_key(token)
    assert ada.get("/cycles").status == 200
    written = ada.post("/teams", name="Analysts")
    assert written.status == 201
    (event,) = done(server.get(f"/events?after={written.position - 1}&limit=1"))["items"]
    member = me(server, sub)
    assert (event["actor"], member["name"]) == (member["id"], "Ada")


def test_the_keys_may_be_named_by_the_settings(server: Api, provider: Provider, clock: Clock):
    believe(server, clock, OidcSettings(provider.issuer, AUDIENCE, jwks=f"{provider.issuer}/jwks"))
    assert said(server, provider.token(fresh(), roles=["reader"])) == (200, "")


def test_a_token_expires(server: Api, provider: Provider, clock: Clock):
    believe(server, clock, OidcSettings(provider.issuer, AUDIENCE, leeway=0))
    token = provider.token(fresh(), f"{AUDIENCE}?ttl=1", roles=["reader"])
    deadline = time.monotonic() + DEADLINE
    while said(server, token)[0] == 200 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert said(server, token) == (401, "The token has expired.")


def test_a_token_for_another_audience_is_401(server: Api, provider: Provider):
    token = provider.token(fresh(), OTHER, roles=["admin"])
    assert said(server, token) == (401, "The token is for another audience.")


def test_a_token_of_another_issuer_is_401_though_the_key_is_the_same(server: Api, provider: Provider):
    token = provider.pairs[0].sign(claims(fresh(), iss="https://id.example.com"))
    assert said(server, token) == (401, "The token is by another issuer.")


def test_what_is_changed_in_a_token_is_noticed(server: Api, provider: Provider):
    token = provider.token(fresh(), roles=["reader"])
    assert said(server, tampered(token, roles=["admin"])) == (401, "The token's signature is not good.")
    header = jwt.get_unverified_header(token)
    _, payload, signature = token.split(".")
    for algorithm in ("none", "HS256"):
        forged = f"{encoded(header | {'alg': algorithm})}.{payload}.{signature}"
        assert said(server, forged) == (401, "The token is not signed with an algorithm that is taken.")
    assert said(server, token[:-40])[0] == said(server, token[: len(token) // 2])[0] == 401
    assert said(server, token) == (200, "")


def test_no_role_is_403_and_a_role_that_changed_is_one_event(server: Api, provider: Provider):
    sub = fresh()
    assert said(server, provider.token(sub, roles=["staff"]))[0] == 403
    tokens = [provider.token(sub, roles=["member"])]
    deadline = time.monotonic() + DEADLINE
    while len(tokens) < 2 and time.monotonic() < deadline:  # until the provider's clock shows another second
        token = provider.token(sub, roles=["lead"])
        tokens += [token] if issued_at(token) > issued_at(tokens[0]) else []
    assert [said(server, token)[0] for token in (*tokens, *tokens)] == [200] * 4
    told = [item["summary"] for item in history(server, me(server, sub)["id"])][1:]
    assert told == [f"The member was given the role {role} by {provider.issuer}." for role in ("member", "lead")]


def issued_at(token: str) -> int:
    return int(jwt.decode(token, options={"verify_signature": False})["iat"])


def test_groups_of_the_provider_s_are_roles_by_the_settings(server: Api, provider: Provider, clock: Clock):
    settings = OidcSettings(provider.issuer, AUDIENCE, roles_claim="realm_access.roles")
    believe(server, clock, replace(settings, roles={"okr-admins": "admin"}))
    token = provider.token(fresh(), realm_access={"roles": ["okr-admins", "lead"]})
    assert server.with_key(token).post("/teams", name="x").status == 201
    assert said(server, provider.token(fresh(), realm_access={"roles": ["lead"]}))[0] == 403


def test_a_new_key_is_taken_as_soon_as_it_signs_and_an_old_one_is_refused_after_a_while(
    server: Api, provider: Provider, clock: Clock
):
    sub, old = fresh(), provider.pairs
    before = provider.token(sub, roles=["reader"])
    assert said(server, before) == (200, "")
    provider.rotate([SigningPair("RS256"), *old])
    clock.now += GAP
    assert said(server, provider.token(sub)) == said(server, before) == (200, "")
    provider.rotate(provider.pairs[:1])
    clock.now += FRESH
    assert said(server, provider.token(sub)) == (200, "")
    assert said(server, before) == (401, "The token's signature is by no key of the identity provider.")


def test_forged_names_of_keys_have_the_provider_asked_once_in_a_while(server: Api, provider: Provider, clock: Clock):
    before = provider.control().get("/jwks", 0)
    token, stranger = provider.token(fresh(), roles=["reader"]), SigningPair("ES256")
    for _ in range(2):
        for _ in range(20):
            assert said(server, stranger.sign(claims("ada", iss=provider.issuer)))[0] == 401
        assert said(server, token) == (200, "")
        clock.now += GAP
    assert provider.control()["/jwks"] == before + 2


def test_keys_that_are_known_are_good_while_the_provider_is_away(server: Api, provider: Provider, clock: Clock):
    token, unknown = provider.token(fresh(), roles=["reader"]), SigningPair("RS256")
    assert said(server, token) == (200, "")
    provider.control(away=True)
    for _ in range(3):
        clock.now += FRESH
        assert said(server, token) == (200, "")
        assert said(server, unknown.sign(claims("ada", iss=provider.issuer)))[0] == 401


def test_without_any_key_yet_it_is_503_and_says_when_to_come_back(server: Api, provider: Provider, clock: Clock):
    token = provider.token(fresh(), roles=["reader"])
    provider.control(away=True)
    refused = server.with_key(token).get("/cycles")
    assert (refused.status, refused.slug, refused.headers["Retry-After"]) == (503, "provider_away", "10")
    assert server.get("/cycles").status == 200  # with a key of ours
    provider.control(away=False)
    clock.now += GAP
    assert said(server, token) == (200, "")


def test_tokens_are_in_no_line_of_the_log(server: Api, provider: Provider, caplog: pytest.LogCaptureFixture):
    caplog.set_level(0)
    tokens = [provider.token(fresh(), resource, roles=["reader"]) for resource in (AUDIENCE, OTHER)]
    assert [said(server, token)[0] for token in tokens] == [200, 401]
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert "GET /v1/cycles" in logged
    assert not [part for token in tokens for part in token.split(".") if part in logged]
