"""The goals between two ends: any of the factors that came in between may be left out.

What was known and in effect at the old end is there in any case. Of what came in by the new end those parts are there
whose factor is chosen. With all of them that is the new end, with none the old one.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from domain.cycle.state import CYCLE
from domain.kernel import Fact, Kind, Ref
from domain.key_result.state import KEY_RESULT
from domain.kpi.series import Series
from domain.measurements.state import point_effective_at
from domain.objective.events import ObjectiveMoved, ObjectiveSet
from domain.objective.state import OBJECTIVE
from projections.ends import Ends
from projections.engine import Thing
from projections.explaining.factors import factors_of, only
from projections.folding import Known, Subset, end, measured, rest
from projections.key_results.book import Score, score_of
from projections.objectives.book import BOOK as OBJECTIVES
from projections.output import named
from projections.shapes import Row
from projections.track import Track
from projections.world import Statement

Factors = frozenset[str]
NONE: Factors = frozenset()


class Between:
    """Some goals, with all that their scores depend on, and what changed it between the ends."""

    def __init__(self, ends: Ends, refs: Iterable[Ref]) -> None:
        self._old = (ends.old.position, ends.old.valid_at)
        self._new = ends.new.valid_at
        self.known = Known(ends.new)
        self.known.fetch(refs)
        self._of_stream: dict[Ref, Factors] = {}
        self._of_kpi: dict[UUID, Factors] = {}
        self._begun: dict[UUID, dict[date, Statement]] = {}
        self._tracks: dict[tuple[Ref, Factors], Track[Any]] = {}
        self._series: dict[tuple[UUID, Factors], Series] = {}
        self._chosen: dict[Factors, Chosen] = {}

    # --- with only some factors

    def objective(self, id: UUID, chosen: Factors) -> Row | None:
        """An objective's row, with only those factors; `None` if it is not there."""
        world = self._with(chosen)
        row = OBJECTIVES.row(Thing(id, Ref(Kind.OBJECTIVE, id)), end(self._new), world)
        return None if row is None else named(OBJECTIVES.columns, row)

    def key_result(self, id: UUID, chosen: Factors) -> Score | None:
        """A key result's score and the weight it has, with only those factors; `None` if it is not there."""
        world = self._with(chosen)
        return score_of(world.track(KEY_RESULT, Ref(Kind.KEY_RESULT, id)), end(self._new), world)

    def graded(self, id: UUID, chosen: Factors) -> Any:
        """A key result's grade, with only those factors; `None` without one."""
        state = self._with(chosen).track(KEY_RESULT, Ref(Kind.KEY_RESULT, id)).after(end(self._new))
        return None if state is None else state.grade

    def _with(self, chosen: Factors) -> "Chosen":
        world = self._chosen.get(chosen)
        if world is None:
            world = self._chosen[chosen] = Chosen(self, chosen)
        return world

    # --- which factors came in

    def factors_of_objective(self, id: UUID) -> Factors:
        """The factors that may have changed an objective's score."""
        found = self.of_stream(self.known.track(OBJECTIVE, Ref(Kind.OBJECTIVE, id)))
        return found.union(*(self.factors_of_key_result(part.ref.id) for part in self.known.key_results(id)))

    def factors_of_key_result(self, id: UUID) -> Factors:
        """The factors that may have changed a key result's score: of a linked one also through its KPIs and dates."""
        known = self.known
        found = self.of_stream(known.track(KEY_RESULT, Ref(Kind.KEY_RESULT, id)))
        if not known.kpis(id):
            return found
        found = found.union(*(self.of_kpi(kpi) for kpi in known.kpis(id)))
        for objective in known.objectives(id):
            track = known.track(OBJECTIVE, Ref(Kind.OBJECTIVE, objective))
            found |= self.of_stream(track)
            for fact in track.facts:
                if isinstance(fact.event, ObjectiveSet | ObjectiveMoved):
                    found |= self.of_stream(known.track(CYCLE, Ref(Kind.CYCLE, fact.event.cycle)))
        return found

    def of_stream(self, track: Track[Any]) -> Factors:
        """The factors of what came into a stream between the ends."""
        found = self._of_stream.get(track.ref)
        if found is None:
            came = [fact for fact in track.facts if fact.effective_at <= self._new and not self._was_there(fact)]
            found = self._of_stream[track.ref] = NONE.union(*(factors_of(fact.event) for fact in came))
        return found

    def of_kpi(self, kpi: UUID) -> Factors:
        """The factors of what came in of a KPI's points: first statements are values, later ones corrections."""
        found = self._of_kpi.get(kpi)
        if found is None:
            came = ((one, first) for one, first, at in self._points(kpi) if not self._stood(one, at))
            found = self._of_kpi[kpi] = frozenset("value" if one is first else "correction" for one, first in came)
        return found

    # --- what is left

    def track(self, track: Track[Any], chosen: Factors) -> Track[Any]:
        """A stream with only those factors."""
        came = self.of_stream(track)
        if came <= chosen:
            return track
        key = (track.ref, came & chosen)
        made = self._tracks.get(key)
        if made is None:
            made = self._tracks[key] = rest(track, self._left(track.facts, chosen))
        return made

    def _left(self, facts: Sequence[Fact[Any]], chosen: Factors) -> list[Fact[Any]]:
        left = (fact if self._was_there(fact) else only(fact, chosen) for fact in facts)
        return [fact for fact in left if fact is not None and fact.effective_at <= self._new]

    def series(self, kpi: UUID, chosen: Factors) -> Series:
        """A KPI's measurements with only those factors: what is said of a point again needs the point."""
        came = self.of_kpi(kpi)
        if came <= chosen:
            return self.known.series(kpi)
        key = (kpi, came & chosen)
        made = self._series.get(key)
        if made is None:
            left = (
                one
                for one, first, at in self._points(kpi)
                if self._stood(one, at)
                or ((one is first or "correction" in chosen) and ("value" in chosen or self._stood(first, at)))
            )
            made = self._series[key] = measured(left)
        return made

    def _points(self, kpi: UUID) -> Iterable[tuple[Statement, Statement, datetime]]:
        """What was said of points in effect by the new end, each with its day's first and when that took effect."""
        begun = self._begun.setdefault(kpi, {})
        for one in self.known.statements[kpi.int]:
            first = begun.setdefault(one.on, one)
            at = point_effective_at(first.on, first.recorded_at)
            if at <= self._new:
                yield one, first, at

    def _was_there(self, fact: Fact[Any]) -> bool:
        position, instant = self._old
        return fact.position <= position and fact.effective_at <= instant

    def _stood(self, one: Statement, effective_at: datetime) -> bool:
        position, instant = self._old
        return one.position <= position and effective_at <= instant


class Chosen(Subset):
    """The world with only some of the factors that came in between the ends."""

    def __init__(self, between: Between, chosen: Factors) -> None:
        super().__init__(between.known)
        self._between = between
        self._factors = chosen

    def left(self, track: Track[Any]) -> Track[Any]:
        """The stream with only those factors."""
        return self._between.track(track, self._factors)

    def points(self, kpi: UUID) -> Series:
        """The measurements with only those factors."""
        return self._between.series(kpi, self._factors)
