"""The streams that facts touch, as recorded up to the fact that is being taken.

What is missing is read from the ledger, up to the position that the books have taken; a rebuild begins with
nothing and reads nothing. Key results that were ever attached to an objective are its family: its score is made of
them. A key result that was ever linked to a KPI hangs on that KPI's measurements, and on the dates of the cycles that
its objective was in.

    kpi ──measurements──▶ series ──link──▶ key result ──▶ objective ──▶ cycle
"""

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar, cast
from uuid import UUID

from domain.catalogue import FOLDS
from domain.cycle.events import CycleRescheduled
from domain.kernel import Fact, Fold, Kind, Ref, fact_key
from domain.key_result.events import CheckedIn, KeyResultAdded, KeyResultChanged, KpiLinked
from domain.key_result.state import KeyResult
from domain.kpi.series import Series
from domain.measurements.events import MeasurementRestated, MeasurementsRecorded
from domain.measurements.state import point_effective_at
from domain.objective.events import ObjectiveMoved, ObjectiveSet
from projections.track import BEGINNING, Key, Track

S = TypeVar("S")


class Statement(NamedTuple):
    """What was said of a KPI's point: the day, and the value, where and when it was recorded."""

    kpi: UUID
    on: date
    position: int
    recorded_at: datetime
    value: Decimal


@dataclass(frozen=True, slots=True)
class Source:
    """Where streams are read: their facts in the order of recording, (parent, child) pairs, measurements of KPIs."""

    facts: Callable[[Sequence[Ref]], Mapping[Ref, list[Fact[Any]]]]
    kin: Callable[[Sequence[Ref]], Iterable[tuple[Ref, Ref]]]
    statements: Callable[[Sequence[UUID]], Iterable[Statement]]
    """In the order of recording."""


BLANK = Source(lambda refs: {ref: [] for ref in refs}, lambda _: (), lambda _: ())
"""The source of a world that begins at the beginning."""

_POINTS_A_FACT = 10
"""How many points of a series take about the room of a fact."""


class World:
    """Tracks of streams, families of objectives and key results, and the KPIs that drive them."""

    def __init__(self, source: Source, most_facts: int | None = None) -> None:
        self._source = source
        self._most = most_facts
        self._tracks: dict[Kind, dict[int, Track[Any]]] = {kind: {} for kind in Kind}
        self._series: dict[int, Series] = {}
        self._count = 0
        self._objectives: defaultdict[int, list[UUID]] = defaultdict(list)
        self._key_results: defaultdict[int, list[Track[KeyResult]]] = defaultdict(list)
        self._kpis: defaultdict[int, list[UUID]] = defaultdict(list)
        self._driven: defaultdict[int, list[Track[KeyResult]]] = defaultdict(list)
        self._in_cycle: defaultdict[int, dict[UUID, None]] = defaultdict(dict)
        self._whole: set[Ref] = set()
        self.newest: Key = BEGINNING
        """No fact that was taken in has anything to say about a later place in the fold."""

    def track(self, _fold: Fold[S], ref: Ref) -> Track[S]:
        """The track of one thing; the fold only says what its states are."""
        return cast("Track[S]", self._tracks[ref.kind][ref.id.int])

    def series(self, kpi: UUID) -> Series:
        """All measurements of a KPI."""
        return self._series[kpi.int]

    def key_results(self, objective: UUID) -> Sequence[Track[KeyResult]]:
        """Every key result that was ever attached to the objective."""
        return self._key_results[objective.int]

    def objectives(self, key_result: UUID) -> Sequence[UUID]:
        """Every objective that the key result was ever attached to."""
        return self._objectives[key_result.int]

    def kpis(self, key_result: UUID) -> Sequence[UUID]:
        """Every KPI that the key result was ever linked to."""
        return self._kpis.get(key_result.int, ())

    @property
    def linked(self) -> Container[int]:
        """The numbers of all key results that were ever linked to a KPI."""
        return self._kpis

    def driven(self, kpi: UUID) -> Sequence[Track[KeyResult]]:
        """Every key result that was ever linked to the KPI."""
        return self._driven[kpi.int]

    def in_cycle(self, cycle: UUID) -> Sequence[UUID]:
        """Every objective that was ever in the cycle, as far as they are loaded."""
        return tuple(self._in_cycle[cycle.int])

    def streams(self) -> Iterable[Ref]:
        """Everything that has a track."""
        return (track.ref for tracks in self._tracks.values() for track in tracks.values())

    def measured(self) -> Iterable[UUID]:
        """Every KPI whose measurements are loaded."""
        return (UUID(int=kpi) for kpi in self._series)

    def begin(self, fact: Fact[Any]) -> Key:
        """The first place in the fold that the fact, which is not taken in yet, has something to say about."""
        if fact.stream.kind is not Kind.MEASUREMENTS:
            return fact_key(fact)
        event = fact.event
        day = first_day(event)
        at = self.series(event.kpi).effective_at(day) or point_effective_at(day, fact.recorded_at)
        return (at, fact.position)

    def add(self, fact: Fact[Any]) -> None:
        """Takes the next fact in. Its streams must be loaded."""
        stream = fact.stream
        if stream.kind is Kind.MEASUREMENTS:
            series = self.series(fact.event.kpi)
            series.add_fact(fact)
            self._count += 1
            self._reach((series.newest, fact.position))
            return
        track = self._tracks[stream.kind][stream.id.int]
        track.add(fact)
        self._count += 1
        self._reach(track.keys[-1])
        if type(fact.event) is not CheckedIn:  # most facts, and they attach nothing
            self._note(fact)

    def _reach(self, key: Key) -> None:
        self.newest = max(self.newest, key)

    def load(self, facts: Iterable[Fact[Any]]) -> None:
        """Reads what these facts touch: their streams, whole families, and the KPIs that drive them."""
        wanted, kpis = _touched(facts)
        parents = {ref for fact in facts if (ref := _moves_all_below(fact)) is not None} - self._whole
        self._whole |= parents
        self._load(wanted, kpis, parents)

    def fetch(self, refs: Iterable[Ref], whole: Iterable[Ref] = ()) -> None:
        """Reads some things with all that their scores depend on; `whole`: cycles, with everything ever in them."""
        self._load({*refs, *whole}, (), set(whole))

    def _load(self, wanted: set[Ref], kpis: Iterable[UUID], parents: set[Ref]) -> None:
        self._load_series(kpis)
        missing = [ref for ref in wanted if ref.id.int not in self._tracks[ref.kind]]
        while missing or parents:
            wanted, kpis = self._load_tracks(missing)
            parents |= {ref for ref in missing if ref.kind is Kind.OBJECTIVE}
            wanted |= {child for _, child in self._source.kin(list(parents))}
            self._load_series(kpis)
            missing = [ref for ref in wanted if ref.id.int not in self._tracks[ref.kind]]
            parents = set()

    def shrink(self) -> bool:
        """Forgets everything once it has become too much; what is needed is read again. Answers whether it did."""
        if self._most is None or self._count <= self._most:
            return False
        self.forget()
        return True

    def forget(self) -> None:
        """Forgets everything."""
        for tracks in self._tracks.values():
            tracks.clear()
        for kept in (self._series, self._objectives, self._key_results, self._kpis, self._driven, self._in_cycle):
            kept.clear()
        self._whole.clear()
        self._count = 0

    def _load_tracks(self, refs: Sequence[Ref]) -> "tuple[set[Ref], set[UUID]]":
        """Reads some streams; answers what they touch."""
        wanted: set[Ref] = set()
        kpis: set[UUID] = set()
        for ref, known in self._source.facts(refs).items() if refs else ():
            track = self._tracks[ref.kind][ref.id.int] = Track(FOLDS[ref.kind], ref)
            for fact in known:
                track.add(fact)
                self._note(fact)
            if track.keys:
                self._reach(track.keys[-1])
            self._count += len(known)
            streams, series = _touched(known)
            wanted |= streams
            kpis |= series
        return wanted, kpis

    def _load_series(self, kpis: Iterable[UUID]) -> None:
        missing = [kpi for kpi in kpis if kpi.int not in self._series]
        for kpi in missing:
            self._series[kpi.int] = Series()
        said = list(self._source.statements(missing)) if missing else []
        for one in said:
            series = self._series[one.kpi.int]
            series.add(one.on, one.position, one.recorded_at, one.value)
            self._reach((series.newest, one.position))
        self._count += len(said) // _POINTS_A_FACT

    def _note(self, fact: Fact[Any]) -> None:
        """Remembers what a fact attaches its thing to."""
        event, id = fact.event, fact.stream.id
        if isinstance(event, KeyResultAdded | KeyResultChanged):
            if "objective" in event.model_fields_set and event.objective not in self._objectives[id.int]:
                self._objectives[id.int].append(event.objective)
                self._key_results[event.objective.int].append(self._tracks[Kind.KEY_RESULT][id.int])
        elif isinstance(event, KpiLinked):
            if event.kpi not in self._kpis[id.int]:
                self._kpis[id.int].append(event.kpi)
                self._driven[event.kpi.int].append(self._tracks[Kind.KEY_RESULT][id.int])
        elif isinstance(event, ObjectiveSet | ObjectiveMoved):
            self._in_cycle[event.cycle.int].setdefault(id)


