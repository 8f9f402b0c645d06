"""A team as its facts make it."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, assert_never
from uuid import UUID

from domain.kernel import Fact, Fold, Kind
from domain.team.events import (
    MemberJoined,
    MemberLeft,
    TeamChanged,
    TeamDisbanded,
    TeamEvent,
    TeamFormed,
    TeamRole,
)
from domain.values import Redacted


@dataclass(frozen=True, slots=True)
class Team:
    """A team, its place in the tree and its members with their roles."""

    id: UUID
    name: str | Redacted
    parent: UUID | None
    external_id: str | None
    state: Literal["active", "disbanded"]
    state_since: datetime
    members: dict[UUID, TeamRole] = field(default_factory=dict)


def evolve(team: Team | None, fact: Fact[TeamEvent]) -> Team:
    """The team after the fact."""
    event = fact.event
    if isinstance(event, TeamFormed):
        return Team(
            id=fact.stream.id,
            name=event.name,
            parent=event.parent,
            external_id=event.external_id,
            state="active",
            state_since=fact.effective_at,
        )
    assert team is not None  # noqa: S101
    match event:
        case TeamChanged():
            return replace(team, **event.given())
        case TeamDisbanded():
            return replace(team, state="disbanded", state_since=fact.effective_at)
        case MemberJoined():
            return replace(team, members={**team.members, event.member: event.role})
        case MemberLeft():
            return replace(team, members={m: role for m, role in team.members.items() if m != event.member})
        case _:
            assert_never(event)


TEAM = Fold(Kind.TEAM, evolve)
