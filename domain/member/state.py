"""A member as its facts make it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, assert_never
from uuid import UUID

from domain.kernel import Fact, Fold, Kind
from domain.member.events import MemberErased, MemberEvent, MemberKind, MemberRegistered, MemberRoleGiven
from domain.roles import Role


@dataclass(frozen=True, slots=True)
class Member:
    """A person or a service; the role that an identity provider gave last, by a token of `issued_at`."""

    id: UUID
    kind: MemberKind
    state: Literal["active", "erased"]
    role: Role | None = None
    source: str | None = None
    issued_at: datetime | None = None


def evolve(member: Member | None, fact: Fact[MemberEvent]) -> Member:
    """The member after the fact."""
    event = fact.event
    if isinstance(event, MemberRegistered):
        return Member(id=fact.stream.id, kind=event.kind, state="active")
    assert member is not None  # noqa: S101
    match event:
        case MemberErased():
            return replace(member, state="erased")
        case MemberRoleGiven():
            return replace(member, role=event.role, source=event.source, issued_at=event.issued_at)
        case _:
            assert_never(event)


MEMBER = Fold(Kind.MEMBER, evolve)
