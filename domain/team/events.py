"""What happens to a team."""

from typing import Any, ClassVar, Literal
from uuid import UUID

from domain.kernel import Event
from domain.values import Id, Label, Text

TeamRole = Literal["member", "lead"]
_UNSET: Any = None


class TeamFormed(Event):
    """A team was formed, perhaps inside another."""

    TOPIC: ClassVar[str] = "team.formed"

    name: Text
    parent: Id | None
    external_id: Label | None
    source: Label


class TeamChanged(Event):
    """The team got another name, or another place in the tree."""

    TOPIC: ClassVar[str] = "team.changed"

    name: Text = _UNSET
    parent: Id | None = None


class TeamDisbanded(Event):
    """The team does not exist any more; its goals stay."""

    TOPIC: ClassVar[str] = "team.disbanded"

    reason: Text | None


class MemberJoined(Event):
    """A member joined the team, or took another role in it."""

    TOPIC: ClassVar[str] = "team.member_joined"

    member: UUID
    role: TeamRole


class MemberLeft(Event):
    """A member left the team."""

    TOPIC: ClassVar[str] = "team.member_left"

    member: UUID


TeamEvent = TeamFormed | TeamChanged | TeamDisbanded | MemberJoined | MemberLeft
