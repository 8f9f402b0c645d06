"""Which tokens are good: forged, stale and foreign ones against the checks, without a server."""

import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from api.credentials import token_in
from api.errors import BadToken
from api.oidc.keys import KeySet
from api.oidc.settings import OidcSettings
from api.oidc.tokens import LONGEST, verified
from tests.support.oidc.forging import AUDIENCE, ISSUER, SigningPair, claims, encoded, tampered

SETTINGS = OidcSettings(ISSUER, AUDIENCE)
PAIR = SigningPair("ES256")
RSA = SigningPair("RS256")


def checked(token, *pairs, leeway=60):
    keys = KeySet(lambda: {"keys": [pair.public for pair in pairs or (PAIR, RSA)]})
    return verified(token, keys, OidcSettings(ISSUER, AUDIENCE, leeway=leeway))


def refused(token, *pairs, leeway=60):
    """What is said of a token that is not good."""
    with pytest.raises(BadToken) as error:
        checked(token, *pairs, leeway=leeway)
    for part in token.split("."):
        assert len(part) < 5 or part not in error.value.detail
    return error.value.detail


def flipped(token, part):
    """The token with one bit of a part changed, in its middle."""
    parts = token.split(".")
    middle = len(parts[part]) // 2
    other = "A" if parts[part][middle] != "A" else "B"
    parts[part] = parts[part][:middle] + other + parts[part][middle + 1 :]
    return ".".join(parts)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "ES384", "ES512", "EdDSA"])
def test_a_token_signed_by_a_key_of_the_provider_is_good(algorithm):
    pair = SigningPair(algorithm)
    assert checked(pair.sign(claims("ada")), pair)["sub"] == "ada"


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256", "PS512"])
def test_one_rsa_key_may_sign_with_any_rsa_algorithm_unless_the_provider_says_which(algorithm):
    token = jwt.encode(claims("ada"), RSA.key, algorithm, {"kid": RSA.kid})
    undecided = RSA.public
    del undecided["alg"]
    assert verified(token, KeySet(lambda: {"keys": [undecided]}), SETTINGS)["sub"] == "ada"
    assert refused(token) == "The token's signature is by no key of the identity provider."


@pytest.mark.parametrize("audience", [AUDIENCE, [AUDIENCE], ["https://other.example.com", AUDIENCE]])
def test_a_token_may_be_for_others_too(audience):
    assert checked(PAIR.sign(claims(aud=audience)))["sub"] == "ada"


@pytest.mark.parametrize("audience", ["https://other.example.com", [], [AUDIENCE + "/"], "", [5], None])
def test_a_token_for_others_alone_is_not_taken(audience):
    assert refused(PAIR.sign(claims(aud=audience))) in (
        "The token is for another audience.",
        "The token lacks the claim aud.",
    )


@pytest.mark.parametrize("issuer", [ISSUER + "/", ISSUER.upper(), "https://evil.example.com"])
def test_a_token_by_another_issuer_is_not_taken(issuer):
    assert refused(PAIR.sign(claims(iss=issuer))) == "The token is by another issuer."


@pytest.mark.parametrize("claim", ["exp", "iat", "iss", "aud"])
def test_a_token_must_say_by_whom_for_whom_since_when_and_until_when(claim):
    assert refused(PAIR.sign(claims(**{claim: None}))) == f"The token lacks the claim {claim}."


def test_clocks_may_differ_by_the_leeway_and_no_more():
    """A minute to each side is ample for a test on a machine that is busy."""
    now = time.time()
    for said, good, bad in (("exp", -140, -260), ("nbf", 140, 260), ("iat", 140, 260)):
        assert checked(PAIR.sign(claims(**{said: now + good})), leeway=200)["sub"] == "ada"
        told = refused(PAIR.sign(claims(**{said: now + bad})), leeway=200)
        assert told == ("The token has expired." if said == "exp" else "The token is not valid yet.")


def test_a_token_expires_without_a_leeway_too():
    assert refused(PAIR.sign(claims(exp=time.time() - 1)), leeway=0) == "The token has expired."


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE"])
def test_an_unsigned_token_is_not_taken(name):
    for kid in ({}, {"kid": PAIR.kid}):
        head = encoded({"alg": name, "typ": "JWT"} | kid)
        for signature in ("", "AAAA"):
            told = refused(f"{head}.{encoded(claims())}.{signature}")
            assert told == "The token is not signed with an algorithm that is taken."


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_public_key_is_no_shared_secret(algorithm):
    """The classic: the provider's public key, known to all, as the secret of an HMAC."""
    public = RSA.key.public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    head = f"{encoded({'alg': algorithm, 'typ': 'JWT', 'kid': RSA.kid})}.{encoded(claims())}"
    for secret in (pem, pem.strip(), json.dumps(RSA.public).encode()):
        signature = jwt.get_algorithm_by_name(algorithm).sign(head.encode(), secret)
        token = f"{head}.{jwt.utils.base64url_encode(signature).decode()}"
        assert refused(token) == "The token is not signed with an algorithm that is taken."


