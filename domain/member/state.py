"""A member as its facts make it."""

from dataclasses import dataclass, replace
from typing import Literal, assert_never
from uuid import UUID

from domain.kernel import Fact, Fold, Kind
from domain.member.events import MemberErased, MemberEvent, MemberKind, MemberRegistered


@dataclass(frozen=True, slots=True)
class Member:
    """A person or a service."""

    id: UUID
    kind: MemberKind
    state: Literal["active", "erased"]


def evolve(member: Member | None, fact: Fact[MemberEvent]) -> Member:
    """The member after the fact."""
    event = fact.event
    if isinstance(event, MemberRegistered):
        return Member(id=fact.stream.id, kind=event.kind, state="active")
    assert member is not None  # noqa: S101
    match event:
        case MemberErased():
            return replace(member, state="erased")
        case _:
            assert_never(event)


MEMBER = Fold(Kind.MEMBER, evolve)
