"""Alignment never forms a loop: an objective serves what stands above it, never itself.

An objective is aligned to an objective or to a key result; a key result stands under its objective.
Everything on the way up guards the decision.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from domain.errors import Conflict, missing
from domain.history import History
from domain.kernel import Command, Context, Event, Fold, Kind, Ref, instant
from domain.key_result.state import KEY_RESULT, KeyResult
from domain.loops import Above, loops
from domain.objective.state import OBJECTIVE, Objective
from domain.rules import existing, supposing

S = TypeVar("S")


def find_aligned(context: Context, command: Command, id: UUID) -> None:
    """Checks that what an objective is to be aligned to exists then, among objectives or key results."""
    if context.look(OBJECTIVE, id).exists:
        existing(context, command, OBJECTIVE, id)
    elif context.look(KEY_RESULT, id).exists:
        existing(context, command, KEY_RESULT, id)
    else:
        raise missing("/aligned_to", "objective or key result", id)


def no_loop(command: Command, context: Context, history: History[S], event: Event) -> None:
    """Refuses an event that would let an objective or key result stand above itself at any time."""
    supposed: History[Any] = supposing(history, command, context, event)

    def above(ref: Ref, since: datetime) -> Iterator[Above]:
        fold: Fold[Any] = KEY_RESULT if ref.kind is Kind.KEY_RESULT else OBJECTIVE
        history = supposed if ref == supposed.ref else context.look(fold, ref.id)
        for at, state in history.states_since(since):
            yield at, _above(context, state)

    if loops(supposed.ref, instant(command, context), above):
        raise Conflict(
            f"The {supposed.ref} would stand above itself: alignment never forms a loop.",
            slug="alignment_loop",
        )


def _above(context: Context, state: Objective | KeyResult) -> Ref | None:
    if isinstance(state, KeyResult):
        return Ref(Kind.OBJECTIVE, state.objective)
    if state.aligned_to is None:
        return None
    kind = Kind.OBJECTIVE if context.look(OBJECTIVE, state.aligned_to).exists else Kind.KEY_RESULT
    return Ref(kind, state.aligned_to)
