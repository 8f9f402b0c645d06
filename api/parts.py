"""What a process does of a server's work: all of it, or, of several processes, its part (`api.workers`).

Whole      the API, the projector and the sealer
Keeping    the projector and the sealer
Serving    the API; it is told where the books are, and tells what it appends
"""

from dataclasses import dataclass
from typing import Protocol

from api.link import Link
from ledger.notify import Ear
from ledger.proofs.sealer import Sealer
from ledger.recorder import LedgerRecorder
from projections.projector import Projector
from projections.reading import Books


@dataclass(frozen=True, slots=True)
class Works:
    """What the parts have to do with, of one open ledger."""

    recorder: LedgerRecorder
    books: Books
    projector: Projector
    sealer: Sealer


class Part(Protocol):
    """A part of the work."""

    def begin(self, works: Works, *, seals: bool) -> None:
        """Begins what goes on in the background; with `seals`, the sealing too."""

    def advanced(self, works: Works, position: int) -> None:
        """This process's projector has brought the books to a position."""

    def seal_error(self, works: Works) -> str | None:
        """Why nothing is sealed; `None` if it is."""

    def end(self, works: Works) -> None:
        """Ends what was begun; what is in hand is finished."""


class Whole:
    """All of it."""

    def begin(self, works: Works, *, seals: bool) -> None:
        """Follows this process's own appends, and those of others."""
        works.recorder.on_append(works.projector.wake)
        works.recorder.on_append(works.sealer.wake)
        works.projector.start()
        if seals:
            works.sealer.start()

    def advanced(self, works: Works, position: int) -> None:
        """Wakes those who wait here, and tells other servers."""
        works.books.reached(position)
        works.recorder.announce_books(position)

    def seal_error(self, works: Works) -> str | None:
        """What this process's sealer says."""
        return works.sealer.error

    def end(self, works: Works) -> None:
        """Ends both, and gives their leases up."""
        works.sealer.stop()
        works.projector.stop()


class Keeping(Whole):
    """The books and the tree, for those that serve."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def begin(self, works: Works, *, seals: bool) -> None:
        """Follows the appends of those that serve, too."""
        super().begin(works, seals=seals)
        works.sealer.on_error(self._link.seal_is)
        self._link.on_appended(works.projector.wake)
        self._link.on_appended(works.sealer.wake)

    def advanced(self, works: Works, position: int) -> None:
        """Tells those that serve as well."""
        self._link.advanced(position)
        super().advanced(works, position)


class Serving:
    """The API. `number`: which of those that serve it is, from 0."""

    def __init__(self, link: Link, number: int) -> None:
        self._link = link
        self._number = number
        self._ear: Ear | None = None

    def begin(self, works: Works, *, seals: bool) -> None:  # noqa: ARG002
        """Tells of its appends, and is told of the books, also when it is another server that keeps them just now."""
        works.recorder.on_append(self._link.appended)
        self._link.on_advanced(self._number, works.books.reached)
        self._ear = Ear(works.recorder.database, lambda _: None, works.books.told)

    def advanced(self, works: Works, position: int) -> None:
        """Its projector is not started; if somebody has it catch up, that counts here."""
        works.books.reached(position)

    def seal_error(self, works: Works) -> str | None:  # noqa: ARG002
        """What the sealer says of the process that keeps the tree."""
        return self._link.seal()

    def end(self, works: Works) -> None:  # noqa: ARG002
        """Listens no more."""
        if self._ear is not None:
            self._ear.close()
