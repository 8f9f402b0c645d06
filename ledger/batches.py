"""Several commands under one idempotency key: all of them were taken before, or none.

A key is kept for each line, with what became of that line, so that erasing a member forgets the line that told of them
and no other. What a row does not say is whether its line changed anything. That shows in its position, which is past
the one before only if it did; and so that the first line has one before it, the batch begins with an order that does
nothing.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise
from typing import Any, ClassVar
from uuid import UUID

from domain.catalogue import decide
from domain.kernel import Command, Context, Decision, Kind, Ref
from domain.values import plain
from ledger.orders import Executed, IdempotencyKey, Order

_NOTHING = Ref(Kind.EVENT, UUID(int=0))


class Begin(Command):
    """A batch begins. Nothing happens."""

    NAME: ClassVar[str] = "begin"


def is_begin(order: Order) -> bool:
    """Whether it is the order that a batch begins with."""
    return isinstance(order.command, Begin)


def decided(command: Command, context: Context) -> Decision:
    """What a command leads to, the beginning of a batch included. Raises a `Refusal`."""
    return Decision(_NOTHING) if isinstance(command, Begin) else decide(command, context)


def begin(key: IdempotencyKey, actor: UUID, count: int, asked: Any) -> Order:
    """The order that a batch of so many lines begins with; `asked`: what was said beside the lines."""
    return Order(Begin(), actor, idempotency=_of_line(key, 0, [count, asked]))


def of_line(key: IdempotencyKey, number: int, count: int, said: Any) -> IdempotencyKey:
    """The key of one line of so many, the first being 1. `said`: what stands in it."""
    return _of_line(key, number, [count, said])


def _of_line(key: IdempotencyKey, number: int, said: Any) -> IdempotencyKey:
    """A batch that is longer or shorter is another one, although it may begin the same."""
    text = json.dumps(said, default=plain, sort_keys=True)
    return IdempotencyKey(key.scope, f"{number} {key.key}", sha256(f"{key.scope} {number}\n{text}".encode()).digest())


def told(executed: Sequence[Executed]) -> list[Executed]:
    """What became of the lines, those that were taken before included; the first is the batch's beginning."""
    return [
        replace(one, changed=one.position > before.position) if one.replayed else one
        for before, one in pairwise(executed)
    ]
