"""What the database answers to an append, as what becomes of the order."""

from typing import Any

from domain.errors import Conflict, Refusal, invalid, too_early
from domain.kernel import Decision, Kind, Ref
from ledger.append import (
    AlreadyClaimed,
    Appended,
    GuardConflict,
    InFuture,
    KeyReused,
    Outcome,
    Replayed,
    TooEarly,
)
from ledger.orders import Executed, LineRefused


def executed_of(index: int, decision: Decision, outcome: Outcome) -> Executed:
    """What became of the order at that index. Raises `LineRefused`."""
    match outcome:
        case Appended():
            changed = bool(decision.drafts)
            return Executed(decision.subject, decision.created, changed, outcome.position, outcome.at)
        case Replayed():
            subject = Ref.parse(outcome.subject) if outcome.subject else decision.subject
            return Executed(subject, outcome.created, True, outcome.position, outcome.recorded_at, replayed=True)
        case KeyReused():
            raise LineRefused(index, reused())
        case AlreadyClaimed():
            raise LineRefused(index, _claimed(outcome.holder))
        case InFuture():
            refusal = invalid("/effective_at", "lies in the future by the ledger's clock", slug="effective_in_future")
            raise LineRefused(index, refusal)
        case TooEarly():
            raise LineRefused(index, too_early("lies before the latest event in the cycle"))
        case GuardConflict():
            raise AssertionError("a conflict is decided again, not answered")


def reused() -> Refusal:
    """The refusal of a request under a key that another was sent under."""
    return invalid("", "this idempotency key was used with another request", slug="idempotency_key_reused")


def _claimed(holder: Ref) -> Refusal:
    what: dict[Any, str] = {Kind.CYCLE: "label_taken", Kind.KEY_RESULT: "id_taken"}
    return Conflict(f"The name is taken by {holder}.", slug=what.get(holder.kind, "external_id_taken"))
