"""All measurements of one KPI, from however many streams, as one line of points by day.

    series = Series()
    for fact in facts:                   # in the ledger's order
        series.add_fact(fact)
    series.latest((instant, position))   # the day and value that stood then, by what was known then

A point takes effect within its own day: at the day's end or, if it was recorded on that day, at its recording.
So the order of days is the order in which points take effect, and every question is a search in a sorted list.
What is said of a day later takes effect when its first statement did. A key is a place in the fold,
(`effective_at`, position): the statements that come no later than it count.
"""

from bisect import bisect_left, bisect_right
from datetime import date, datetime
from decimal import Decimal
from typing import assert_never

from domain.kernel import Fact, Key
from domain.measurements.events import MeasurementRestated, MeasurementsEvent, MeasurementsRecorded
from domain.measurements.state import point_effective_at

Latest = tuple[date, Decimal]
"""A point: its day, and its value by what was known."""

_Statements = list[tuple[int, Decimal]]
"""What was said of one day: (position, value), by position."""


class Series:
    """The points of one KPI, by day. Statements are added in the ledger's order."""

    __slots__ = ("_effective", "_ons", "_statements")

    def __init__(self) -> None:
        self._ons: list[date] = []
        self._effective: list[datetime] = []
        self._statements: list[_Statements] = []

    def add(self, on: date, position: int, recorded_at: datetime, value: Decimal) -> None:
        """Takes in what was said of a day, after everything with a lower position."""
        ons = self._ons
        at = len(ons) if not ons or ons[-1] < on else bisect_left(ons, on)
        if at < len(ons) and ons[at] == on:
            self._statements[at].append((position, value))
            return
        ons.insert(at, on)
        self._effective.insert(at, point_effective_at(on, recorded_at))
        self._statements.insert(at, [(position, value)])

    def add_fact(self, fact: Fact[MeasurementsEvent]) -> None:
        """Takes in all that a batch or a restatement says."""
        event = fact.event
        match event:
            case MeasurementsRecorded():
                for point in event.points:
                    self.add(point.on, fact.position, fact.recorded_at, point.value)
            case MeasurementRestated():
                self.add(event.on, fact.position, fact.recorded_at, event.value)
            case _:
                assert_never(event)

    @property
    def newest(self) -> datetime:
        """When the latest point took effect. There must be one."""
        return self._effective[-1]

    def effective_at(self, on: date) -> datetime | None:
        """When the day's point took effect; `None` if there is none."""
        at = self._find(on)
        return None if at is None else self._effective[at]

    def value(self, on: date) -> Decimal | None:
        """The day's value by all that is known; `None` if there is none."""
        at = self._find(on)
        return None if at is None else self._statements[at][-1][1]

    def keys_from(self, key: Key) -> list[Key]:
        """The places in the fold of all statements from a place on, in order."""
        begin, least = key
        start = bisect_left(self._effective, begin)
        return [
            (effective_at, position)
            for effective_at, statements in zip(self._effective[start:], self._statements[start:], strict=True)
            for position, _ in statements
            if effective_at > begin or position >= least
        ]

    def latest(self, key: Key, until: date | None = None) -> Latest | None:
        """The point that stood at a place in the fold: the latest then in effect, no later than the day `until`."""
        at, known = self._standing(key)
        if until is not None and at >= 0 and self._ons[at] > until:
            at, known = bisect_right(self._ons, until) - 1, None
        return self._point(at, known) if at >= 0 else None

    def last(self, key: Key, count: int) -> list[Latest]:
        """The last so many points that were in effect at a place in the fold, oldest first."""
        at, known = self._standing(key)
        points = [self._point(n, None) for n in range(max(0, at + 1 - count), at)]
        return [*points, self._point(at, known)] if at >= 0 and count > 0 else []

    def _find(self, on: date) -> int | None:
        at = bisect_left(self._ons, on)
        return at if at < len(self._ons) and self._ons[at] == on else None

    def _standing(self, key: Key) -> tuple[int, int | None]:
        """The index of the latest point in effect, -1 without one; and how much of it counts, `None` for all.

        Only a point that takes effect at the key's very instant may be cut off by the key's position.
        """
        instant, position = key
        at = bisect_right(self._effective, instant) - 1
        if at < 0 or self._effective[at] < instant:
            return at, None
        known = sum(place <= position for place, _ in self._statements[at])
        return (at, known) if known else (at - 1, None)

    def _point(self, at: int, known: int | None) -> Latest:
        statements = self._statements[at]
        return self._ons[at], statements[-1 if known is None else known - 1][1]