def test_a_key_is_used_for_its_own_kind_of_signature_alone():
    token = jwt.encode(claims(), SigningPair("RS256").key, "RS256", {"kid": PAIR.kid})
    assert refused(token) == "The token's signature is by no key of the identity provider."


def test_claims_that_were_changed_after_signing_are_not_believed():
    assert refused(tampered(PAIR.sign(claims("ada")), sub="bob")) == "The token's signature is not good."


def test_not_even_claims_that_would_be_refused_for_another_reason():
    """The signature comes first: a forger learns nothing of the rest."""
    assert refused(tampered(PAIR.sign(claims()), exp=1, iss="x")) == "The token's signature is not good."


@pytest.mark.parametrize("part", [1, 2])
def test_one_changed_character_is_noticed(part):
    assert refused(flipped(PAIR.sign(claims()), part)).startswith("The token")


def test_a_stranger_s_key_under_a_name_of_the_provider_s_is_no_good():
    assert refused(SigningPair("ES256", kid=PAIR.kid).sign(claims())) == "The token's signature is not good."


def test_a_token_that_names_no_key_is_taken_where_there_is_no_choice():
    token = PAIR.sign(claims(), kid=None)
    assert checked(token)["sub"] == "ada"
    assert refused(token, PAIR, SigningPair("ES256")) == "The token's signature is by no key of the identity provider."


def test_two_keys_of_one_name_are_both_tried():
    other = SigningPair("ES256", kid=PAIR.kid)
    for pair in (PAIR, other):
        assert checked(pair.sign(claims()), PAIR, other)["sub"] == "ada"


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ({"typ": "logout+jwt"}, "The token is of another type: an access token is needed."),
        ({"typ": "dpop+jwt"}, "The token is of another type: an access token is needed."),
        ({"crit": ["exp"], "exp": 1}, "The token's header has something in it that is not taken."),
        ({"b64": False}, "The token's header has something in it that is not taken."),
    ],
)
def test_tokens_made_for_something_else_are_not_taken(header, told):
    head = encoded({"alg": "ES256", "kid": PAIR.kid} | header)
    assert refused(f"{head}.{encoded(claims())}.AAAA") == told


@pytest.mark.parametrize("kind", [None, "JWT", "jwt", "at+jwt", "application/at+jwt"])
def test_access_tokens_say_so_and_others_need_not(kind):
    assert checked(PAIR.sign(claims(), typ=kind))["sub"] == "ada"


def test_a_token_that_is_bound_to_a_key_is_no_bearer_token():
    told = refused(PAIR.sign(claims(cnf={"jkt": "x"})))
    assert told == "The token is bound to its holder's key; only bearer tokens are taken."


def test_a_token_that_was_cut_off_anywhere_is_not_taken():
    token = PAIR.sign(claims())
    for length in range(3, len(token), 7):
        if token_in(f"Bearer {token[:length]}"):
            assert refused(token[:length]).startswith("The token")


@pytest.mark.parametrize(
    "token",
    ["ey.", "ey..", "ey.x.y", "eyJ.a.b.c", "ey\udcff.a.b", encoded([1]) + ".a.b", encoded("x") + ".a.b",
     encoded({}) + ".a.b", encoded({"alg": ["ES256"]}) + ".a.b", encoded({"alg": "ES256", "kid": 5}) + ".a.b",
     jwt.utils.base64url_encode(b"[" * 10_000).decode() + ".a.b"],
)  # fmt: skip
def test_what_is_no_token_at_all_is_said_to_be_none(token):
    assert refused(token).startswith("The token")


@pytest.mark.parametrize("times", [{"exp": 1e400}, {"exp": "soon"}, {"iat": [1]}, {"exp": {}}, {"nbf": "x"}])
def test_a_time_that_is_none_is_refused_though_it_is_signed(times):
    assert refused(PAIR.sign(claims(**times))) in ("The token is malformed.", "The token is not valid yet.")


@pytest.mark.parametrize("payload", [b"[]", b"null", b"{", b"\xff", b"[" * 9_000, b'{"iss": NaN}'])
def test_a_payload_that_is_no_object_is_refused_though_it_is_signed(payload):
    token = jwt.PyJWS().encode(payload, PAIR.key, "ES256", {"kid": PAIR.kid})
    assert refused(token).startswith("The token")


def test_a_huge_token_is_not_looked_at():
    assert refused(PAIR.sign(claims(groups=["x" * LONGEST]))) == "The token is too long: it may have 16,000 characters."


def test_only_what_looks_like_a_token_is_taken_for_one():
    token = PAIR.sign(claims())
    assert token_in(f"Bearer {token}") == token_in(f"bearer  {token} ") == token
    for other in (None, "", "Bearer", "Bearer qd_x.y", f"Basic {token}", "Bearer eyx", f"Token {token}"):
        assert token_in(other) is None
