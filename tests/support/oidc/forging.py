"""Keys of a provider, and tokens that are signed with them, good and bad."""

import json
import time
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

ISSUER = "https://id.example.com/realms/acme"
AUDIENCE = "https://quarterdeck.example.com/api"

_CURVES: dict[str, ec.EllipticCurve] = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}


class SigningPair:
    """A key pair for an algorithm. `private` and `public` are JWKs."""

    def __init__(self, algorithm: str = "ES256", kid: str | None = None) -> None:
        self.algorithm = algorithm
        self.kid = kid or uuid4().hex
        if algorithm == "EdDSA":
            self.key: Any = Ed25519PrivateKey.generate()
            self._family: Any = OKPAlgorithm
        elif algorithm in _CURVES:
            self.key, self._family = ec.generate_private_key(_CURVES[algorithm]), ECAlgorithm
        else:
            self.key, self._family = rsa.generate_private_key(65537, 2048), RSAAlgorithm

    @property
    def private(self) -> dict[str, Any]:
        return self._named(self.key)

    @property
    def public(self) -> dict[str, Any]:
        return self._named(self.key.public_key())

    def _named(self, key: Any) -> dict[str, Any]:
        jwk: dict[str, Any] = json.loads(self._family.to_jwk(key))
        jwk.pop("key_ops", None)
        return jwk | {"kid": self.kid, "use": "sig", "alg": self.algorithm}

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """A token; a header that is `None` is left out."""
        headers = {"kid": self.kid, "typ": "at+jwt"} | header
        return jwt.encode(claims, self.key, self.algorithm, {k: v for k, v in headers.items() if v is not None})


def claims(sub: str | None = "ada", **more: Any) -> dict[str, Any]:
    """What a good token says; a claim that is `None` is left out."""
    now = int(time.time())
    usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": sub, "iat": now, "exp": now + 600, "roles": ["member"]}
    return {name: value for name, value in (usual | more).items() if value is not None}


def tampered(token: str, **more: Any) -> str:
    """The token with other claims, and its signature as it was."""
    header, payload, signature = token.split(".")
    found = json.loads(jwt.utils.base64url_decode(payload))
    return ".".join([header, encoded(found | more), signature])


def encoded(part: Any) -> str:
    """A part of a token."""
    return jwt.utils.base64url_encode(json.dumps(part).encode()).decode()
