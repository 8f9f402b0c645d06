"""Two points in a ledger's time to compare: `from` and `to` are `as_of`, `from_valid` and `to_valid` `valid_at`."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from domain.errors import Fault, Refusal, invalid
from projections.reading import Reading, Reads


class Ends(NamedTuple):
    """The view of each end."""

    old: Reading
    new: Reading


@contextmanager
def between(
    books: Reads,
    from_: str | None,
    to: str | None,
    from_valid: str | None,
    to_valid: str | None,
    *,
    min_position: int | None = None,
) -> Iterator[Ends]:
    """The two ends, in the forms of `as_of` and `valid_at`. Left out, `to` is now, and `from` is `to`.

    Raises `Invalid`, `NotReady`.
    """
    with _named(books, "to", to, to_valid, min_position) as new:
        known = str(new.position) if from_ is None else from_
        at = new.valid_at.isoformat() if from_valid is None else from_valid
        with _named(books, "from", known, at, None) as old:
            if old.position > new.position:
                raise invalid(
                    "/from", f"lies after to: position {old.position} after {new.position}", slug="from_after_to"
                )
            if old.valid_at > new.valid_at:
                raise invalid("/from_valid", "lies after to_valid", slug="from_after_to")
            yield Ends(old, new)


@contextmanager
def _named(books: Reads, name: str, as_of: str | None, valid_at: str | None, least: int | None) -> Iterator[Reading]:
    """A view, whose refusals name the parameters of this end."""
    names = {"/as_of": f"/{name}", "/valid_at": f"/{name}_valid"}
    with ExitStack() as stack:
        try:
            reading = stack.enter_context(books.reading(as_of, valid_at, min_position=least))
        except Refusal as refusal:
            refusal.faults = tuple(Fault(names.get(f.pointer, f.pointer), f.reason) for f in refusal.faults)
            raise
        yield reading
