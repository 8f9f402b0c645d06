"""Goals folded in memory, for questions that no row answers: what if, and what made the difference.

    events ──source──▶ World ──▶ Subset: the same without some facts, or with some in another shape

A `World` is what the books are made from; its facts are read here through the snapshot of a reading. A `Subset` is
made of a world, and answers the books' own functions (`row`, `score_of`) as a world does. So what is assumed is
scored by the very code that scores what is.
"""

import sys
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast
from uuid import UUID

from domain.catalogue import FOLDS
from domain.kernel import Fact, Fold, Kind, Ref
from domain.key_result.state import KeyResult
from domain.kpi.series import Series
from ledger.reader import SQL as LEDGER
from ledger.sql import load
from projections.reading import Reading
from projections.track import Key, Track
from projections.world import BLANK, Source, Statement, World

S = TypeVar("S")
STORE = load("projections", "store.sql")
LAST = sys.maxsize
"""A position after all others."""


def end(instant: datetime) -> Key:
    """The place in the fold after everything that takes effect by the instant."""
    return (instant, LAST)


def source(reading: Reading) -> Source:
    """Streams as they were recorded up to a reading's position, all through its own snapshot."""

    def rows(query: Any, **parameters: Any) -> Sequence[Any]:
        given = {"upto": reading.position} | parameters
        return reading.connection.execute(query, given, binary=True).fetchall()

    def facts(refs: Sequence[Ref]) -> Mapping[Ref, list[Fact[Any]]]:
        found: dict[Ref, list[Fact[Any]]] = {ref: [] for ref in refs}
        for row in rows(LEDGER["facts_of_streams"], streams=[str(ref) for ref in refs]):
            fact = reading.reader.fact(row)
            found[fact.stream].append(fact)
        return found

    def kin(refs: Sequence[Ref]) -> Iterable[tuple[Ref, Ref]]:
        found = rows(STORE["kin"], refs=[str(ref) for ref in refs])
        return [(Ref.parse(parent), Ref.parse(child)) for parent, child in found]

    def statements(kpis: Sequence[UUID]) -> Iterable[Statement]:
        found = rows(STORE["statements"], kpis=[f"{Kind.KPI.value}/{kpi}" for kpi in kpis])
        return map(Statement._make, found)

    return Source(facts, kin, statements)


class Known(World):
    """A world up to a reading's position, which keeps what was said of each KPI's points besides."""

    def __init__(self, reading: Reading) -> None:
        self.statements: dict[int, list[Statement]] = {}
        read = source(reading)

        def statements(kpis: Sequence[UUID]) -> Iterable[Statement]:
            self.statements |= {kpi.int: [] for kpi in kpis}
            return self._kept(read.statements(kpis))

        super().__init__(Source(read.facts, read.kin, statements))

    def track_of(self, ref: Ref) -> Track[Any]:
        """The track of anything."""
        return self.track(FOLDS[ref.kind], ref)

    def _kept(self, statements: Iterable[Statement]) -> Iterator[Statement]:
        for one in statements:
            self.statements[one.kpi.int].append(one)
            yield one


class Subset(World):
    """A world with only some of another's facts, worked out for each stream when it is asked for."""

    def __init__(self, known: Known) -> None:
        super().__init__(BLANK)
        self.known = known
        self._made: dict[Ref, Track[Any]] = {}
        self._measured: dict[int, Series] = {}
        self._parts: dict[int, list[Track[KeyResult]]] = {}

    def left(self, track: Track[Any]) -> Track[Any]:
        """What is left of a stream; see `rest`. The track itself, where nothing is missing."""
        raise NotImplementedError

    def points(self, kpi: UUID) -> Series:
        """What is left of a KPI's measurements; see `measured`."""
        raise NotImplementedError

    def track(self, _fold: Fold[S], ref: Ref) -> Track[S]:
        """The track of one thing with the facts that are left."""
        made = self._made.get(ref)
        if made is None:
            made = self._made[ref] = self.left(self.known.track(_fold, ref))
        return cast("Track[S]", made)

    def series(self, kpi: UUID) -> Series:
        """The measurements of a KPI that are left."""
        made = self._measured.get(kpi.int)
        if made is None:
            made = self._measured[kpi.int] = self.points(kpi)
        return made

    def key_results(self, objective: UUID) -> Sequence[Track[KeyResult]]:
        """Every key result that was ever attached to the objective."""
        parts = self._parts.get(objective.int)
        if parts is None:
            parts = [self.track(part.fold, part.ref) for part in self.known.key_results(objective)]
            self._parts[objective.int] = parts
        return parts

    def objectives(self, key_result: UUID) -> Sequence[UUID]:
        """Every objective that the key result was ever attached to."""
        return self.known.objectives(key_result)

    @property
    def linked(self) -> Container[int]:
        """The numbers of all key results that were ever linked to a KPI."""
        return self.known.linked

    def kpis(self, key_result: UUID) -> Sequence[UUID]:
        """Every KPI that the key result was ever linked to."""
        return self.known.kpis(key_result)


def rest(track: Track[S], facts: Sequence[Fact[Any]]) -> Track[S]:
    """A track of the facts that are left of another's, in the fold's order.

    Without its first fact there are none: nothing happens to what does not exist.
    """
    left: Track[S] = Track(track.fold, track.ref)
    if facts and facts[0].position == track.facts[0].position:
        for fact in facts:
            left.add(fact)
    return left


def measured(statements: Iterable[Statement]) -> Series:
    """A series of what is left of what was said of points; of each the first among them."""
    series = Series()
    for one in statements:
        series.add(one.on, one.position, one.recorded_at, one.value)
    return series
