"""Shares of a ledger on their way through one process: read, folded, written, three at a time.

    read the next │ fold this one │ write the last

Folding is Python's work, reading and writing is mostly waiting for PostgreSQL, which works on another core meanwhile.
No more than three shares are held at once.
"""

import gc
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from domain.kernel import Fact, Ref
from ledger.database import Database
from ledger.reader import Reader
from projections import shadow
from projections.engine import Book, Engine, Standing
from projections.output import Output
from projections.shares import Share
from projections.shelf import BOOKS
from projections.world import BLANK, World

Rows = Counter[str]
"""Rows written, book by book."""


class FoldFailed(Exception):
    """A book cannot take an event."""


@dataclass(frozen=True, slots=True)
class Line:
    """Where shares come from, and where their rows go. `head`: the position up to which they are read."""

    database: Database
    reader: Reader
    head: int

    def run(self, todo: Sequence[Share]) -> Iterator[tuple[Share, Rows]]:
        """Folds shares into the shadow tables; each is answered once its rows are committed. Raises `FoldFailed`."""
        with _without_gc(), ThreadPoolExecutor(2, "shares") as pool:
            coming = [pool.submit(self._read, share) for share in todo[:1]]
            writing: tuple[Share, Future[Rows]] | None = None
            for place, share in enumerate(todo, 1):
                facts = coming.pop().result()
                coming = [pool.submit(self._read, following) for following in todo[place : place + 1]]
                output = fold(share, facts)
                if writing is not None:
                    yield writing[0], writing[1].result()
                writing = (share, pool.submit(shadow.write, self.database, share, output))
            if writing is not None:
                yield writing[0], writing[1].result()

    def _read(self, share: Share) -> list[Fact[Any]]:
        refs = [Ref.parse(name) for name in (*share.streams, *share.beside)]
        facts = [fact for stream in self.reader.read_streams(refs, self.head).values() for fact in stream]
        facts.sort(key=_position)
        return facts


def fold(share: Share, facts: Sequence[Fact[Any]]) -> list[tuple[Book, Output]]:
    """The rows of a share, whose facts are given in order. Raises `FoldFailed`."""
    books = [book for book in BOOKS if not (share.goals and book.name == "cycles")]
    engine = Engine([Standing(book) for book in books], World(BLANK))
    output = engine.take(facts)
    check(engine)
    return [(book, output[book.name]) for book in books]


def check(engine: Engine) -> None:
    """Raises `FoldFailed` if a book has stopped."""
    for standing in engine.standings:
        if standing.error is not None:
            raise FoldFailed(f"The book of {standing.book.name} stops: {standing.error}")


@contextmanager
def _without_gc() -> Iterator[None]:
    """Everything that is made of a share is kept to its end, and hardly any of it in cycles: looking for garbage among
    it again and again took a third of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _position(fact: Fact[Any]) -> int:
    return int(fact.position)
