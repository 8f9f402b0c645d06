"""What is asked of the ledger, and what it answers: an order is a command with who gives it and what must hold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.errors import Refusal
from domain.kernel import Command, Context, Fact, Ref


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A caller's key: `scope` says whose it is and for what, the hash what was asked under it."""

    scope: str
    key: str
    request_hash: bytes


@dataclass(frozen=True, slots=True)
class IfMatch:
    """The position of the last event that the caller has seen of a thing; `None`: the thing must only exist."""

    ref: Ref
    position: int | None


@dataclass(frozen=True, slots=True)
class Order:
    """One command on its way, with who gives it and what must hold.

    `key_hash`: the SHA-256 of the secret, if a key is made; no event has it.
    """

    command: Command
    actor: UUID
    on_behalf_of: UUID | None = None
    source: str = "http"
    authorize: Callable[[Command, Context], None] | None = None
    idempotency: IdempotencyKey | None = None
    if_match: IfMatch | None = None
    correlation_id: str | None = None
    key_hash: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Executed:
    """What became of an order. `position` and `recorded_at` are the last event's, or the head's if nothing changed.

    `facts`: what was recorded just now, if the order came by itself; of a replayed one, or one of many, none.
    """

    subject: Ref
    created: bool
    changed: bool
    position: int
    recorded_at: datetime | None
    replayed: bool = False
    facts: Sequence[Fact[Any]] = ()


class LineRefused(Exception):
    """One order of several was refused; nothing of any was recorded."""

    def __init__(self, index: int, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.index = index
        self.refusal = refusal