def first_day(event: MeasurementsRecorded | MeasurementRestated) -> date:
    """The earliest day that measurements are about."""
    return event.on if isinstance(event, MeasurementRestated) else min(point.on for point in event.points)


def _touched(facts: Iterable[Fact[Any]]) -> tuple[set[Ref], set[UUID]]:
    """The streams whose states some facts change or depend on, and the KPIs whose measurements they do."""
    streams: set[Ref] = set()
    kpis: set[UUID] = set()
    said_of: set[int] = set()
    for fact in facts:
        event, stream = fact.event, fact.stream
        if type(event) is CheckedIn:  # most facts, and they touch nothing but the stream that they are in
            if stream.id.int not in said_of:
                said_of.add(stream.id.int)
                streams.add(stream)
            continue
        if stream.kind is Kind.MEASUREMENTS:
            streams.add(Ref(Kind.KPI, event.kpi))
            kpis.add(event.kpi)
            continue
        if stream.kind is not Kind.EVENT:
            streams.add(stream)
        if stream.kind is Kind.KPI:
            kpis.add(stream.id)
        elif isinstance(event, KpiLinked):
            kpis.add(event.kpi)
        elif isinstance(event, ObjectiveSet | ObjectiveMoved):
            streams.add(Ref(Kind.CYCLE, event.cycle))
        elif (objective := attached_to(fact)) is not None:
            streams.add(Ref(Kind.OBJECTIVE, objective))
    return streams, kpis


def _moves_all_below(fact: Fact[Any]) -> Ref | None:
    """What a fact may change everything below of: a KPI with its key results, a cycle with its goals."""
    if fact.stream.kind is Kind.MEASUREMENTS:
        return Ref(Kind.KPI, fact.event.kpi)
    return fact.stream if isinstance(fact.event, CycleRescheduled) else None


def attached_to(fact: Fact[Any]) -> UUID | None:
    """The objective that a key result's fact attaches it to."""
    event = fact.event
    attaches = type(event) is not CheckedIn and isinstance(event, KeyResultAdded | KeyResultChanged)
    return event.objective if attaches and "objective" in event.model_fields_set else None
