"""What may happen to a member."""

from typing import Annotated, ClassVar

from pydantic import AfterValidator

from domain.errors import Conflict
from domain.kernel import Command, Context, Decision, Draft, Kind, Person, Ref
from domain.member.events import MemberErased, MemberKind, MemberRegistered
from domain.member.state import MEMBER
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
