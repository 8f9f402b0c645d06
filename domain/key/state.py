"""A key as its facts make it.

The first key of a ledger is made before there is anybody who could be named as its maker, so no event tells of that.
Its stream, if it ever gets one, begins with its revocation; all that is known of it here is then that it is gone.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, assert_never
from uuid import UUID

from domain.kernel import Fact, Fold, Kind
from domain.key.events import KeyCreated, KeyEvent, KeyRevoked
from domain.roles import Role
from domain.values import Redacted

KeyState = Literal["active", "revoked"]


@dataclass(frozen=True, slots=True)
class Key:
    """A credential. `role` is `None` of one that was made before any event could tell of it."""

    id: UUID
    role: Role | None
    member: UUID | None
    expires_at: datetime | None
    label: str | Redacted | None
    state: KeyState


def evolve(key: Key | None, fact: Fact[KeyEvent]) -> Key:
    """The key after the fact."""
    event = fact.event
    match event:
        case KeyCreated():
            return Key(fact.stream.id, event.role, event.member, event.expires_at, event.label, "active")
        case KeyRevoked():
            return replace(key or Key(fact.stream.id, None, None, None, None, "active"), state="revoked")
        case _:
            assert_never(event)


KEY = Fold(Kind.KEY, evolve)
