"""Verifying a live ledger: that nothing was changed, and that the scores shown follow from the events.

    events ─▶ leaves ─▶ stored nodes ─▶ root of every checkpoint ─▶ seals of closed cycles ─▶ books, by a rebuild

Each step relies on the one before. The first thing that does not fit ends it (`ledger.proofs.auditing.Found`).
Events after the newest checkpoint are looked at too, but nothing was signed yet that they could be held against.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import orjson

from domain.cycle.events import CycleSealed
from domain.cycle.state import CYCLE
from domain.history import History
from domain.kernel import Event, Kind, Ref
from domain.redaction.events import TextRedacted
from ledger.database import Database
from ledger.envelope import StoredFact
from ledger.proofs import store
from ledger.proofs.auditing import Audit, Found, trusted
from ledger.proofs.besides import Besides
from ledger.proofs.notes import Checkpoint, Verifier
from ledger.proofs.store import Incomplete
from ledger.proofs.tree import Node
from ledger.reader import Reader
from projections.reading import Books
from projections.rebuild import RebuildFailed, rebuild
from projections.sealing import sealed_as_of

PAGE = 2_000
Step = Callable[[str, int, int | None], None]


@dataclass(slots=True)
class Verified:
    """What was found to be true so far. `sealed`: the events up to there are what was signed."""

    events: int = 0
    sealed: int = 0
    checkpoints: int = 0
    seals: int = 0
    rows: int = 0
    books: list[str] = field(default_factory=list)


class Live:
    """One verification of a live ledger. `verifiers`: keys to trust, those that the ledger names if none are given."""

    def __init__(
        self,
        database: Database,
        reader: Reader,
        books: Books,
        anchors: Sequence[Checkpoint] = (),
        verifiers: Sequence[Verifier] = (),
    ) -> None:
        self.verified = Verified()
        self._database = database
        self._reader = reader
        self._books = books
        with database.connection() as connection:
            self._newest = store.newest(connection)
            self._verifiers = [*verifiers, *store.verifier_keys(connection)]
        self._anchors = trusted(anchors, self._verifiers)
        if verifiers and self._newest is not None:
            trusted([self._newest], verifiers)

    def events(self, step: Step) -> None:
        """Events, what is beside them, leaves, nodes and checkpoints, the given older ones too. Raises `Found`."""
        audit, head, sealed = Audit(self._reader.mapper), self._reader.head().position, 0
        besides = Besides(self._database)
        if self._newest is not None:
            sealed = self._newest.size
            if sealed > head:
                self._anchors.append(self._newest)
        self._hold(audit, -1)
        while audit.tree.size < head:
            start = audit.tree.size
            page = self._reader.stored_after(start, PAGE, min(start + PAGE, head))
            if not page:
                raise Found("order", start + 1, "the event is missing")
            self._page(audit, page, sealed, besides)
            self.verified.events = audit.tree.size
            step("Checking events", audit.tree.size, head)
        for later in self._reader.stored_after(head, PAGE, types=[TextRedacted.TOPIC]):
            event = self._reader.mapper.to_event(
                later.topic, later.schema_version, orjson.loads(later.state), orjson.loads(later.texts)
            )
            if isinstance(event, TextRedacted) and later.recorded_at is not None:
                audit.take_later(event, later.recorded_at)
        audit.finish(each for each in self._anchors if each.size > audit.tree.size)

    def _page(self, audit: Audit, page: Sequence[StoredFact], sealed: int, besides: Besides) -> None:
        start = audit.tree.size
        with self._database.connection() as connection:
            leaves = store.leaf_hashes(connection, start, min(start + len(page), sealed))
            if len(leaves) < min(start + len(page), sealed) - start:
                raise Found("leaf", start + len(leaves) + 1, "the leaf of the event is missing")
            signed = trusted(store.checkpoints(connection, start, start + len(page)), self._verifiers)
        ends = {checkpoint.size for checkpoint in [*signed, *self._anchors]}
        made: list[tuple[Node, bytes]] = []
        said: list[tuple[StoredFact, Event]] = []
        for n, stored in enumerate(page):
            made += audit.take(stored, leaves[n] if n < len(leaves) else None)
            assert audit.event is not None  # noqa: S101  # it has just been taken
            said.append((stored, audit.event))
            if audit.tree.size in ends:
                for checkpoint in [*signed, *self._anchors]:
                    if checkpoint.size == audit.tree.size:
                        audit.hold(checkpoint)
        self._compare([(node, hashed) for node, hashed in made if (node.index + 1) << node.level <= sealed])
        besides.take(said)
        self.verified.sealed, self.verified.checkpoints = audit.covered, audit.checkpoints

    def _hold(self, audit: Audit, after: int) -> None:
        """The checkpoints of the tree without events."""
        with self._database.connection() as connection:
            signed = trusted(store.checkpoints(connection, after, 0), self._verifiers)
        for checkpoint in [*signed, *(each for each in self._anchors if not each.size)]:
            audit.hold(checkpoint)
        self.verified.checkpoints = audit.checkpoints

    def _compare(self, made: Sequence[tuple[Node, bytes]]) -> None:
        """Stored nodes are what the events make them; proofs are made of them."""
        with self._database.connection() as connection:
            try:
                found = store.look(connection, [node for node, _ in made]) if made else {}
            except Incomplete as error:
                raise Found("nodes", None, str(error)) from None
        for node, hashed in made:
            if found[node] != hashed:
                first = (node.index << node.level) + 1
                raise Found("nodes", first, f"the stored node at level {node.level}, index {node.index} was changed")

    def seals(self, step: Step) -> None:
        """The scores in every seal are those that the books make of what was known at the close. Raises `Found`."""
        after = 0
        while page := self._reader.stored_after(after, PAGE, types=[CycleSealed.TOPIC]):
            for stored in page:
                self._seal(stored)
                self.verified.seals += 1
                step("Checking seals", self.verified.seals, None)
            after = page[-1].id

    def _seal(self, stored: StoredFact) -> None:
        ref = Ref.parse(stored.originator_id)
        if ref.kind is not Kind.CYCLE:
            raise Found("seals", stored.id, "the seal is of something that is no cycle")
        facts = self._reader.read_stream(ref)
        seal: CycleSealed = next(fact.event for fact in facts if fact.position == stored.id)
        history = History(CYCLE, ref, facts)
        closing = next((each for each in history.now.closings if each.position == seal.closed_position), None)
        if closing is None:
            raise Found("seals", stored.id, f"the seal is of a close at {seal.closed_position}, and there is none")
        again = sealed_as_of(self._books, ref.id, closing, history.at(closing.effective_at))
        if again.model_dump(mode="json") != seal.model_dump(mode="json"):
            raise Found(
                "seals",
                stored.id,
                f"the seal says {seal.score}, and what was known at the close makes {again.score}"
                if again.score != seal.score
                else "the seal's objectives are not what was known at the close",
            )

    def books(self, step: Step) -> None:
        """The books are what a rebuild makes of the events. Raises `Found`."""
        try:
            report = rebuild(
                self._database, self._reader, lambda done, of: step("Comparing the books", done, of), verify=True
            )
        except RebuildFailed as error:
            raise Found("books", None, f"the books cannot be compared: {error}") from None
        self.verified.rows = sum(report.rows.values())
        self.verified.books = list(report.rows)
        if report.differences:
            names = ", ".join(sorted(report.differences))
            raise Found("books", None, f"{names}: not what a rebuild makes; `quarterdeck rebuild --verify` shows where")
