"""What happens to a member. No personal data stands here: events name members by id alone."""

from typing import ClassVar, Literal

from domain.kernel import Event
from domain.values import Text

MemberKind = Literal["person", "service"]


class MemberRegistered(Event):
    """A person or a service was made known."""

    TOPIC: ClassVar[str] = "member.registered"

    kind: MemberKind


class MemberErased(Event):
    """A member's name and addresses were removed for good."""

    TOPIC: ClassVar[str] = "member.erased"

    reason: Text


MemberEvent = MemberRegistered | MemberErased
