"""The input that all are given: quarters of objectives with four key results each, checked in on four times.

Numbers and ids follow from the sizes alone, so that everybody who tells the story tells the same one; it is told fact
by fact, since nobody should have to hold a million of them. Standard library only: the peers import it, too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

PARTS, CHECK_INS = 4, 4
BASELINE, TARGET = 0, 100
SPACE = UUID("5f0c0c0e-0000-4000-8000-000000000003")
BEGIN = datetime(1990, 1, 1, 9, tzinfo=UTC)
DAYS = 91


@dataclass(frozen=True, slots=True)
class CycleFact:
    """A quarter is planned, and opened a microsecond later. It stays open."""

    id: UUID
    at: datetime
    label: str
    starts_on: date
    ends_on: date

    events = 2


@dataclass(frozen=True, slots=True)
class ObjectiveFact:
    """An objective is set."""

    id: UUID
    at: datetime
    cycle: UUID
    title: str

    events = 1


@dataclass(frozen=True, slots=True)
class KeyResultFact:
    """A key result is added, from `BASELINE` to `TARGET`."""

    id: UUID
    at: datetime
    cycle: UUID
    objective: UUID
    title: str

    events = 1


@dataclass(frozen=True, slots=True)
class CheckInFact:
    """A check-in says a value, which may be above the target."""

    id: UUID
    at: datetime
    cycle: UUID
    key_result: UUID
    objective: UUID
    value: int

    events = 1


Fact = CycleFact | ObjectiveFact | KeyResultFact | CheckInFact


@dataclass(frozen=True, slots=True)
class Story:
    """So many quarters of so many objectives."""

    quarters: int
    objectives: int = 500

    @classmethod
    def of(cls, events: int) -> "Story":
        """The story with about so many events, of one quarter at least."""
        return cls(max(1, round(events / cls(1).events)))

    @property
    def events(self) -> int:
        """How many events it makes."""
        return self.quarters * (2 + self.objectives * (1 + PARTS + PARTS * CHECK_INS))

    @property
    def label(self) -> str:
        """The label of the last quarter."""
        return f"Q{self.quarters - 1}"

    def cycle(self, number: int) -> UUID:
        """A quarter's id, counted from 0."""
        return uuid5(SPACE, f"cycle {number}")

    def key_results(self) -> list[UUID]:
        """Those of the last quarter."""
        cycle = self.cycle(self.quarters - 1)
        return [uuid5(uuid5(cycle, str(n)), str(m)) for n in range(self.objectives) for m in range(PARTS)]

    def past(self, share: float = 0.75) -> datetime:
        """An instant in the last quarter, with that share of its check-ins said."""
        of_last = self.objectives * PARTS * CHECK_INS
        wanted = self.events - round(of_last * (1 - share))
        count = 0
        for fact in self._quarter(self.quarters - 1, self.events - self.events // self.quarters):
            count += fact.events
            if count + self.events - self.events // self.quarters >= wanted:
                return fact.at
        raise AssertionError("the share is above 1")

    def facts(self) -> Iterator[Fact]:
        """All of it, in order; no two facts at the same instant."""
        told = 0
        for number in range(self.quarters):
            yield from self._quarter(number, told)
            told += self.events // self.quarters

    def _quarter(self, number: int, told: int) -> Iterator[Fact]:
        """A quarter, `told` events having gone before."""
        begin = BEGIN + timedelta(days=DAYS * number)
        clock = _Clock(begin, told)
        cycle = self.cycle(number)
        yield CycleFact(cycle, clock.tick(2), f"Q{number}", begin.date(), begin.date() + timedelta(days=DAYS - 1))
        parts: list[tuple[UUID, UUID]] = []
        for n in range(self.objectives):
            objective = uuid5(cycle, str(n))
            yield ObjectiveFact(objective, clock.tick(), cycle, f"Objective {n} of {number}")
            for m in range(PARTS):
                part = uuid5(objective, str(m))
                parts.append((part, objective))
                yield KeyResultFact(part, clock.tick(), cycle, objective, f"Key result {m} of {n}")
        for week in range(CHECK_INS):
            clock.go(begin + timedelta(days=20 * week + 1))
            for n, (part, objective) in enumerate(parts):
                said = uuid5(part, str(week))
                yield CheckInFact(said, clock.tick(), cycle, part, objective, (week * 23 + n) % 120)


class _Clock:
    """A microsecond an event, whatever the day."""

    def __init__(self, begin: datetime, told: int) -> None:
        self._day = begin
        self._told = told

    def go(self, day: datetime) -> None:
        self._day = day

    def tick(self, events: int = 1) -> datetime:
        """The instant of the next event, and of those that follow it closely."""
        at = self._day + timedelta(microseconds=self._told)
        self._told += events
        return at
