"""What may happen to a key.

A key opens the ledger from when it was recorded, and not a moment before, whatever anybody says later: so an
`effective_at` is kept as `reported_at`, when it was asked for, and the events take effect when they are recorded.
"""

from dataclasses import replace
from typing import ClassVar
from uuid import UUID

from domain.errors import Conflict, invalid, missing
from domain.kernel import Command, Context, Decision, Draft, Kind, Ref
from domain.key.events import KeyCreated, KeyRevoked
from domain.key.state import KEY
from domain.member.state import MEMBER
from domain.roles import Role
from domain.rules import Creation, KeyRef, MemberRef, created, existing
from domain.values import Instant, Label, Note


class CreateKey(Creation):
    """Make a key; it is shown once.

    `key` is in this answer and nowhere else: asked again, with the same `Idempotency-Key` or the same `id`, the answer
    is the same but for `key`, which is null. If the first answer was lost, revoke the key and make another.
    A key of a role that writes is of little use without a `member`.
    """

    NAME: ClassVar[str] = "create_key"

    role: Role
    member: MemberRef | None = None
    expires_at: Instant | None = None
    label: Label | None = None


class RevokeKey(Command):
    """Revoke a key; it is refused from the next request on."""

    NAME: ClassVar[str] = "revoke_key"

    key: KeyRef
    reason: Note | None = None


def create_key(command: CreateKey, context: Context) -> Decision:
    """Makes a key for what a role may do; whoever records it keeps the hash of its secret."""
    ref = Ref(Kind.KEY, command.id or context.new_id())
    event = KeyCreated(
        role=command.role,
        member=command.member,
        expires_at=command.expires_at,
        label=command.label,
        external_id=command.external_id,
        source=context.source,
    )
    decision = created(command.model_copy(update={"effective_at": None}), context, KEY, ref, event)
    if not decision.drafts:
        return decision
    if context.look.key_beside(ref.id) is not None:
        raise Conflict(f"The id {ref.id} is taken by another key.", slug="id_taken")
    if command.expires_at is not None and command.expires_at <= context.now:
        raise invalid("/expires_at", "lies in the past")
    if command.member is not None:
        _check_member(context, command.member)
    return replace(decision, drafts=tuple(replace(d, reported_at=command.effective_at) for d in decision.drafts))


def revoke_key(command: RevokeKey, context: Context) -> Decision:
    """Revokes a key, also one that was made before any event told of keys."""
    history = context.look(KEY, command.key)
    if history.exists:
        existing(context, command, KEY, command.key)
        is_over = history.now.state == "revoked" or _is_erased(context, history.now.member)
    else:
        stands = context.look.key_beside(command.key)
        if stands is None:
            raise missing("/key", "key", command.key)
        is_over = stands == "revoked"
    if is_over:
        return Decision(history.ref)
    event = KeyRevoked(reason=command.reason)
    return Decision(history.ref, (Draft(history.ref, event, None, reported_at=command.effective_at),))


def _check_member(context: Context, id: UUID) -> None:
    if not context.look(MEMBER, id).exists:
        raise missing("/member", "member", id)
    if _is_erased(context, id):
        raise Conflict(f"The member {id} was erased.", slug="erased")


def _is_erased(context: Context, member: UUID | None) -> bool:
    """Erasing a member takes the power of their keys: nothing is left to revoke."""
    return member is not None and context.look(MEMBER, member).now.state == "erased"
