"""The settings of an identity provider: what is taken, and what is said of what is not."""

import pytest

from api.oidc.settings import OidcSettings
from api.setting_errors import SettingsError
from api.settings import Settings

NEEDED = {"ISSUER": "https://id.example.com", "AUDIENCE": "quarterdeck"}


def settings(**given: str) -> OidcSettings | None:
    return Settings.from_env({f"QUARTERDECK_OIDC_{name}": value for name, value in given.items()}).oidc


def test_without_an_issuer_there_is_no_provider():
    assert settings() is settings(ISSUER=" ") is None


def test_issuer_and_audience_are_enough():
    assert settings(**NEEDED) == OidcSettings("https://id.example.com", "quarterdeck")


def test_everything_can_be_said():
    said = settings(
        ISSUER="http://[::1]:9000/realms/acme/", AUDIENCE="quarterdeck", JWKS="https://keys.example.com/jwks?v=1",
        LEEWAY="0", MEMBER_CLAIM="email", ROLES_CLAIM="realm_access.roles", DEFAULT_ROLE="reader", REGISTER="off",
        ROLES="okr-admins=admin, okr-leads = lead,cn=okr=member",
    )  # fmt: skip
    assert said == OidcSettings(
        "http://[::1]:9000/realms/acme/", "quarterdeck", "https://keys.example.com/jwks?v=1", 0, "email",
        "realm_access.roles", {"okr-admins": "admin", "okr-leads": "lead", "cn=okr": "member"}, "reader", False,
    )  # fmt: skip


@pytest.mark.parametrize("host", ["localhost", "localhost:9000", "127.0.0.1", "127.8.8.8:1", "[::1]"])
def test_this_machine_needs_no_tls(host: str):
    assert settings(**NEEDED | {"ISSUER": f"http://{host}"}) is not None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("ISSUER", url) for url in ("http://id.example.com", "id.example.com", "https://", "ftp://localhost", "x")),
        *(("ISSUER", url) for url in ("https://a:b@id.example.com", "https://id.example.com#x", "https://x:port")),
        *(("ISSUER", url) for url in ("https://id.example.com?x=1", "http://127.0.0.1.example.com", "https://[x")),
        ("JWKS", "http://keys.example.com"),
        ("JWKS", "file:///keys"),
        *(("LEEWAY", text) for text in ("-1", "301", "1.5", "a minute", "1e2", "٣")),
        *(("ROLES", text) for text in ("admin", "x=owner", "=admin", "a=admin,a=lead", "a=admin,", ",")),
        *(("DEFAULT_ROLE", text) for text in ("owner", "admin", "Reader")),
        ("REGISTER", "maybe"),
        ("ROLE", "x=admin"),
    ],
)
def test_anything_else_is_refused_by_name(name: str, value: str):
    with pytest.raises(SettingsError, match=f"^QUARTERDECK_OIDC_{name} "):
        settings(**NEEDED | {name: value})


@pytest.mark.parametrize("name", ["ISSUER", "AUDIENCE"])
def test_one_without_the_other_is_refused(name: str):
    with pytest.raises(SettingsError, match=f"^QUARTERDECK_OIDC_{name} must be set"):
        settings(**{other: value for other, value in NEEDED.items() if other != name}, LEEWAY="5")
