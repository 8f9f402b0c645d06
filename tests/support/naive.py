"""The oracle: what a board shows, straight from the contract's words, without books, tracks or versions.

It filters the facts by both clocks, folds each stream and adds the scores up. Slow, and plainly right.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain import scoring
from domain.catalogue import FOLDS
from domain.kernel import Fact, Kind, Ref, fact_key
from domain.key_result.state import KeyResult, Link
from domain.key_result.value import value_in_effect
from domain.kpi import health
from domain.measurements.events import MeasurementRestated
from domain.scoring import end_of, six, weighted

Key = tuple[datetime, int]
_LAST = 2**62


def states(facts: Sequence[Fact[Any]], position: int, instant: datetime) -> dict[Ref, Any]:
    """The state of every stream at (position, instant), measurements aside: see `points`."""
    return _states(facts, position, (instant, _LAST))


def _states(facts: Sequence[Fact[Any]], position: int, key: Key) -> dict[Ref, Any]:
    streams: dict[Ref, list[Fact[Any]]] = {}
    for fact in facts:
        if fact.position <= position and fact.key <= key and fact.stream.kind not in (Kind.EVENT, Kind.MEASUREMENTS):
            streams.setdefault(fact.stream, []).append(fact)
    return {ref: FOLDS[ref.kind](sorted(known, key=fact_key)) for ref, known in streams.items()}


def points(facts: Sequence[Fact[Any]], kpi: UUID, position: int, key: Key) -> list[tuple[date, Decimal]]:
    """The points of a KPI at a position and a place in the fold, by day: each with what was last said of it."""
    begun: dict[date, datetime] = {}
    values: dict[date, Decimal] = {}
    for fact in facts:
        if fact.stream.kind is Kind.MEASUREMENTS and fact.event.kpi == kpi and fact.position <= position:
            for said in [fact.event] if isinstance(fact.event, MeasurementRestated) else fact.event.points:
                effective_at = begun.setdefault(said.on, min(end_of(said.on), fact.recorded_at))
                if (effective_at, fact.position) <= key:
                    values[said.on] = said.value
    return sorted(values.items())


def kpis(facts: Sequence[Fact[Any]], position: int, instant: datetime) -> dict[UUID, tuple[Any, ...]]:
    """How every KPI stands: its latest point's day and value, health and trend."""
    shown = {}
    for ref, kpi in states(facts, position, instant).items():
        if ref.kind is Kind.KPI:
            recent = points(facts, ref.id, position, (instant, _LAST))[-3:]
            day, value = recent[-1] if recent else (None, None)
            target = kpi.target_on(day) if day else None
            moved = health.trend(kpi.direction, [v for _, v in recent], target) if recent else None
            shown[ref.id] = (day, value, health.health(kpi.direction, target, value), moved)
    return shown


class _Values:
    """The values of key results at (position, instant), those that a KPI gives included."""

    def __init__(self, facts: Sequence[Fact[Any]], position: int, instant: datetime) -> None:
        self._facts = facts
        self._position = position
        self._key = (instant, _LAST)

    def __call__(self, key_result: KeyResult) -> tuple[Any, bool]:
        """The value, and whether it is a KPI's."""

        def measured(link: Link) -> Decimal | None:
            key = self._key if link.until is None else min(self._key, link.until)
            then = _states(self._facts, self._position, key)
            goal = then[Ref(Kind.OBJECTIVE, then[Ref(Kind.KEY_RESULT, key_result.id)].objective)]
            last_day = then[Ref(Kind.CYCLE, goal.cycle)].ends_on
            known = [value for day, value in points(self._facts, link.kpi, self._position, key) if day <= last_day]
            return known[-1] if known else None

        return value_in_effect(key_result, measured)


def values(facts: Sequence[Fact[Any]], position: int, instant: datetime) -> dict[UUID, Any]:
    """The value of every key result."""
    value = _Values(facts, position, instant)
    known = states(facts, position, instant)
    return {ref.id: value(state)[0] for ref, state in known.items() if ref.kind is Kind.KEY_RESULT}


