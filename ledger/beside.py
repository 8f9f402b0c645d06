"""What is written or removed beside events in the transaction that records them, or of keys also restores them."""

from dataclasses import replace

from domain.kernel import Draft, Event, Ref
from domain.key.events import KeyCreated, KeyRevoked
from domain.member.events import MemberErased
from domain.redaction.events import TextRedacted
from ledger.append import Append, NewKey, Redaction, Revoking


def beside(append: Append, n: int, draft: Draft, key_hash: bytes | None) -> Append:
    """The append with what belongs to its nth event, the draft. `key_hash`: of the key's secret, if it makes one."""
    if draft.person is not None:
        append = replace(append, people={**append.people, draft.stream.id: draft.person})
    if isinstance(draft.event, TextRedacted):
        reason = draft.event.reason if isinstance(draft.event.reason, str) else ""
        append = replace(append, redaction=Redaction(draft.event.position, draft.event.pointers, reason))
    if isinstance(draft.event, MemberErased):
        append = replace(append, erase=draft.stream.id)
    if made := made_keys(n, draft.stream, draft.event, key_hash):
        append = replace(append, keys=(*append.keys, *made))
    if revoked := revoked_keys(n, draft.stream, draft.event):
        append = replace(append, revoke=(*append.revoke, *revoked))
    return append


def made_keys(n: int, stream: Ref, event: Event, key_hash: bytes | None = None) -> tuple[NewKey, ...]:
    """The key that an append's nth event makes, if it makes one."""
    if not isinstance(event, KeyCreated):
        return ()
    return (NewKey(n, stream.id, key_hash, event.role, event.member, event.expires_at),)


def revoked_keys(n: int, stream: Ref, event: Event) -> tuple[Revoking, ...]:
    """The keys whose power an append's nth event takes: one, or all that an erased member had."""
    match event:
        case KeyRevoked():
            return (Revoking(n, key=stream.id),)
        case MemberErased():
            return (Revoking(n, member=stream.id),)
        case _:
            return ()
