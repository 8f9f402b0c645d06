"""Orders of an event loop: decided there and then of what is in memory, recorded with others, awaited without a thread.

    order ──▶ sight (cache alone) ──▶ authorize ──▶ decide ──▶ submitted to the group ──▶ awaited ──▶ executed
                  │ something must be read, or it is refused          │ anything but recorded
                  └──────────────▶ None: by `Ledger.execute`, in a thread ◀┘

To be handed to a thread and back costs more than most decisions take. Whatever comes out otherwise than well is decided
again by `Ledger.execute`, on what is read afresh: so only there is anything refused, and here nothing is lost by giving
up, since nothing was recorded.
"""

import asyncio
from asyncio import AbstractEventLoop, Future
from collections.abc import Sequence
from contextlib import suppress

from ledger.append import Append, Outcome
from ledger.application import Ledger, Prepared
from ledger.group import PATIENCE, Group, Waiting, waited_too_long
from ledger.orders import Executed, Order
from ledger.sight import Desk
from ledger.unread import Unread


class Prompt:
    """Carries orders out in one event loop."""

    def __init__(self, ledger: Ledger, loop: AbstractEventLoop, patience: float = PATIENCE) -> None:
        self.loop = loop
        self.ledger = ledger
        self._unread = Unread(ledger.recorder.database, ledger.recorder.mapper)
        self._inbox = _Inbox(ledger.group, loop, patience)

    async def execute(self, order: Order) -> Executed | None:
        """Carries an order out that has no idempotency key, or answers `None`: then nothing was recorded.

        What belongs before what is known is none of it: states of long ago may have to be folded again.
        Raises what `Group.append` raises.
        """
        if order.idempotency is not None or order.command.COPIES_TEXTS or order.command.effective_at is not None:
            return None
        desk = self.ledger.desk(self._unread)
        prepared = self._prepared(order, desk)
        if prepared is None:
            return None
        with self.ledger.recorder.database.watch.span("append", commands=1):
            outcome = await self._inbox.outcome(prepared.append)
        return self.ledger.recorded(prepared, desk, outcome)

    def _prepared(self, order: Order, desk: Desk) -> Prepared | None:
        try:
            (prepared,) = self.ledger.prepare([order], desk)
        except Exception:
            # Something must be read, or what is cached is too old to fit together, or it is a refusal, which counts
            # only when all of it was read afresh: it comes up again where that is done.
            return None
        return prepared if prepared.append.events else None


class _Inbox:
    """Where the loop waits for what it submitted."""

    def __init__(self, group: Group, loop: AbstractEventLoop, patience: float) -> None:
        self._group = group
        self._loop = loop
        self._patience = patience
        self._awaited: dict[Waiting, Future[None]] = {}

    async def outcome(self, append: Append) -> Outcome:
        """The outcome of an append."""
        waiting = self._group.submit(append, self._told)
        done = self._awaited[waiting] = self._loop.create_future()
        timer = self._loop.call_later(self._patience, self._impatient, waiting)
        try:
            await done
        except asyncio.CancelledError:
            await self._end(waiting)
            raise
        finally:
            timer.cancel()
        return waiting.result()

    async def _end(self, waiting: Waiting) -> None:
        """Who gave it up has not begun it, or has it ended: nothing of a request goes on after it."""
        if self._group.give_up(waiting):
            del self._awaited[waiting]
        elif waiting in self._awaited:
            ended = self._awaited[waiting] = self._loop.create_future()
            await ended

    def _told(self, some: Sequence[Waiting]) -> None:
        """By the thread that sent them."""
        with suppress(RuntimeError):  # the loop has ended: nobody waits any more
            self._loop.call_soon_threadsafe(self._done, some)

    def _done(self, some: Sequence[Waiting]) -> None:
        for waiting in some:
            done = self._awaited.pop(waiting)
            if not done.done():  # it is, if its request is being given up
                done.set_result(None)

    def _impatient(self, waiting: Waiting) -> None:
        if self._group.give_up(waiting):
            waiting.failure = waited_too_long()
            self._done([waiting])