def board(facts: Sequence[Fact[Any]], cycle: UUID, position: int, instant: datetime) -> dict[str, Any] | None:
    """What the board of a cycle must show; `None` if the cycle was not there."""
    known = states(facts, position, instant)
    period = known.get(Ref(Kind.CYCLE, cycle))
    if period is None:
        return None
    value = _Values(facts, position, instant)
    objectives = [s for ref, s in known.items() if ref.kind is Kind.OBJECTIVE and s.cycle == cycle]
    key_results = [(s, *value(s)) for ref, s in known.items() if ref.kind is Kind.KEY_RESULT]
    expected = scoring.expected(period.starts_on, period.ends_on, instant.date())
    shown = {
        o.id: _objective(o, [k for k in key_results if k[0].objective == o.id], expected, period.scoring)
        for o in objectives
    }
    counted = [
        weighted(o.weight, scoring.official(shown[o.id]["_score"], o.grade))
        for o in objectives
        if o.state == "active" and (shown[o.id]["_progress"] is not None or o.grade is not None)
    ]
    return {
        "state": period.state,
        "score": six(scoring.mean(counted)),
        "expected": six(expected),
        "objectives": {id: {k: v for k, v in o.items() if k[0] != "_"} for id, o in shown.items()},
    }


def _objective(objective: Any, key_results: list[tuple[Any, Any, bool]], expected: Any, policy: str) -> dict[str, Any]:
    parts = {k.id: _key_result(k, value, by_kpi, expected) for k, value, by_kpi in key_results}
    active = [(k, value) for k, value, _ in key_results if k.state == "active"]
    left_out = ["pending"] if policy == "linear-measured-v1" else []
    moved = scoring.mean(
        weighted(k.weight, scoring.official(scoring.clamp(scoring.progress(k.measure, value)), k.grade))
        for k, value in active
        if parts[k.id]["status"] not in left_out or k.grade is not None
    )
    score = scoring.clamp(moved)
    stands = scoring.official(score, objective.grade)
    return {
        "_progress": moved,
        "_score": score,
        "title": objective.title,
        "team": objective.team,
        "state": objective.state,
        "progress": six(moved),
        "score": six(score),
        "grade": objective.grade,
        "band": scoring.band(stands),
        "met": scoring.met(objective.commitment, stands),
        "status": "pending" if moved is None else scoring.worst(parts[k.id]["status"] for k, _ in active),
        "key_results": parts,
    }


def _key_result(key_result: Any, value: Any, by_kpi: bool, expected: Any) -> dict[str, Any]:
    moved = scoring.progress(key_result.measure, value)
    last = key_result.last_check_in
    pace = scoring.pace(expected, scoring.clamp(moved))
    return {
        "title": key_result.title,
        "state": key_result.state,
        "value": list(value) if isinstance(value, tuple) else value,
        "progress": six(moved),
        "score": six(scoring.clamp(moved)),
        "grade": key_result.grade,
        "status": scoring.status(last is not None or by_kpi, last.status if last else None, pace),
        "pace": pace,
        "confidence": key_result.confidence,
        "checked_in_at": last.effective_at if last else None,
        "kpi": key_result.kpi,
    }


def shown_by(board: dict[str, Any]) -> dict[str, Any]:
    """As much of a board as the oracle tells of."""

    def some(shape: dict[str, Any], like: Sequence[str]) -> dict[str, Any]:
        return {name: shape[name] for name in like}

    objectives = {}
    for objective in board["objectives"]:
        parts = {k["id"]: some(k, _KEY_RESULT) for k in objective["key_results"]}
        objectives[objective["id"]] = {**some(objective, _OBJECTIVE), "key_results": parts}
    return {**some(board, ("score", "expected")), "state": board["cycle"]["state"], "objectives": objectives}


_OBJECTIVE = ("title", "team", "state", "progress", "score", "grade", "band", "met", "status")
_KEY_RESULT = (
    "title",
    "state",
    "value",
    "progress",
    "score",
    "grade",
    "status",
    "pace",
    "confidence",
    "checked_in_at",
    "kpi",
)
