"""A cycle as a sequence of frames: who did what, when, what it changed, and how the cycle's score moved.

    frames(reading, cycle)          every frame, as they are asked for
    replay(reading, cycle, 50, …)   a page of them

A frame is an event, at its place in the fold by what is known at the reading's position; of measurements it is a point.
What the score was at that place is what the board shows at `valid_at` that instant, if nothing else took effect in
the same. It comes from the objectives' versions, whose weighted scores are summed as they change: a frame costs as
much in a cycle of a thousand objectives as in one of ten. Nothing is kept but how things stand at the frame.

A frame belongs to the cycle that its thing was in then: what moves an objective or key result in or out belongs to
both cycles. Measurements belong while a link lets them count, up to the cycle's last day.
"""

import re
from collections import defaultdict
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from heapq import merge
from itertools import islice
from typing import Any
from uuid import UUID

from domain import scoring
from domain.catalogue import FOLDS
from domain.errors import invalid
from domain.kernel import Fact, Kind, Ref
from domain.scoring import ZERO, six
from projections.goals import CYCLES, cycle_row
from projections.items import changes_of, item
from projections.pages import Page
from projections.reading import Reading
from projections.replay_sources import Goal, Measured, Part, Period, Sources, VersionWalk
from projections.shapes import Shape
from projections.track import Key

