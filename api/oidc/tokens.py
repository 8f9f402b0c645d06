"""Whether a token is the provider's, for us, and good now. Its signature is checked before its claims are believed."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Any

import jwt

from api.errors import BadToken
from api.oidc.keys import ALGORITHMS, KeySet, SigningKey
from api.oidc.settings import OidcSettings

LONGEST = 16_000
"""Characters of a token; the largest in use, with hundreds of groups in them, have half of that."""
TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt", "application/jwt"})
"""What a token may say it is. An access token (RFC 9068), or just a JWT, as most providers call theirs."""


def verified(token: str, keys: KeySet, settings: OidcSettings) -> Mapping[str, Any]:
    """The claims of a good token. Raises `BadToken`, and `ProviderAway` if that cannot be known yet."""
    header = _header(token)
    algorithm, id = header["alg"], header.get("kid")
    candidates = keys.candidates(id, algorithm)
    if not candidates:
        raise BadToken("The token's signature is by no key of the identity provider.")
    refusal = BadToken("The token's signature is not good.")
    for key in candidates:
        try:
            claims = _claims(token, algorithm, key, settings)
        except jwt.InvalidSignatureError:
            continue
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            refusal = BadToken(_said(error))
            raise refusal from None
        if "cnf" in claims:
            raise BadToken("The token is bound to its holder's key; only bearer tokens are taken.")
        return claims
    raise refusal


def _header(token: str) -> Mapping[str, Any]:
    """What the token says of its own signature: enough to choose a key by, and no more."""
    if len(token) > LONGEST:
        raise BadToken(f"The token is too long: it may have {LONGEST:,} characters.")
    parts = token.split(".")
    try:
        if len(parts) != 3 or not all(parts[:2]):
            raise ValueError
        header = json.loads(urlsafe_b64decode(parts[0] + "=" * (-len(parts[0]) % 4)))
        id, kind, algorithm = header.get("kid"), header.get("typ"), header.get("alg")
    except (ValueError, AttributeError, RecursionError):
        raise BadToken("The token is malformed, or was cut off.") from None
    if algorithm not in ALGORITHMS if isinstance(algorithm, str) else True:
        raise BadToken("The token is not signed with an algorithm that is taken.")
    if not (id is None or isinstance(id, str)) or "crit" in header or header.get("b64", True) is not True:
        raise BadToken("The token's header has something in it that is not taken.")
    if not (kind is None or (isinstance(kind, str) and kind.lower() in TYPES)):
        raise BadToken("The token is of another type: an access token is needed.")
    return {"alg": algorithm, "kid": id}


def _claims(token: str, algorithm: str, key: SigningKey, settings: OidcSettings) -> Mapping[str, Any]:
    # The algorithm is one of those that the key's own kind and the provider allow (`KeySet.candidates`).
    claims: dict[str, Any] = jwt.decode(
        token,
        key.key,
        algorithms=[algorithm],
        audience=settings.audience,
        issuer=settings.issuer,
        leeway=settings.leeway,
        options={"require": ["exp", "iat", "iss", "aud"]},
    )
    return claims


def _said(error: Exception) -> str:
    """What was wrong, in general terms, and nothing that stands in the token."""
    match error:
        case jwt.ExpiredSignatureError():
            return "The token has expired."
        case jwt.MissingRequiredClaimError():
            return f"The token lacks the claim {error.claim}."
        case jwt.ImmatureSignatureError():
            return "The token is not valid yet."
        case jwt.InvalidAudienceError():
            return "The token is for another audience."
        case jwt.InvalidIssuerError():
            return "The token is by another issuer."
        case _:
            return "The token is malformed."
