"""A server that takes tokens of a key of the test's, and whoever has such a token."""

from dataclasses import replace
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from api.oidc.keys import KeySet
from api.oidc.settings import OidcSettings
from api.oidc.sign_in import SignIn
from api.runtime import Runtime
from tests.support.http import Api, done
from tests.support.oidc.forging import AUDIENCE, ISSUER, SigningPair, claims

PAIR = SigningPair("ES256")
SETTINGS = OidcSettings(ISSUER, AUDIENCE)
PROVIDER = str(uuid5(NAMESPACE_URL, ISSUER))
"""Who is named as the author of what the provider's word leads to."""


def sign_in(runtime: Runtime, **settings: Any) -> SignIn:
    """Tokens of the test's key, for a runtime."""
    keys = KeySet(lambda: {"keys": [PAIR.public]})
    return SignIn(replace(SETTINGS, **settings), runtime.database, runtime.ledger, runtime.books, keys)


def by(admin: Api, sub: str | None = "ada", **more: Any) -> Api:
    """The client of whoever has a token that says so."""
    return admin.with_key(PAIR.sign(claims(sub, **more)))


def me(admin: Api, sub: str) -> Any:
    """The member that a subject was registered as; `None` if there is none."""
    found = [one for one in done(admin.get("/members?limit=500"))["items"] if one["external_id"] == sub]
    assert len(found) <= 1
    return found[0] if found else None


def history(admin: Api, member: str) -> list[Any]:
    """What happened to a member, oldest first."""
    return list(reversed(done(admin.get(f"/members/{member}/history"))["items"]))


def fresh() -> str:
    """A subject that nobody has met."""
    return f"sub-{uuid4()}"
