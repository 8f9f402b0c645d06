"""Which identity provider is believed, and what of its tokens (docs/security.md has the table)."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import get_args
from urllib.parse import urlsplit

from api.setting_errors import SettingsError
from domain.roles import Role

PREFIX = "QUARTERDECK_OIDC_"
NAMES = frozenset(
    PREFIX + name
    for name in (
        *("ISSUER", "AUDIENCE", "JWKS", "LEEWAY", "MEMBER_CLAIM", "ROLES_CLAIM", "ROLES", "DEFAULT_ROLE", "REGISTER"),
    )
)
MOST_LEEWAY = 300
_SWITCH = {"on": True, "true": True, "yes": True, "1": True, "off": False, "false": False, "no": False, "0": False}


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """One provider. `leeway`: seconds that its clock and ours may differ; `roles`: the provider's name → our role."""

    issuer: str
    audience: str
    jwks: str | None = None
    leeway: int = 60
    member_claim: str = "sub"
    roles_claim: str = "roles"
    roles: Mapping[str, Role] | None = None
    default_role: Role | None = None
    registers: bool = True


def oidc_from_env(given: Mapping[str, str]) -> OidcSettings | None:
    """What the variables say; `None` where there is no provider. Raises `SettingsError`."""
    said = {name: value.strip() for name, value in given.items() if name.startswith(PREFIX)}
    if unknown := sorted(said.keys() - NAMES):
        raise SettingsError(f"{unknown[0]} is no setting; there are {', '.join(sorted(NAMES))}.")
    if not said:
        return None
    for needed in ("ISSUER", "AUDIENCE"):
        if PREFIX + needed not in said:
            raise SettingsError(f"{PREFIX}{needed} must be set where any of the {PREFIX}… is.")
    jwks, default = said.get(PREFIX + "JWKS"), said.get(PREFIX + "DEFAULT_ROLE")
    return OidcSettings(
        issuer=_issuer(said[PREFIX + "ISSUER"]),
        audience=said[PREFIX + "AUDIENCE"],
        jwks=None if jwks is None else _secured("JWKS", jwks),
        leeway=_leeway(said.get(PREFIX + "LEEWAY", "60")),
        member_claim=said.get(PREFIX + "MEMBER_CLAIM", "sub"),
        roles_claim=said.get(PREFIX + "ROLES_CLAIM", "roles"),
        roles=_roles(said[PREFIX + "ROLES"]) if PREFIX + "ROLES" in said else None,
        default_role=None if default is None else _default_role(default),
        registers=_switch(said.get(PREFIX + "REGISTER", "on")),
    )


def is_secured(url: str) -> bool:
    """Whether nobody on the way can change what the URL answers: https, or this machine alone."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # raises where it is none
    except ValueError:
        return False
    if not parts.hostname or parts.username is not None or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))


def is_loopback(host: str) -> bool:
    """Whether the host is this machine, by its name or address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _secured(name: str, url: str) -> str:
    if not is_secured(url):
        raise SettingsError(
            f"{PREFIX}{name} is {url!r}; it must be an https URL (http here alone), without user or fragment."
        )
    return url


def _issuer(url: str) -> str:
    """Kept to the letter: tokens name it so, a last slash included."""
    if "?" in _secured("ISSUER", url) or len(url) > 500:
        raise SettingsError(f"{PREFIX}ISSUER is {url!r}; it must have no query, and at most 500 characters.")
    return url


def _leeway(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= MOST_LEEWAY):
        raise SettingsError(f"{PREFIX}LEEWAY is {text!r}; it must be seconds, from 0 to {MOST_LEEWAY}.")
    return int(text)


def _roles(text: str) -> Mapping[str, Role]:
    """`okr-admins=admin,okr-leads=lead`: the last `=` separates, since names of groups may have some."""
    found = {}
    for part in text.split(","):
        name, _, role = (piece.strip() for piece in part.rpartition("="))
        if not name or name in found:
            raise SettingsError(f"{PREFIX}ROLES has {part.strip()!r}; it must be NAME=ROLE,…, each name once.")
        found[name] = _role("ROLES", role)
    return found


def _role(setting: str, text: str) -> Role:
    roles: tuple[Role, ...] = get_args(Role)
    for role in roles:
        if role == text:
            return role
    raise SettingsError(f"{PREFIX}{setting} has the role {text!r}; there are {', '.join(roles)}.")


def _default_role(text: str) -> Role:
    role = _role("DEFAULT_ROLE", text)
    if role == "admin":
        raise SettingsError(f"{PREFIX}DEFAULT_ROLE must not be admin: everybody at the provider would be one.")
    return role


def _switch(text: str) -> bool:
    if text.lower() not in _SWITCH:
        raise SettingsError(f"{PREFIX}REGISTER is {text!r}; it must be on or off.")
    return _SWITCH[text.lower()]
