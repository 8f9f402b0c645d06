"""Getting a JSON document from the provider, carefully: over a secured URL, soon, from there alone, and not much."""

import json
from collections.abc import Callable
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import httpx

from api.oidc.settings import OidcSettings, is_loopback, is_secured

SECONDS = 5.0
"""How long the body of a document may take. Connecting, and each silence, have half of it."""
MOST_BYTES = 500_000
_DISCOVERY = "/.well-known/openid-configuration"


class NotFetched(Exception):
    """The provider's document cannot be had, or is not what it should be; a sentence for the log."""


def key_set_of(settings: OidcSettings) -> Callable[[], dict[str, Any]]:
    """What fetches the provider's keys: from where the settings say, or else from where the provider says."""

    def fetched() -> dict[str, Any]:
        return fetch(settings.jwks or _discovered(settings.issuer))

    return fetched


def _discovered(issuer: str) -> str:
    """Where the keys are, by OpenID Connect Discovery 1.0; asked each time, since they may move."""
    url = issuer.rstrip("/") + _DISCOVERY
    told = fetch(url)
    if told.get("issuer") != issuer:
        raise NotFetched(f"{url} speaks for another issuer than QUARTERDECK_OIDC_ISSUER, {issuer}.")
    jwks = told.get("jwks_uri")
    if not isinstance(jwks, str) or not is_secured(jwks):
        raise NotFetched(f"{url} names no secured URL for its keys.")
    return jwks


def fetch(url: str) -> dict[str, Any]:
    """The JSON object at the URL. Raises `NotFetched`."""
    # A proxy of the environment's is for what is elsewhere.
    trusts = not is_loopback(urlsplit(url).hostname or "")
    try:
        with (
            httpx.Client(timeout=SECONDS / 2, follow_redirects=False, trust_env=trusts) as client,
            client.stream("GET", url, headers={"Accept": "application/json", "Accept-Encoding": "identity"}) as answer,
        ):
            if answer.status_code != 200:
                raise NotFetched(f"{url} answers {answer.status_code}.")
            body = _read(url, answer)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotFetched(f"{url} cannot be read: {type(error).__name__}.") from error
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotFetched(f"{url} is not JSON.") from error
    if not isinstance(found, dict):
        raise NotFetched(f"{url} is no JSON object.")
    return found


def _read(url: str, answer: httpx.Response) -> bytes:
    until, body = monotonic() + SECONDS, bytearray()
    for part in answer.iter_raw():
        body += part
        if len(body) > MOST_BYTES:
            raise NotFetched(f"{url} has more than {MOST_BYTES} bytes.")
        if monotonic() > until:
            raise NotFetched(f"{url} took longer than {SECONDS:.0f} seconds.")
    return bytes(body)
