"""The provider's keys: when they are fetched, which are any, and what is kept while it is away."""

import json
from threading import Barrier, Event, Thread
from time import sleep
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from api.errors import ProviderAway
from api.oidc import keys
from api.oidc.fetching import NotFetched
from api.oidc.keys import FRESH, GAP, KeySet, signing_keys
from tests.support.oidc.forging import SigningPair

OLD, NEW = SigningPair("ES256"), SigningPair("ES256")


class Fetching:
    """A provider's answers, counted; and a clock."""

    def __init__(self, *pairs: SigningPair) -> None:
        self.pairs: tuple[SigningPair, ...] | None = pairs
        self.count, self.now, self.seconds = 0, 1000.0, 0.0
        self.keys = KeySet(self, lambda: self.now)

    def __call__(self) -> dict[str, Any]:
        self.count += 1
        sleep(self.seconds)
        if self.pairs is None:
            raise NotFetched("It is away.")
        return {"keys": [pair.public for pair in self.pairs]}

    def has(self, pair: SigningPair) -> bool:
        return bool(self.keys.candidates(pair.kid, pair.algorithm))


def test_keys_are_fetched_when_they_are_needed_and_then_kept():
    provider = Fetching(OLD)
    assert provider.count == 0
    assert [provider.has(OLD) for _ in range(5)] == [True] * 5
    provider.now += FRESH - 1
    assert provider.has(OLD)
    assert provider.count == 1


def test_a_new_key_is_found_as_soon_as_it_is_used():
    provider = Fetching(OLD)
    assert provider.has(OLD)
    provider.pairs, provider.now = (OLD, NEW), provider.now + GAP
    assert provider.has(NEW)
    assert provider.count == 2


def test_names_of_keys_that_nobody_has_do_not_make_us_ask_more_often():
    provider = Fetching(OLD)
    assert provider.has(OLD)
    for _ in range(500):
        assert not provider.has(SigningPair("ES256"))
        provider.now += GAP / 100
    assert provider.count == 1 + 4  # in just under five times as long
    assert provider.has(OLD)


def test_a_key_that_the_provider_took_back_is_refused_after_a_while():
    provider = Fetching(OLD)
    assert provider.has(OLD)
    provider.pairs, provider.now = (NEW,), provider.now + FRESH
    assert not provider.has(OLD)
    assert provider.has(NEW)


def test_keys_are_kept_while_the_provider_is_away_and_renewed_when_it_is_back(caplog: pytest.LogCaptureFixture):
    provider = Fetching(OLD)
    assert provider.has(OLD)
    provider.pairs = None
    for _ in range(100):
        provider.now += FRESH
        assert provider.has(OLD)
        assert provider.has(OLD)
    assert provider.count == 101
    assert caplog.messages == ["The identity provider's keys were not fetched: It is away."]
    provider.pairs, provider.now = (NEW,), provider.now + GAP
    assert not provider.has(OLD)


def test_without_any_key_nothing_is_known_and_the_provider_is_asked_now_and_then():
    provider = Fetching(OLD)
    provider.pairs = None
    for _ in range(50):
        with pytest.raises(ProviderAway):
            provider.has(OLD)
    assert provider.count == 1
    provider.pairs, provider.now = (OLD,), provider.now + GAP
    assert provider.has(OLD)


def test_one_thread_fetches_and_the_others_wait_for_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(keys, "PATIENCE", 60.0)
    provider, begun, found = Fetching(OLD), Barrier(8), list[bool]()
    provider.seconds = 0.2  # in which the others come

    def ask() -> None:
        begun.wait(10)
        found.append(provider.has(OLD))

    threads = [Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (found, provider.count) == ([True] * 8, 1)


def test_while_the_provider_is_known_to_be_away_nobody_waits_for_who_asks_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(keys, "PATIENCE", 60.0)
    provider, asking, go_on, told = Fetching(OLD), Event(), Event(), list[bool]()
    assert provider.has(OLD)
    provider.pairs, provider.now = None, provider.now + FRESH
    assert provider.has(OLD)

    def hang() -> dict[str, Any]:
        asking.set()
        told.append(go_on.wait(10))
        raise NotFetched("It took too long.")

    provider.keys._fetch, provider.now = hang, provider.now + GAP
    slow = Thread(target=provider.has, args=[OLD])
    slow.start()
    assert asking.wait(10)
    assert provider.has(OLD)
    go_on.set()
    slow.join(30)
    assert told == [True]  # that it may go on: the other was not held up until it gave up


# --- which keys are any


def small_rsa() -> dict[str, Any]:
    key = rsa.generate_private_key(65537, 1024)
    return {**json.loads(RSAAlgorithm.to_jwk(key.public_key())), "kid": "small", "key_ops": ["verify"]}


def test_keys_that_cannot_sign_tokens_are_left_out(caplog: pytest.LogCaptureFixture):
    good = OLD.public
    bad: list[Any] = [
        OLD.private,
        good | {"use": "enc"},
        good | {"key_ops": ["encrypt"]},
        good | {"key_ops": 5},
        good | {"alg": ["ES256"]},
        good | {"alg": "HS256"},
        good | {"alg": "none"},
        good | {"crv": "P-999"},
        good | {"crv": ["P-256"]},
        good | {"kty": ["EC"]},
        good | {"x": "!"},
        good | {"x": 5},
        {"kty": "oct", "k": "c2VjcmV0", "alg": "HS256", "kid": OLD.kid},
        {"kty": "RSA", "kid": OLD.kid},
        small_rsa(),
        {},
        None,
        "key",
    ]
    assert [key.id for key in signing_keys({"keys": [*bad, good]})] == [OLD.kid]
    assert OLD.private["d"] not in caplog.text
    odd: list[Any] = [None, {}, "keys"]
    for none in odd:
        with pytest.raises(NotFetched):
            signing_keys({"keys": none})
