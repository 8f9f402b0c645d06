"""Checking a ledger event after event, in order: what a live one and an export have in common.

Of each event: its place, its times, its version, its texts against their commitments, and its leaf. Of the whole: the
root at every checkpoint. The first thing that does not fit ends the audit, and is named (`Found`).

Redactions stand beside events, not in them, and so in no leaf; but each is an event of its own. A text that is gone
without one was removed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from pydantic import ValidationError

from domain.errors import Refusal
from domain.kernel import Event
from domain.key_result.events import KeyResultAdded
from domain.objective.events import ObjectiveSet
from domain.redaction.events import TextRedacted
from domain.values import Redacted
from ledger.envelope import StoredFact
from ledger.errors import UnknownEvent
from ledger.exported import check_texts
from ledger.history_file import reason_of
from ledger.mapper import EventMapper, text_pointers
from ledger.proofs.leaf import NoLeaf, leaf_of
from ledger.proofs.notes import BadNote, Checkpoint, Verifier
from ledger.proofs.tree import Growing, Node, leaf_hash


class Found(Exception):
    """What is wrong. `position`: the first event that it concerns, if it concerns any; `check`: what found it."""

    def __init__(self, check: str, position: int | None, detail: str) -> None:
        where = "" if position is None else f"position {position}: "
        super().__init__(f"{where}{detail}")
        self.check = check
        self.position = position
        self.detail = detail


def trusted(checkpoints: Iterable[Checkpoint], verifiers: Sequence[Verifier]) -> list[Checkpoint]:
    """Checkpoints that are signed by one of the keys, by size. Raises `Found`."""
    for checkpoint in checkpoints:
        try:
            checkpoint.signed_by(verifiers)
        except BadNote as error:
            raise Found("checkpoint", None, str(error)) from None
    return sorted(checkpoints, key=lambda each: each.size)


@dataclass(slots=True)
class _Gone:
    """A text that is said to be redacted."""

    position: int
    pointer: str
    stream: str
    recorded_at: datetime
    said: Redacted


class Audit:
    """Takes the events of a ledger in order, and the checkpoints that say what it is to come to."""

    def __init__(self, mapper: EventMapper) -> None:
        self.tree = Growing()
        self.checkpoints = 0
        """How many checkpoints were found to be true."""
        self.covered = 0
        """Up to which position the events are what a checkpoint says."""
        self.event: Event | None = None
        """What the last event says."""
        self._mapper = mapper
        self._recorded_at: datetime | None = None
        self._versions: dict[str, int] = {}
        self._gone: list[_Gone] = []
        self._carried: dict[str, str] = {}
        """Of what was carried forward, by its stream: the stream of what it continues."""
        self._redactions: dict[datetime, list[TextRedacted]] = {}

    def take(self, stored: StoredFact, expected: bytes | None = None) -> list[tuple[Node, bytes]]:
        """Takes the next event; `expected` is its leaf's hash, if that is known. Answers the nodes that it made.

        Raises `Found`.
        """
        position = self.tree.size + 1
        try:
            wrong = self._misplaced(stored, position)
            if wrong is not None:
                raise Found("order", position, wrong)
            hashed = leaf_hash(leaf_of(stored))
            if expected is not None and hashed != expected:
                raise Found("leaf", position, "the event is not the one that was sealed at this position")
            self._take_texts(stored)
        except NoLeaf as error:
            raise Found("leaf", position, f"the event {error}") from None
        return self.tree.add(hashed)

    def hold(self, checkpoint: Checkpoint) -> None:
        """Holds a checkpoint of the tree's size, whose signature is good, against its root. Raises `Found`."""
        if checkpoint.root != self.tree.root:
            first, last = self.covered + 1, checkpoint.size
            which = "the event was" if first == last else f"at least one of the events {first} to {last} was"
            raise Found(
                "root",
                first if first <= last else None,
                f"{which} changed: the root of the first {last} events is not the one that was signed",
            )
        self.checkpoints += 1
        self.covered = max(self.covered, checkpoint.size)

    def take_later(self, event: TextRedacted, recorded_at: datetime) -> None:
        """Takes a redaction that was recorded after the last event, while the others were looked at."""
        self._redactions.setdefault(recorded_at, []).append(event)

    def finish(self, left: Iterable[Checkpoint] = ()) -> None:
        """After the last event. `left`: checkpoints of trees larger than this one. Raises `Found`."""
        for checkpoint in left:
            raise Found(
                "checkpoint",
                self.tree.size + 1,
                f"events are missing: there are {self.tree.size}, and a checkpoint of {checkpoint.size} was signed",
            )
        for gone in self._gone:
            if not self._was_redacted(gone):
                raise Found("texts", gone.position, f"the text at {gone.pointer} is gone, and nothing redacted it")

    def _misplaced(self, stored: StoredFact, position: int) -> str | None:
        recorded_at, effective_at = stored.recorded_at, stored.effective_at
        version = self._versions.get(stored.originator_id, 0) + 1
        if stored.id != position:
            return f"the event is missing; what stands in its place has position {stored.id}"
        if recorded_at is None or effective_at is None:
            return "the event has no times"
        if self._recorded_at is not None and recorded_at <= self._recorded_at:
            return "the event was not recorded later than the one before it"
        if effective_at > recorded_at or (stored.reported_at is not None and stored.reported_at > recorded_at):
            return "the event took effect, or was reported, after it was recorded"
        if stored.originator_version != version:
            return f"the event is version {stored.originator_version} of {stored.originator_id}; {version} was due"
        self._recorded_at = recorded_at
        self._versions[stored.originator_id] = version
        return None

    def _take_texts(self, stored: StoredFact) -> None:
        position, recorded_at = stored.id, stored.recorded_at
        assert recorded_at is not None  # noqa: S101  # seen to before
        try:
            data, texts = orjson.loads(stored.state), orjson.loads(stored.texts)
            check_texts(data, texts)
            event = self._mapper.to_event(stored.topic, stored.schema_version, data, texts)
            for pointer, kept in texts.items():
                if "redacted" in kept:
                    said = Redacted.model_validate(kept)
                    self._gone.append(_Gone(position, pointer, stored.originator_id, recorded_at, said))
        except Refusal as refusal:
            raise Found("texts", position, reason_of(refusal)) from None
        except (UnknownEvent, ValidationError, LookupError, TypeError, ValueError) as error:
            raise Found("events", position, f"the event cannot be read: {str(error).splitlines()[0]}") from None
        self.event = event
        if missing := _missing(event, stored.schema_version, texts):
            raise Found("texts", position, f"the text at {missing} is gone, and nothing redacted it")
        if isinstance(event, TextRedacted):
            self._redactions.setdefault(recorded_at, []).append(event)
        if isinstance(event, ObjectiveSet | KeyResultAdded) and event.carried_from is not None:
            self._carried[stored.originator_id] = f"{stored.originator_id.partition('/')[0]}/{event.carried_from}"

    def _was_redacted(self, gone: _Gone) -> bool:
        """By an event that says so; or it was so already in what the event carried forward."""
        return any(
            gone.pointer in redaction.pointers
            and (redaction.reason == gone.said.reason or isinstance(redaction.reason, Redacted))
            and (
                redaction.position == gone.position
                or (gone.said.at < gone.recorded_at and redaction.stream in self._continued(gone.stream))
            )
            for redaction in self._redactions.get(gone.said.at, ())
        )

    def _continued(self, stream: str) -> Iterator[str]:
        """The streams of what a thing continues, and of what that continues. Each was there before the other."""
        seen = {stream}
        while (older := self._carried.get(stream)) is not None and older not in seen:
            seen.add(older)
            yield older
            stream = older


def _missing(event: Event, schema_version: int, texts: dict[str, Any]) -> str | None:
    """A text of the event that is not among those that stand beside it. Of an older version it cannot be told."""
    if schema_version != event.VERSION:
        return None
    return next((pointer for pointer in text_pointers(event) if pointer not in texts), None)
