"""What happens to a member. No personal data stands here: events name members by id alone."""

from typing import ClassVar, Literal

from domain.kernel import Event
from domain.roles import Role
from domain.values import Instant, Text

MemberKind = Literal["person", "service"]


class MemberRegistered(Event):
    """A person or a service was made known."""

    TOPIC: ClassVar[str] = "member.registered"

    kind: MemberKind


class MemberErased(Event):
    """A member's name and addresses were removed for good."""

    TOPIC: ClassVar[str] = "member.erased"

    reason: Text


class MemberRoleGiven(Event):
    """An identity provider gave the member a role, by a token that it issued then; using it is no event."""

    TOPIC: ClassVar[str] = "member.role_given"

    role: Role
    source: str
    issued_at: Instant


MemberEvent = MemberRegistered | MemberErased | MemberRoleGiven