_EXACT = Context(prec=200)
"""Sums from which everything that was added can be taken out again: products of 40 digits and a weight's."""
_CURSOR = re.compile(r"(-?[0-9]{1,18})\.([0-9]{1,18})", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SHOWN = ("position", "recorded_at", "effective_at", "actor", "type", "reason")


def replay(reading: Reading, cycle: UUID, limit: int, after: str | None) -> Page:
    """A page of a cycle's frames. Raises `NotFound`, and `Invalid` for a bad cursor."""
    with closing(frames(reading, cycle, after)) as found:
        items = list(islice(found, limit + 1))
    return Page(items[:limit], frame_cursor(items[limit - 1]) if len(items) > limit else None)


def frames(reading: Reading, cycle: UUID, after: str | None = None) -> Generator[Shape, None, None]:
    """The frames of a cycle after a cursor, in the order (`effective_at`, `position`), made as they are asked for.

    It holds cursors of the reading's snapshot: close it if it is not gone through. Raises `NotFound`, `Invalid`.
    """
    begin = None if after is None else _place(after)
    cycle_row(reading, cycle)
    with ExitStack() as stack:
        sources = Sources(reading, cycle, begin, stack)
        periods = [
            Period(row["id"], row["valid_from"], row["position"], row["ends_on"])
            for row in reading.rows(CYCLES["versions"], id=cycle, until=reading.valid_at)
        ]
        told = _Told(cycle, sources, periods, begin)
        last_day = max(period.ends_on for period in periods)
        yield from told.frames(merge(told.steps(), sources.points(last_day), key=_key))


def frame_cursor(frame: Shape) -> str:
    """The cursor that goes on after a frame."""
    return f"{(frame['effective_at'] - _EPOCH) // _MICROSECOND}.{frame['position']}"


def _place(cursor: str) -> Key:
    found = _CURSOR.fullmatch(cursor)
    try:
        if found:
            return _EPOCH + int(found[1]) * _MICROSECOND, int(found[2])
    except OverflowError:
        pass
    raise invalid("/after", "is no cursor of this list")


_Goals = Sequence[tuple[Goal | None, Goal]]
_Parts = Sequence[tuple[Part | None, Part]]
"""What changed at a place: versions before and after."""


class _Step:
    """An event with the state of its thing before and after it."""

    __slots__ = ("after", "before", "fact")

    def __init__(self, fact: Fact[Any], before: Any, after: Any) -> None:
        self.fact = fact
        self.before = before
        self.after = after


_Entry = _Step | Measured


def _key(entry: _Entry) -> Key:
    return entry.fact.key


class _Told:
    """How everything in the cycle stands, at the place that the replay has come to."""

    def __init__(self, cycle: UUID, sources: Sources, periods: Sequence[Period], begin: Key | None) -> None:
        self._cycle = cycle
        self._sources = sources
        self._periods = VersionWalk((), iter(periods))
        self._goals = sources.goals()
        self._parts = sources.parts()
        self._states: dict[Ref, Any] = {}
        self._driven: defaultdict[UUID, set[UUID]] = defaultdict(set)
        for part in self._parts.now.values():
            self._link(None, part)
        self._sum = _Sum()
        for goal in self._goals.now.values():
            self._sum.add(goal, cycle)
        if begin is not None:
            self._periods.to(begin)

    def steps(self) -> Iterator[_Step]:
        """The events with the states that they lead from and to."""
        states = self._states
        for facts in self._sources.entries():
            for known in self._sources.before(list({f.stream for f in facts} - states.keys())):
                states[known.stream] = FOLDS[known.stream.kind].evolve(states.get(known.stream), known)
            for fact in facts:
                before = states.get(fact.stream)
                states[fact.stream] = after = FOLDS[fact.stream.kind].evolve(before, fact)
                yield _Step(fact, before, after)

    def frames(self, entries: Iterator[_Entry]) -> Iterator[Shape]:
        """The frames of those entries that belong to the cycle."""
        score = self._sum.score()
        for entry in entries:
            goals, parts = self._goals.to(entry.fact.key), self._parts.to(entry.fact.key)
            self._periods.to(entry.fact.key)
            for old, new in goals:
                self._sum.take(old, self._cycle)
                self._sum.add(new, self._cycle)
            for was, now in parts:
                self._link(was, now)
            if not self._belongs(entry, goals, parts):
                continue
            before, score = score, self._sum.score() if goals else score
            own = _own_changes(entry)
            shown = item(entry.fact, own)
            yield {
                **{name: shown[name] for name in _SHOWN},
                "summary": self._summary(entry, shown["summary"]),
                "changes": own + self._moved(goals, parts),
                "score_before": before,
                "score_after": score,
            }

    def _summary(self, entry: _Entry, sentence: str) -> str:
        """The sentence with what it is about in front, unless it says that itself."""
        if isinstance(entry, Measured):
            name = self._sources.kpi_names()[entry.kpi]
        else:
            name = getattr(entry.after, "title", None)
        if name is None or (isinstance(entry, _Step) and entry.before is None):
            return sentence
        return f"“{name if isinstance(name, str) else '[redacted]'}”: {sentence[0].lower()}{sentence[1:]}"

    def _belongs(self, entry: _Entry, goals: _Goals, parts: _Parts) -> bool:
        """Whether the thing was in the cycle, just before the entry or just after it."""
        if isinstance(entry, Measured):
            driven = (self._parts.now[part] for part in self._driven[entry.kpi])
            in_time = entry.on <= self._periods.now[self._cycle].ends_on
            return in_time and any(self._is_here(part.objective) for part in driven)
        stream = entry.fact.stream
        match stream.kind:
            case Kind.CYCLE:
                return True
            case Kind.OBJECTIVE:
                return self._is_here(stream.id) or any(old and old.cycle == self._cycle for old, _ in goals)
            case Kind.KEY_RESULT:
                part = self._parts.now[stream.id]
                was = [old.objective for old, _ in parts if old and old.id == stream.id]
                return any(map(self._is_here, (part.objective, *was)))
            case _:
                return self._is_here(self._parts.now[entry.after.key_result].objective)

    def _link(self, old: Part | None, new: Part) -> None:
        """Keeps in mind which key results a KPI drives."""
        if old is not None and old.kpi is not None:
            self._driven[old.kpi].discard(old.id)
        if new.kpi is not None:
            self._driven[new.kpi].add(new.id)

    def _is_here(self, objective: UUID) -> bool:
        goal = self._goals.now.get(objective)
        return goal is not None and goal.cycle == self._cycle

    def _moved(self, goals: _Goals, parts: _Parts) -> list[Shape]:
        """The computed scores that came out different: of key results, then of objectives."""
        found: list[tuple[Kind, Goal | Part | None, Goal | Part]] = []
        found += [(Kind.KEY_RESULT, old, new) for old, new in parts if self._is_here(new.objective)]
        found += [(Kind.OBJECTIVE, old, new) for old, new in goals if self._is_here(new.id)]
        scores = [(Ref(kind, new.id), six(old.score) if old else None, six(new.score)) for kind, old, new in found]
        return [_change(ref, "score", old, new) for ref, old, new in scores if old != new]


class _Sum:
    """Σ weight × official score and Σ weight over the objectives that count, kept as they come and go."""

    def __init__(self) -> None:
        self._above = self._below = ZERO

    def add(self, goal: Goal, cycle: UUID) -> None:
        """An objective stands like this now, and counts if it is in the cycle."""
        if _counts(goal, cycle):
            part = _EXACT.multiply(goal.weight, scoring.official(goal.score, goal.grade))
            self._above, self._below = _EXACT.add(self._above, part), _EXACT.add(self._below, goal.weight)

    def take(self, goal: Goal | None, cycle: UUID) -> None:
        """It does not any more."""
        if goal is not None and _counts(goal, cycle):
            part = _EXACT.multiply(goal.weight, scoring.official(goal.score, goal.grade))
            self._above, self._below = _EXACT.subtract(self._above, part), _EXACT.subtract(self._below, goal.weight)

    def score(self) -> Decimal | None:
        """The score as an answer shows it."""
        return six(scoring.ratio(self._above, self._below))


def _counts(goal: Goal, cycle: UUID) -> bool:
    """Whether an objective counts in the cycle's score: as in `projections.shapes.cycle_score`."""
    return goal.cycle == cycle and goal.state == "active" and (goal.progress is not None or goal.grade is not None)


def _own_changes(entry: _Entry) -> list[Shape]:
    """What the event itself changed: fields of its thing, of the check-in that it is about, a KPI's value of a day."""
    if isinstance(entry, Measured):
        return [_change(Ref(Kind.KPI, entry.kpi), entry.on.isoformat(), entry.old, entry.value)]
    check_in = getattr(entry.fact.event, "check_in", None)
    ref = entry.fact.stream if check_in is None else Ref(Kind.CHECK_IN, check_in)
    return [
        _change(ref, change["field"], change["old"], change["new"])
        for change in changes_of(entry.fact, entry.before, entry.after)
    ]


def _change(ref: Ref, field: str, old: Any, new: Any) -> Shape:
    return {"kind": ref.kind, "id": ref.id, "field": field, "old": old, "new": new}
