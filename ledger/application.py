"""Commands come in, are decided, and their events are recorded: the one way to change anything.

    order ──▶ sight (load, fold) ──▶ authorize ──▶ decide ──▶ append with guards ──▶ executed
                   ▲                                                  │ conflict: what was seen has changed
                   └──────────────────────────────────────────────────┘

Decisions are made optimistically on cached histories. Whatever was looked at guards the append, so an old view
leads to a conflict and to another decision on what stands now; and because a refusal has no append that could
conflict, it counts only when it was reached on histories read afresh. Nothing is lost and nothing is refused
for a reason that has passed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import uniform
from time import sleep
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from domain.catalogue import FOLDS, decide
from domain.errors import NotReady, Refusal
from domain.kernel import Command, Context, Decision, Draft, Fact, Ref
from domain.redaction.events import TextRedacted
from ledger.append import (
    Append,
    Appended,
    Attachment,
    Claiming,
    GuardConflict,
    Idempotency,
    InCycle,
    Outcome,
)
from ledger.batches import decided, is_begin
from ledger.beside import beside
from ledger.cache import Cache
from ledger.envelope import Recordable, StoredFact
from ledger.expecting import expectations, looks_at_many
from ledger.group import MOST_WAITING, Group
from ledger.matching import check_match
from ledger.orders import Executed, LineRefused, Order
from ledger.outcomes import executed_of, reused
from ledger.reader import Reader
from ledger.recorder import LedgerRecorder
from ledger.sight import Desk, Sight

ATTEMPTS = 100


@dataclass(slots=True)
class Prepared:
    """An order that was decided, and what is to be recorded for it."""

    order: Order
    decision: Decision
    append: Append


def utc_now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


class Ledger:
    """Takes orders for one ledger. Safe to use from many threads."""

    def __init__(
        self,
        recorder: LedgerRecorder,
        clock: Callable[[], datetime] = utc_now,
        new_id: Callable[[], UUID] = uuid7,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self.recorder = recorder
        self._clock = clock
        self._new_id = new_id
        self._cache = Cache()
        self.group = Group(recorder.append, most_waiting)

    def execute(self, order: Order) -> Executed:
        """Carries an order out. Raises a `Refusal` if it cannot be taken; then nothing was recorded."""
        try:
            return self.execute_all([order])[0]
        except LineRefused as refused:
            raise refused.refusal from None

    def execute_all(self, orders: Sequence[Order]) -> list[Executed]:
        """Carries all orders out, in order, or none. Raises `LineRefused` with the index of the first at fault."""
        return self._attempt(orders, decided)

    def rehearse(self, orders: Sequence[Order]) -> None:
        """Decides orders as they stand now, and records nothing. Raises `LineRefused`."""
        self.prepare(orders, self._desk(fresh=True))

    def prepare(self, orders: Sequence[Order], desk: Desk) -> list[Prepared]:
        """Decides orders on a desk, one on top of the other, and records nothing. Raises `LineRefused`."""
        if _is_much(orders):
            desk.expect(*expectations(orders))
        return [self._prepare(index, order, desk, decide) for index, order in enumerate(orders)]

    def record(self, order: Order, decision: Callable[[Context], Decision]) -> Executed:
        """Records a decision that no command stands for (the sealing of a cycle)."""
        try:
            return self._attempt([order], lambda _, context: decision(context))[0]
        except LineRefused as refused:
            raise refused.refusal from None

    def close(self) -> bool:
        """Takes no more single orders, and waits a while for those that were taken. Answers whether all are done."""
        return self.group.close()

    def now(self) -> datetime:
        """The time, never before the last recording."""
        last = self.recorder.head().recorded_at
        return max(self._clock(), last) if last else self._clock()

    def _attempt(self, orders: Sequence[Order], decide: Callable[[Command, Context], Decision]) -> list[Executed]:
        earlier = self._earlier(orders)
        fresh = any(order.command.COPIES_TEXTS for order in orders)
        for attempt in range(ATTEMPTS):
            desk = self._desk(fresh)
            if _is_much(orders):
                desk.expect(*expectations(order for n, order in enumerate(orders) if n not in earlier))
            try:
                prepared = [
                    None if index in earlier else self._prepare(index, order, desk, decide)
                    for index, order in enumerate(orders)
                ]
            except Exception:
                # What is cached may be older than what was read beside it (another server closed a cycle, or made a
                # check-in): what does not fit together, like a refusal, counts only when all of it was read afresh.
                # And even that was read at several moments: it counts only if nothing of it has changed meanwhile.
                if desk.used_cache or desk.is_outdated():
                    fresh = True
                    continue
                raise
            todo = [(index, one) for index, one in enumerate(prepared) if one is not None]
            if desk.used_cache and any(not one.decision.drafts and not is_begin(one.order) for _, one in todo):
                fresh = True
                continue
            done = self._append(todo, desk)
            if done is not None:
                return [earlier.get(index) or done[index] for index in range(len(orders))]
            fresh = True
            sleep(uniform(0, 0.002 * min(attempt, 10)))  # noqa: S311  # spreads those who want the same thing
        raise NotReady("Too many others are changing the same things just now; try again.", slug="contended")

    def desk(self, reader: Reader) -> Desk:
        """A desk for decisions that read nothing but what the reader answers, and take the rest from the cache."""
        return Desk(reader, self._cache, now=self._clock(), fresh=False)

    def _desk(self, fresh: bool) -> Desk:
        return Desk(self.recorder, self._cache, now=self.now() if fresh else self._clock(), fresh=fresh)

    def _prepare(
        self, index: int, order: Order, desk: Desk, decide: Callable[[Command, Context], Decision]
    ) -> Prepared:
        sight = Sight(desk)
        context = Context(desk.now, order.actor, sight, self._new_id, order.source)
        try:
            if order.authorize is not None:
                order.authorize(order.command, context)
            if order.if_match is not None:
                check_match(order.if_match, sight)
            with self.recorder.database.watch.span("decide", command=getattr(order.command, "NAME", "seal_cycle")):
                decision = decide(order.command, context)
        except Refusal as refusal:
            raise LineRefused(index, refusal) from None
        return Prepared(order, decision, self._lay_out(order, decision, desk, sight))

    def _lay_out(self, order: Order, decision: Decision, desk: Desk, sight: Sight) -> Append:
        events: list[StoredFact] = []
        attach: list[Attachment] = []
        cycles: list[InCycle] = []
        claims: list[Claiming] = []
        append = Append(idempotency=_idempotency(order, decision))
        for n, draft in enumerate(decision.drafts):
            version = desk.history(FOLDS[draft.stream.kind], draft.stream.id).version + 1
            where = desk.lay(draft, order.actor, order.on_behalf_of)
            events.append(self.recorder.mapper.to_stored_event(self._recordable(order, draft, version)))
            attach += [Attachment(n, parent, child) for parent, child in where.attachments]
            cycles += [InCycle(n, cycle) for cycle in where.cycles]
            claims += [Claiming(n, claim, draft.stream) for claim in draft.claims]
            append = beside(append, n, draft, order.key_hash)
        return replace(append, events=events, attach=attach, cycles=cycles, claims=claims, **sight.guards())

    def _recordable(self, order: Order, draft: Draft, version: int) -> Recordable:
        return Recordable(
            originator_id=str(draft.stream),
            originator_version=version,
            event=draft.event,
            event_id=self._new_id(),
            actor=order.actor,
            on_behalf_of=order.on_behalf_of,
            correlation_id=order.correlation_id,
            effective_at=draft.effective_at,
            reported_at=draft.reported_at,
        )

    def _append(self, todo: Sequence[tuple[int, Prepared]], desk: Desk) -> dict[int, Executed] | None:
        """Records what was prepared; `None` if something that was relied on has changed."""
        wanted = [one for _, one in todo if one.append.events or one.append.idempotency]
        with self.recorder.database.watch.span("append", commands=len(wanted)):
            outcomes = iter(self._send([one.append for one in wanted]))
        executed: dict[int, Executed] = {}
        places: list[tuple[int, datetime]] = []
        conflict = False
        for index, one in todo:
            if not (one.append.events or one.append.idempotency):
                head = self.recorder.head()
                executed[index] = Executed(one.decision.subject, False, False, head.position, head.recorded_at)
                continue
            outcome = next(outcomes)
            if isinstance(outcome, GuardConflict):
                conflict = True
                break
            executed[index] = executed_of(index, one.decision, outcome)
            if isinstance(outcome, Appended):
                places += zip(range(outcome.first_position, outcome.position + 1), outcome.recorded_at, strict=True)
        if conflict:
            self._cache.drop([ref for one in wanted for ref in one.append.guards])
            return None
        facts = self._learn(todo, desk, places)
        if len(executed) == 1:
            executed = {index: replace(one, facts=facts) for index, one in executed.items()}
        return executed

    def _send(self, appends: Sequence[Append]) -> list[Outcome]:
        if len(appends) == 1:
            return [self.group.append(appends[0])]
        return self.recorder.append(appends, all_or_nothing=True) if appends else []

    def recorded(self, prepared: Prepared, desk: Desk, outcome: Outcome) -> Executed | None:
        """What became of the only order of a desk; `None` unless it was recorded just now. The cache learns of it."""
        if not isinstance(outcome, Appended):
            self._cache.drop(list(prepared.append.guards))
            return None
        places = zip(range(outcome.first_position, outcome.position + 1), outcome.recorded_at, strict=True)
        facts = self._learn([(0, prepared)], desk, list(places))
        return replace(executed_of(0, prepared.decision, outcome), facts=facts)

    def _learn(
        self, todo: Sequence[tuple[int, Prepared]], desk: Desk, places: list[tuple[int, datetime]]
    ) -> Sequence[Fact[Any]]:
        """Has the cache know of what was recorded; answers that."""
        facts: Sequence[Fact[Any]] = ()
        if len(places) == sum(len(laid) for laid in desk.laid.values()):
            facts = desk.recorded(places)
        else:  # another process was quicker with the same idempotency key
            self._cache.drop(list(desk.laid))
        for _, one in todo:
            for draft in one.decision.drafts:
                if isinstance(draft.event, TextRedacted):
                    self._cache.drop([Ref.parse(draft.event.stream)])
        return facts

    def _earlier(self, orders: Sequence[Order]) -> dict[int, Executed]:
        """The orders whose idempotency keys were used before, with what became of them then."""
        scopes: dict[str, list[str]] = {}
        for order in orders:
            if order.idempotency is not None:
                scopes.setdefault(order.idempotency.scope, []).append(order.idempotency.key)
        known = {(scope, row.key): row for scope, keys in scopes.items() for row in self.recorder.taken(scope, keys)}
        found = {}
        for index, order in enumerate(orders):
            key = order.idempotency
            row = known.get((key.scope, key.key)) if key else None
            if key is None or row is None:
                continue
            if row.request_hash != key.request_hash:
                raise LineRefused(index, reused())
            found[index] = Executed(Ref.parse(row.subject), row.created, True, row.position, row.recorded_at, True)
        return found


def _is_much(orders: Sequence[Order]) -> bool:
    """Whether it pays to read at once what they are going to ask for."""
    return len(orders) > 1 or any(looks_at_many(order.command) for order in orders)


def _idempotency(order: Order, decision: Decision) -> Idempotency | None:
    key = order.idempotency
    if key is None:
        return None
    return Idempotency(key.scope, key.key, key.request_hash, str(decision.subject), decision.created)
