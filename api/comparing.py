"""Reads of what lies between two points in the ledger's time: their four parameters, and answers made alike."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query
from starlette.responses import Response

from api.asking import Asked, Question
from domain.errors import Fault, Refusal
from projections.ends import Ends, between

From = Annotated[
    str | None,
    Query(alias="from", description="The earlier end, as `as_of`: a position, an instant or a date. Default: `as_of`."),
]
To = Annotated[str | None, Query(description="The later end, as `as_of`. Default: `as_of`.")]
FromValid = Annotated[
    str | None,
    Query(description="The earlier end's `valid_at`: an instant or a date. Default: `valid_at`."),
]
ToValid = Annotated[str | None, Query(description="The later end's `valid_at`. Default: `valid_at`.")]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One read of two ends. What is not said of an end is `as_of` and `valid_at`, and without these, now."""

    asked: Question
    since: str | None
    until: str | None
    since_valid: str | None
    until_valid: str | None

    @contextmanager
    def ends(self) -> Iterator[Ends]:
        """The two views. Raises `Invalid`, `NotReady`."""
        asked = self.asked
        given = {
            "/from": ("/as_of", self.since, asked.as_of),
            "/to": ("/as_of", self.until, asked.as_of),
            "/from_valid": ("/valid_at", self.since_valid, asked.valid_at),
            "/to_valid": ("/valid_at", self.until_valid, asked.valid_at),
        }
        clocks = [beside if said is None else said for _, said, beside in given.values()]
        try:
            with between(asked.books(), *clocks, min_position=asked.min_position) as ends:
                asked.note(ends.old)
                asked.note(ends.new)
                yield ends
        except Refusal as refusal:
            named = {end: other for end, (other, said, beside) in given.items() if said is None and beside is not None}
            refusal.faults = tuple(Fault(named.get(f.pointer, f.pointer), f.reason) for f in refusal.faults)
            raise

    def answer(self, ends: Ends, content: dict[str, Any]) -> Response:
        """The answer, with a weak ETag of what it says and not of the clocks that it was asked at."""
        said = content | {name: _without_clocks(content[name]) for name in ("from", "to")}
        return self.asked.answer(ends.new, content, said=said)


def _without_clocks(end: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in end.items() if name not in {"as_of", "valid_at"}}


async def _compared(
    asked: Asked, since: From = None, to: To = None, from_valid: FromValid = None, to_valid: ToValid = None
) -> Comparison:
    return Comparison(asked, since, to, from_valid, to_valid)


Compared = Annotated[Comparison, Depends(_compared)]
