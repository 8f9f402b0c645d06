"""What may happen to a team."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from domain.errors import Conflict
from domain.history import History
from domain.kernel import Command, Context, Decision, Draft, Event, Kind, Ref, instant
from domain.loops import Above, loops
from domain.member.state import MEMBER
from domain.rules import (
    Creation,
    MemberRef,
    TeamRef,
    created,
    differing,
    existing,
    not_before,
    supposing,
)
from domain.team.events import MemberJoined, MemberLeft, TeamChanged, TeamDisbanded, TeamFormed, TeamRole
from domain.team.state import TEAM, Team
from domain.values import Note, Title

_UNSET: Any = None


class FormTeam(Creation):
    """Form a team, perhaps inside another."""

    NAME: ClassVar[str] = "form_team"

    name: Title
    parent: TeamRef | None = None


class ChangeTeam(Command):
    """Give a team another name or another place in the tree."""

    NAME: ClassVar[str] = "change_team"

    team: TeamRef
    name: Title = _UNSET
    parent: TeamRef | None = None


class DisbandTeam(Command):
    """Disband a team; its goals stay."""

    NAME: ClassVar[str] = "disband_team"

    team: TeamRef
    reason: Note | None = None


class JoinTeam(Command):
    """Make somebody a member or a lead of a team."""

    NAME: ClassVar[str] = "join_team"

    team: TeamRef
    member: MemberRef
    role: TeamRole = "member"


class LeaveTeam(Command):
    """Take somebody out of a team."""

    NAME: ClassVar[str] = "leave_team"

    team: TeamRef
    member: MemberRef


def active_team(context: Context, command: Command, id: UUID, pointer: str = "/team") -> Team:
    """The team, which must exist then and not be disbanded now."""
    history, _ = existing(context, command, TEAM, id, pointer)
    if history.now.state == "disbanded":
        raise Conflict(f"The team {id} was disbanded.", slug="disbanded")
    return history.now


def form_team(command: FormTeam, context: Context) -> Decision:
    """Forms a team."""
    if command.parent is not None:
        existing(context, command, TEAM, command.parent, "/parent")
    event = TeamFormed(name=command.name, parent=command.parent, external_id=command.external_id, source=context.source)
    ref = Ref(Kind.TEAM, command.id or context.new_id())
    decision = created(command, context, TEAM, ref, event)
    if decision.drafts and command.parent is not None:
        active_team(context, command, command.parent, "/parent")
    return decision


def _no_loop(command: Command, context: Context, supposed: History[Team]) -> None:
    def above(ref: Ref, since: datetime) -> Iterator[Above]:
        history = supposed if ref == supposed.ref else context.look(TEAM, ref.id)
        for at, team in history.states_since(since):
            yield at, Ref(Kind.TEAM, team.parent) if team.parent is not None else None

    if loops(supposed.ref, instant(command, context), above):
        raise Conflict(f"The team {supposed.ref.id} would stand inside itself.", slug="team_loop")


def change_team(command: ChangeTeam, context: Context) -> Decision:
    """Renames or moves a team that is not disbanded."""
    history, state = existing(context, command, TEAM, command.team)
    changes = differing(state, command.given("name", "parent"))
    if not changes:
        return Decision(history.ref)
    _active(history.now)
    if changes.get("parent") is not None:
        active_team(context, command, changes["parent"], "/parent")
        _no_loop(command, context, supposing(history, command, context, TeamChanged(**changes)))
    return _decided(command, history.ref, TeamChanged(**changes))


def _active(team: Team) -> None:
    if team.state == "disbanded":
        raise Conflict(f"The team {team.id} was disbanded.", slug="disbanded")


def _decided(command: Command, ref: Ref, event: Event) -> Decision:
    return Decision(ref, (Draft(ref, event, command.effective_at),))


def disband_team(command: DisbandTeam, context: Context) -> Decision:
    """Disbands a team; nothing brings it back."""
    history, _ = existing(context, command, TEAM, command.team)
    not_before(command, history.now.state_since, "the team's latest change of state")
    if history.now.state == "disbanded":
        return Decision(history.ref)
    return _decided(command, history.ref, TeamDisbanded(reason=command.reason))


def join_team(command: JoinTeam, context: Context) -> Decision:
    """Takes a member in, or gives another role."""
    history, state = existing(context, command, TEAM, command.team)
    member, _ = existing(context, command, MEMBER, command.member)
    if state.members.get(command.member) == command.role:
        return Decision(history.ref)
    _active(history.now)
    if member.now.state == "erased":
        raise Conflict(f"The member {command.member} was erased.", slug="erased")
    return _decided(command, history.ref, MemberJoined(member=command.member, role=command.role))


def leave_team(command: LeaveTeam, context: Context) -> Decision:
    """Takes a member out."""
    history, state = existing(context, command, TEAM, command.team)
    existing(context, command, MEMBER, command.member)
    if command.member not in state.members:
        return Decision(history.ref)
    _active(history.now)
    return _decided(command, history.ref, MemberLeft(member=command.member))
