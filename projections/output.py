"""What the engine says is to be written of a book: versions that begin to be known, and such as are no longer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from projections.track import Key

Row = tuple[Any, ...]
"""The columns of a book, besides id, place and times. More may follow in what a book answers (`projections.engine`)."""


def named(columns: Sequence[str], row: Row) -> dict[str, Any]:
    """A row by its columns."""
    return dict(zip(columns, row, strict=False))


@dataclass(slots=True)
class Opened:
    """A version to insert; `known_to` if it was closed again before it was written."""

    id: UUID
    key: Key
    known_from: int
    row: Row
    known_to: int | None = None


class Closed(NamedTuple):
    """A version that is no longer known from a position on."""

    known_to: int
    id: UUID
    valid_from: datetime
    position: int


class Output:
    """What to write of one book."""

    def __init__(self) -> None:
        self.opened: list[Opened] = []
        self.closed: list[Closed] = []
        self._pending: dict[tuple[int, Key], Opened] | None = None

    def open(self, id: UUID, key: Key, known_from: int, row: Row) -> None:
        """A version begins to be known."""
        opened = Opened(id, key, known_from, row)
        self.opened.append(opened)
        if self._pending is not None:
            self._pending[id.int, key] = opened

    def enter(self, id: UUID, key: Key, row: Row) -> None:
        """A row of a log: known from its own position on, for ever."""
        self.opened.append(Opened(id, key, key[1], row))

    def close(self, id: UUID, key: Key, known_to: int) -> None:
        """A version is no longer known."""
        if self._pending is None:  # most batches close nothing
            self._pending = {(one.id.int, one.key): one for one in self.opened if one.known_to is None}
        pending = self._pending.pop((id.int, key), None)
        if pending is not None:
            pending.known_to = known_to
        else:
            self.closed.append(Closed(known_to, id, *key))
