"""The score of a cycle as the ratio of two sums, exact however often a part of them is exchanged."""

from collections.abc import Iterable, Mapping
from decimal import Context, Decimal
from typing import Any
from uuid import UUID

from domain.scoring import ZERO, official, ratio

_EXACT = Context(prec=120)
"""A weight has 28 digits and a score 40, so no sum of their products is ever rounded."""
Part = tuple[Decimal, Decimal]
"""What an objective adds: weight × official score, and weight."""
NOTHING: Part = (ZERO, ZERO)


def part_of(row: Mapping[str, Any] | None, cycle: UUID) -> Part:
    """What an objective's row adds to its cycle's score: nothing if it is elsewhere, dropped, or measures nothing."""
    if row is None or row["cycle"] != cycle or row["state"] != "active":
        return NOTHING
    if row["progress"] is None and row["grade"] is None:
        return NOTHING
    return _EXACT.multiply(row["weight"], official(row["score"], row["grade"])), row["weight"]


def plus(one: Part, other: Part) -> Part:
    """Both together."""
    return _EXACT.add(one[0], other[0]), _EXACT.add(one[1], other[1])


def total(parts: Iterable[Part]) -> Part:
    """All of them together."""
    found = NOTHING
    for part in parts:
        found = plus(found, part)
    return found


def score_of(part: Part) -> Decimal | None:
    """The score that the sums make; `None` where nothing is measured."""
    return ratio(*part)


class Sums:
    """The parts of a cycle's objectives, and their sums."""

    def __init__(self, cycle: UUID) -> None:
        self._cycle = cycle
        self._parts: dict[UUID, Part] = {}
        self._total = NOTHING

    def put(self, id: UUID, row: Mapping[str, Any] | None) -> None:
        """An objective reads like this from now on."""
        self._total = self._with(id, row)
        self._parts[id] = part_of(row, self._cycle)

    @property
    def score(self) -> Decimal | None:
        """The cycle's score."""
        return score_of(self._total)

    def score_with(self, id: UUID, row: Mapping[str, Any] | None) -> Decimal | None:
        """What the score would be if one objective read like this."""
        return score_of(self._with(id, row))

    def _with(self, id: UUID, row: Mapping[str, Any] | None) -> Part:
        above, below = self._parts.get(id, NOTHING)
        return plus(plus(self._total, (-above, -below)), part_of(row, self._cycle))
