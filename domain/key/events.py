"""What happens to a key. Neither the secret nor its hash stands here: they are kept beside the ledger, or nowhere."""

from typing import ClassVar

from domain.kernel import Event
from domain.roles import Role
from domain.values import Id, Instant, Label, Text


class KeyCreated(Event):
    """A key was made: from now on, whoever has it may do what its role says, for its member if it has one."""

    TOPIC: ClassVar[str] = "key.created"

    role: Role
    member: Id | None
    expires_at: Instant | None
    label: Text | None
    external_id: Label | None
    source: Label


class KeyRevoked(Event):
    """A key lost its power for good."""

    TOPIC: ClassVar[str] = "key.revoked"

    reason: Text | None


KeyEvent = KeyCreated | KeyRevoked
