"""What may happen to a member."""

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AfterValidator

from domain.errors import Conflict, missing
from domain.kernel import Command, Context, Decision, Draft, Kind, Person, Ref
from domain.member.events import MemberErased, MemberKind, MemberRegistered, MemberRoleGiven
from domain.member.state import MEMBER
from domain.roles import Role
from domain.rules import Creation, MemberRef, created, existing
from domain.values import Label, Note


def _address(text: str) -> str:
    name, at, host = text.rpartition("@")
    if not (at and name and host) or any(char.isspace() for char in text):
        raise ValueError("must be an e-mail address")
    return text


Email = Annotated[Label, AfterValidator(_address)]


class RegisterMember(Creation):
    """Make a person or a service known."""

    NAME: ClassVar[str] = "register_member"

    name: Label
    email: Email | None = None
    kind: MemberKind


class EraseMember(Command):
    """Remove a member's name and addresses for good; what they did stays."""

    NAME: ClassVar[str] = "erase_member"

    member: MemberRef
    reason: Note


def register_member(command: RegisterMember, context: Context) -> Decision:
    """Registers a member; the personal data goes beside the ledger. Nothing brings back what was erased."""
    ref = Ref(Kind.MEMBER, command.id or context.new_id())
    source = context.source if command.external_id is not None else None
    person = Person(command.name, command.email, command.external_id, source)
    decision = created(command, context, MEMBER, ref, MemberRegistered(kind=command.kind), person=person)
    if not decision.drafts:
        active = context.look(MEMBER, ref.id).now.state == "active"
        if active and context.look.person(ref.id) != person:
            raise Conflict(f"The id {ref.id} is taken by another member.", slug="id_taken")
    return decision


def erase_member(command: EraseMember, context: Context) -> Decision:
    """Erases a member; nothing brings the data back."""
    history, _ = existing(context, command, MEMBER, command.member)
    if history.now.state == "erased":
        return Decision(history.ref)
    event = MemberErased(reason=command.reason)
    return Decision(history.ref, (Draft(history.ref, event, command.effective_at),))


def give_role(member: UUID, role: Role, source: str, issued_at: datetime, context: Context) -> Decision:
    """Notes that a provider's token gives the member another role. Not a command: the first such token asks for it.

    The provider's newest word is noted: a token that is no younger than the last one changes nothing, so two tokens
    of different roles that are good side by side cannot fill the ledger. Raises `NotFound` or `Conflict`.
    """
    history = context.look(MEMBER, member)
    if not history.exists:
        raise missing("/member", "member", member)
    now = history.now
    if now.state == "erased":
        raise Conflict(f"The member {member} was erased.", slug="erased")
    if (now.role, now.source) == (role, source) or (now.issued_at is not None and issued_at <= now.issued_at):
        return Decision(history.ref)
    event = MemberRoleGiven(role=role, source=source, issued_at=issued_at)
    return Decision(history.ref, (Draft(history.ref, event, None),))
