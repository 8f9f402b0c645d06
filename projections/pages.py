"""Pages of a list, and the cursor that leads to the next one: a position in the ledger."""

from dataclasses import dataclass

from domain.errors import invalid
from projections.shapes import Shape


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list; `next` is the cursor after it, `None` at the end."""

    items: list[Shape]
    next: str | None


def cursor(after: str | None) -> int:
    """The position that a list goes on after. Raises `Invalid` for anything that no list gave out."""
    if after is None:
        return 0
    if not after.isascii() or not after.isdigit() or len(after) > 18:
        raise invalid("/after", "is no cursor of this list")
    return int(after)
