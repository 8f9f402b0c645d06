"""The provider's public keys: fetched when they are needed, kept for a while, and kept on while the provider is away.

A key that the provider takes back is refused after `FRESH` seconds at the latest. A token that names a key we do not
know has the keys fetched again, but at most every `GAP` seconds: whoever forges names has us ask no more often. One
thread fetches; others wait a little, or use what is there while the provider is known to be away.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from threading import Lock
from time import monotonic
from typing import Any

import jwt

from api.errors import ProviderAway
from api.oidc.fetching import NotFetched

_LOG = logging.getLogger("quarterdeck.oidc")

FRESH = 300.0
"""Seconds for which keys are believed without asking again."""
GAP = 10.0
"""Seconds between the end of one fetch and the next, whatever asks for it."""
PATIENCE = 2.0
"""Seconds to wait for another thread's fetch."""
MOST_KEYS = 100
MIN_RSA_BITS = 2048

_OF_TYPE: Mapping[tuple[str, str | None], frozenset[str]] = {
    ("RSA", None): frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}),
    ("EC", "P-256"): frozenset({"ES256"}),
    ("EC", "P-384"): frozenset({"ES384"}),
    ("EC", "P-521"): frozenset({"ES512"}),
    ("OKP", "Ed25519"): frozenset({"EdDSA"}),
}
ALGORITHMS = frozenset[str]().union(*_OF_TYPE.values())
"""What a token may be signed with: key pairs, of which we know the public half. No `none`, and no shared secret."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A public key, and what it may have signed with."""

    id: str | None
    algorithms: frozenset[str]
    key: Any


class KeySet:
    """The keys of one provider. `fetch` gets its JWK Set (RFC 7517), and raises `NotFetched`; `clock` has seconds."""

    def __init__(self, fetch: Callable[[], Mapping[str, Any]], clock: Callable[[], float] = monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = Lock()
        self._keys: Sequence[SigningKey] | None = None
        self._fetched, self._tried = -inf, -inf
        self._trouble: str | None = None

    def candidates(self, id: str | None, algorithm: str) -> Sequence[SigningKey]:
        """The keys that may have signed a token with that header; none if it is not one of the provider's.

        A token that names no key is taken only where there is no choice. Raises `ProviderAway` as long as the
        keys could never be had.
        """
        return self._matching(id, algorithm, FRESH) or self._matching(id, algorithm, 0.0)

    def _matching(self, id: str | None, algorithm: str, age: float) -> Sequence[SigningKey]:
        suitable = [key for key in self._held(age) if algorithm in key.algorithms]
        if id is not None:
            return [key for key in suitable if key.id == id]
        return suitable if len(suitable) == 1 else ()

    def _held(self, age: float) -> Sequence[SigningKey]:
        """The keys, asked for again if they are older than so many seconds."""
        if self._is_due(age) and self._lock.acquire(timeout=0 if self._trouble else PATIENCE):
            try:
                if self._is_due(age):  # and nobody else has just been there
                    self._renew()
            finally:
                self._lock.release()
        if self._keys is None:
            raise ProviderAway("The identity provider's keys cannot be had just now, so no token can be checked.")
        return self._keys

    def _is_due(self, age: float) -> bool:
        now = self._clock()
        return now - self._tried >= GAP and (self._keys is None or now - self._fetched >= age)

    def _renew(self) -> None:
        """What goes wrong is told in the log, once; the keys that are there are kept."""
        try:
            self._keys = signing_keys(self._fetch())
            self._fetched, self._trouble = self._clock(), None
        except NotFetched as error:
            if str(error) != self._trouble:
                _LOG.warning("The identity provider's keys were not fetched: %s", error)
            self._trouble = str(error)
        finally:
            self._tried = self._clock()


def signing_keys(found: Mapping[str, Any]) -> Sequence[SigningKey]:
    """The keys of a JWK Set that may sign; others, and those of kinds we do not know, are none. Raises `NotFetched`."""
    keys = found.get("keys")
    if not isinstance(keys, list):
        raise NotFetched("The provider's key set has no list of keys.")
    return tuple(_signing(keys[:MOST_KEYS]))


def _signing(keys: Sequence[Any]) -> Iterator[SigningKey]:
    for jwk in keys:
        algorithms = _algorithms(jwk) if isinstance(jwk, dict) else frozenset[str]()
        if not algorithms:
            continue
        if "d" in jwk:
            _LOG.warning("The identity provider shows a private key to everybody; it is not believed.")
            continue
        try:
            key = jwt.PyJWK(jwk, algorithm=min(algorithms)).key
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            _LOG.warning("A key of the identity provider cannot be read: %s", type(error).__name__)
            continue
        if jwk["kty"] == "RSA" and key.key_size < MIN_RSA_BITS:
            _LOG.warning("A key of the identity provider is too short: %s bits", key.key_size)
            continue
        id = jwk.get("kid")
        yield SigningKey(id if isinstance(id, str) else None, algorithms, key)


def _algorithms(jwk: Mapping[str, Any]) -> frozenset[str]:
    """What the key may have signed with, by its type, curve, use and algorithm."""
    kind, uses = (jwk.get("kty"), jwk.get("crv")), jwk.get("key_ops", ["verify"])
    if not all(part is None or isinstance(part, str) for part in (*kind, jwk.get("alg"))):
        return frozenset()
    if jwk.get("use", "sig") != "sig" or not isinstance(uses, list) or "verify" not in uses:
        return frozenset()
    suitable = _OF_TYPE.get((str(kind[0]), kind[1]), frozenset())
    return suitable if jwk.get("alg") is None else suitable & {jwk["alg"]}
