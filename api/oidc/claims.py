"""What a good token says of somebody: who it is, which role, which name and address."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from pydantic import TypeAdapter, ValidationError

from api.errors import BadToken
from api.oidc.settings import OidcSettings
from domain.member.decisions import Email
from domain.roles import Role
from domain.values import Label

STRONGEST: tuple[Role, ...] = ("admin", "lead", "member", "service", "auditor", "reader")
"""Of several roles the first counts. A person who is also in a group for machines stays a person, so `service` comes
after `member`; and it may write, so it comes before those who only read."""

_LABEL: TypeAdapter[str] = TypeAdapter(Label)
_EMAIL: TypeAdapter[str] = TypeAdapter(Email)


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody at the provider. `email` only if the provider has verified it."""

    issuer: str
    id: str
    issued_at: datetime
    name: str
    email: str | None

    @property
    def key(self) -> bytes:
        """What the table of subjects knows them by: no name, and nothing to read a name from."""
        return sha256(f"{self.issuer}\n{self.id}".encode()).digest()

    @property
    def external_id(self) -> str:
        """The id as the ledger takes it, which has a longest length."""
        return _taken(_LABEL, self.id) or f"sha256:{self.key.hex()}"


def subject_of(claims: Mapping[str, Any], settings: OidcSettings) -> Subject:
    """Who the token is about. Raises `BadToken` if it does not say."""
    id = _claim(claims, settings.member_claim)
    if not isinstance(id, str) or not id.strip() or not _is_text(id):
        raise BadToken("The token does not say whom it is about.")
    try:
        issued_at = datetime.fromtimestamp(float(claims["iat"]), UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        raise BadToken("The token is malformed.") from None
    # Only what the provider vouches for: whoever writes any address into their profile must not become its owner.
    email = _taken(_EMAIL, claims.get("email")) if claims.get("email_verified") is True else None
    names = (_taken(_LABEL, claims.get(name)) for name in ("name", "preferred_username"))
    name = next((name for name in names if name), None)
    return Subject(settings.issuer, id, issued_at, name or _taken(_LABEL, id) or "somebody", email)


def role_of(claims: Mapping[str, Any], settings: OidcSettings) -> Role | None:
    """The strongest role that the token gives; the one that everybody has, if it gives none."""
    said = _claim(claims, settings.roles_claim)
    names = said.split() if isinstance(said, str) else said if isinstance(said, list) else []
    named = {name for name in names if isinstance(name, str)}
    given = named if settings.roles is None else {settings.roles[name] for name in named if name in settings.roles}
    return next((role for role in STRONGEST if role in given), settings.default_role)


def weaker(one: Role, other: Role) -> Role:
    """That of two roles which counts less."""
    return max(one, other, key=STRONGEST.index)


def _claim(claims: Any, path: str) -> Any:
    """The value at a dotted path. Names of claims may have dots themselves, as those that are URLs do."""
    for name, rest in _splits(path):
        if isinstance(claims, dict) and name in claims:
            found = claims[name] if rest is None else _claim(claims[name], rest)
            if found is not None:
                return found
    return None


def _splits(path: str) -> Iterator[tuple[str, str | None]]:
    yield path, None
    for index, char in enumerate(path):
        if char == ".":
            yield path[:index], path[index + 1 :]


def _is_text(value: str) -> bool:
    return value.isprintable() and value.encode(errors="replace").decode() == value


def _taken(kind: TypeAdapter[str], value: Any) -> str | None:
    """The value, if it is one of the kind; who somebody is does not hang on how they are called."""
    try:
        return kind.validate_python(value)
    except ValidationError:
        return None
