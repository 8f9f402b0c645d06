"""What a replay is read from: what happened, and how scores stood, each in the fold's order and a little at a time.

A replay may be long and its reader slow, so nothing is read whole: each source is a cursor of the database, open as
long as the replay goes on. After a place in the fold, they begin with how things stood there.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, NamedTuple, Protocol, TypeVar
from uuid import UUID

from domain.kernel import Fact, Ref
from domain.measurements.events import MeasurementRestated, MeasurementsEvent, MeasurementsRecorded, Point
from domain.values import Redacted
from ledger.sql import load
from projections.reading import Reading
from projections.shapes import text
from projections.track import BEGINNING, Key

SQL = load("projections", "replay.sql")
AT_ONCE = 200
"""How many rows are fetched at once, and kept in memory."""


class Version(Protocol):
    """A thing as it stood from a place in the fold on."""

    @property
    def id(self) -> UUID:
        """The thing."""
        ...

    @property
    def valid_from(self) -> datetime:
        """Since when."""
        ...

    @property
    def position(self) -> int:
        """The rest of the place."""
        ...


class Goal(NamedTuple):
    """What of an objective's version its cycle's score is made of."""

    id: UUID
    valid_from: datetime
    position: int
    cycle: UUID
    weight: Decimal
    state: str
    grade: Decimal | None
    progress: Decimal | None
    score: Decimal


class Part(NamedTuple):
    """Of a key result's version: where it belongs, its score, and the KPI that drives it."""

    id: UUID
    valid_from: datetime
    position: int
    objective: UUID
    score: Decimal
    kpi: UUID | None


class Period(NamedTuple):
    """Of a cycle's version: its last day."""

    id: UUID
    valid_from: datetime
    position: int
    ends_on: date


@dataclass(frozen=True, slots=True)
class Measured:
    """A statement on a KPI's point as a fact of its own, which takes effect when the point did."""

    fact: Fact[MeasurementsEvent]
    kpi: UUID
    on: date
    value: Decimal
    old: Decimal | None


V = TypeVar("V", bound=Version)


class VersionWalk(Generic[V]):
    """Versions of many things, walked through in the fold's order."""

    def __init__(self, standing: Sequence[V], later: Iterator[V]) -> None:
        self.now: dict[UUID, V] = {row.id: row for row in standing}
        """Each thing's version in effect."""
        self._later = later
        self._next = next(later, None)

    def to(self, key: Key) -> list[tuple[V | None, V]]:
        """Goes on to a place, which counts; answers what changed: the version before and the one now."""
        changed = []
        while self._next is not None and (self._next.valid_from, self._next.position) <= key:
            row = self._next
            changed.append((self.now.get(row.id), row))
            self.now[row.id] = row
            self._next = next(self._later, None)
        return changed


class Sources:
    """The sources of one replay. They are closed with the stack."""

    def __init__(self, reading: Reading, cycle: UUID, after: Key | None, stack: ExitStack) -> None:
        at, position = after or BEGINNING
        self._reading = reading
        self._begun = after is not None
        self._stack = stack
        self._names: Mapping[UUID, Any] | None = None
        self._asked: dict[str, Any] = {
            "as_of": reading.position,
            "valid_at": reading.valid_at,
            "cycle": cycle,
            "after_at": at,
            "after_position": position,
        }

    def entries(self) -> Iterator[list[Fact[Any]]]:
        """The events of the cycle and of everything that was ever in it, some at a time."""
        rows = self._rows("entries")
        fact = self._reading.reader.fact
        while some := [fact(row) for _, row in zip(range(AT_ONCE), rows, strict=False)]:
            yield some

    def before(self, streams: Sequence[Ref]) -> Iterator[Fact[Any]]:
        """What happened to some things before the replay begins."""
        if not self._begun or not streams:
            return
        asked = self._asked | {"streams": [str(stream) for stream in streams]}
        for row in self._reading.connection.execute(SQL["facts_upto"], asked, binary=True).fetchall():
            yield self._reading.reader.fact(row)

    def points(self, last_day: date) -> Iterator[Measured]:
        """What was said of the points of the KPIs that may drive something in the cycle, up to a day."""
        for row in self._rows("points", last_day=last_day):
            yield _measured(row)

    def kpi_names(self) -> Mapping[UUID, Any]:
        """What the KPIs that ever drove something in the cycle are called."""
        if self._names is None:
            rows = self._reading.rows(SQL["kpi_names"], cycle=self._asked["cycle"])
            self._names = {row["id"]: text(row, "name") for row in rows}
        return self._names

    def goals(self) -> VersionWalk[Goal]:
        """How the objectives stood that were ever in the cycle."""
        return VersionWalk(self._standing("goals_at", Goal), map(Goal._make, self._rows("goals")))

    def parts(self) -> VersionWalk[Part]:
        """How their key results stood."""
        return VersionWalk(self._standing("parts_at", Part), map(Part._make, self._rows("parts")))

    def _standing(self, query: str, shape: Any) -> list[Any]:
        if not self._begun:
            return []
        return [shape(*row) for row in self._reading.connection.execute(SQL[query], self._asked, binary=True)]

    def _rows(self, query: str, **more: Any) -> Iterator[tuple[Any, ...]]:
        cursor = self._stack.enter_context(self._reading.connection.cursor(f"{query}_{id(self):x}"))
        cursor.itersize = AT_ONCE
        return iter(cursor.execute(SQL[query], self._asked | more, binary=True))


def _measured(row: tuple[Any, ...]) -> Measured:
    kpi, on, value, note, reason, redactions, position, valid_from, stream, version, type_, *rest = row
    recorded_at, actor, old = rest
    texts = {"note": note, "reason": reason}
    texts |= {name: Redacted.model_validate(marker) for name, marker in (redactions or {}).items()}
    event: MeasurementsEvent
    if type_ == MeasurementRestated.TOPIC:
        event = MeasurementRestated.model_construct(kpi=kpi, on=on, value=value, reason=texts["reason"])
    else:
        point = Point.model_construct(on=on, value=value, note=texts["note"])
        event = MeasurementsRecorded.model_construct(kpi=kpi, points=(point,), source=None)
    fact = Fact(Ref.parse(stream), version, position, event, valid_from, recorded_at, actor)
    return Measured(fact, kpi, on, value, old)
