"""Very many orders, all or none, in bounded memory, without keeping others waiting for longer than the recording takes.

    orders ─▶ decided, a hundred at a time, on a ledger as it would be (ledger.staging) ─▶ a file
                                                                                              │ all are decided
    one transaction: append, append, … with everything that was relied on as guards  ◀───────────┘

While orders are decided nothing is locked, and nothing is recorded. Then each batch of them is one append: its events,
and as guards the streams and children that any of them looked at, as they were when the batch began. Others wait for
the head meanwhile, which is the length of the appends alone. If one is refused, because something was recorded by
others since it was looked at, nothing is kept, and all is decided anew.
"""

import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from tempfile import TemporaryFile
from typing import Any, Self
from uuid import UUID

from domain.cycle.decisions import CloseCycle
from domain.kernel import Kind, Person, Ref
from domain.member.decisions import EraseMember
from domain.redaction.decisions import RedactText
from domain.redaction.events import TextRedacted
from ledger.append import Append, Appended, Children, InFuture
from ledger.application import Ledger, Prepared
from ledger.cache import Cache
from ledger.chunk import Chunk, TakenLine
from ledger.orders import LineRefused, Order
from ledger.sight import Desk
from ledger.staging import Staging

_KEPT_BYTES = 6_000_000
_ALONE = (CloseCycle, EraseMember, RedactText)
"""Commands whose appends say what holds for all events of an append, or remove something: they have their own."""


class InTheFuture(Exception):
    """By the database's clock something has not happened yet. `key`: the idempotency key of the latest order."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class Bulk:
    """One attempt at many orders. `decide` them in order, then `record` them all."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.reader = Staging(ledger.recorder)
        self._cache = Cache(_KEPT_BYTES)
        self._file = TemporaryFile()  # noqa: SIM115  # closed with the rest
        self._latest: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.reader.close()
        self._file.close()

    def decide(self, orders: Sequence[Order]) -> list[bool]:
        """Decides some orders after those before; answers of each whether it changes anything.

        Raises `LineRefused` with the index of the first at fault. What they come to must fit into memory.
        """
        changes: list[bool] = []
        for some in _apart(orders):
            try:
                changes += self._decide(some)
            except LineRefused as refused:
                raise LineRefused(len(changes) + refused.index, refused.refusal) from None
        return changes

    def _decide(self, orders: Sequence[Order]) -> list[bool]:
        desk = self._desk()
        try:
            prepared = self._ledger.prepare(orders, desk)
        except LineRefused:
            # What was looked at some time ago may have changed: a refusal counts only if it was looked at now.
            self._cache = Cache(_KEPT_BYTES)
            desk = self._desk()
            prepared = self._ledger.prepare(orders, desk)
        append = self._together(prepared, desk)
        pickle.dump(Chunk(append, tuple(_lines(prepared))), self._file, pickle.HIGHEST_PROTOCOL)
        self._latest.append(_latest(prepared))
        self.reader.take(append, desk)
        if append.redaction is not None:
            drafts = [draft.event for one in prepared for draft in one.decision.drafts]
            self._cache.drop([Ref.parse(event.stream) for event in drafts if isinstance(event, TextRedacted)])
        return [bool(one.decision.drafts) for one in prepared]

    def _desk(self) -> Desk:
        return Desk(self.reader, self._cache, now=self._ledger.now(), fresh=False)

    def _together(self, prepared: Sequence[Prepared], desk: Desk) -> Append:
        """What the orders of a desk come to, as one append that relies on what was before them."""
        looked = {ref: None for one in prepared for ref in one.append.guards}
        whose = {(parent, kind): None for one in prepared for parent, kind, _ in one.append.children}
        # What only one that is alone may have, a removal, stays as it is.
        whole = replace(
            prepared[0].append if len(prepared) == 1 else Append(),
            idempotency=None,
            guards={ref: desk.version_before(ref) for ref in looked},
            children=self._children(list(whose)),
            not_before=tuple(cycle for one in prepared for cycle in one.append.not_before),
        )
        events: list[Any] = []
        attach, cycles, claims = [], [], []
        people: dict[UUID, Person] = {}
        for one in prepared:
            before, append = len(events), one.append
            attach += [each._replace(event=before + each.event) for each in append.attach]
            cycles += [each._replace(event=before + each.event) for each in append.cycles]
            claims += [each._replace(event=before + each.event) for each in append.claims]
            events += append.events
            people |= append.people
        return replace(whole, events=events, attach=attach, cycles=cycles, claims=claims, people=people)

    def _children(self, parents: Sequence[tuple[Ref, Kind]]) -> Sequence[Children]:
        found = self.reader.children_of(parents)
        return tuple(Children(parent, kind, len(found[parent, kind])) for parent, kind in parents)

    def record(self, progress: Callable[[int, int], None]) -> bool:
        """Records everything that was decided, or nothing: then something that was relied on has changed meanwhile.

        Raises `InTheFuture`, or `NotReady`; whether anything was recorded is then not known.
        """
        outcomes = self._ledger.recorder.append_chunks(self._decided(progress))
        if outcomes and isinstance(outcomes[-1], InFuture):
            raise InTheFuture(self._latest[len(outcomes) - 1])
        return all(isinstance(outcome, Appended) for outcome in outcomes)

    def _decided(self, progress: Callable[[int, int], None]) -> Iterator[Chunk]:
        self._file.seek(0)
        for count in range(len(self._latest)):
            progress(count, len(self._latest))
            yield pickle.load(self._file)  # noqa: S301  # a file without a name, that nobody else has


def _apart(orders: Sequence[Order]) -> Iterator[Sequence[Order]]:
    """The orders in as few parts as may be: those that have an append of their own, and what is between them."""
    some: list[Order] = []
    for order in orders:
        if isinstance(order.command, _ALONE):
            if some:
                yield some
            yield [order]
            some = []
        else:
            some.append(order)
    if some:
        yield some


def _lines(prepared: Iterable[Prepared]) -> Iterator[TakenLine]:
    after = 0
    for one in prepared:
        after += len(one.append.events)
        if (key := one.append.idempotency) is not None:
            yield TakenLine(key, after)


def _latest(prepared: Sequence[Prepared]) -> str:
    """The key of the order, of those that have one, with the latest instant in it."""
    keyed = [(one.append.idempotency, one.append.events) for one in prepared]
    stated = [
        (event.reported_at or event.effective_at, key.key)
        for key, events in keyed
        if key is not None
        for event in events
        if event.reported_at or event.effective_at
    ]
    return max(stated, default=(None, ""))[1]
