"""The oracle: what a board shows, straight from the contract's words, without books, tracks or versions.

It filters the facts by both clocks, folds each stream and adds the scores up. Slow, and plainly right.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from domain import scoring
from domain.catalogue import FOLDS
from domain.kernel import Fact, Kind, Ref, fact_key
from domain.scoring import Weighted, six


def states(facts: Sequence[Fact[Any]], position: int, instant: datetime) -> dict[Ref, Any]:
    """The state of every stream at (position, instant)."""
    streams: dict[Ref, list[Fact[Any]]] = {}
    for fact in facts:
        if fact.position <= position and fact.effective_at <= instant and fact.stream.kind is not Kind.EVENT:
            streams.setdefault(fact.stream, []).append(fact)
    return {ref: FOLDS[ref.kind](sorted(known, key=fact_key)) for ref, known in streams.items()}


def board(facts: Sequence[Fact[Any]], cycle: UUID, position: int, instant: datetime) -> dict[str, Any] | None:
    """What the board of a cycle must show; `None` if the cycle was not there."""
    known = states(facts, position, instant)
    period = known.get(Ref(Kind.CYCLE, cycle))
    if period is None:
        return None
    objectives = [s for ref, s in known.items() if ref.kind is Kind.OBJECTIVE and s.cycle == cycle]
    key_results = [s for ref, s in known.items() if ref.kind is Kind.KEY_RESULT]
    expected = scoring.expected(period.starts_on, period.ends_on, instant.date())
    shown = {o.id: _objective(o, [k for k in key_results if k.objective == o.id], expected) for o in objectives}
    counted = [
        Weighted(o.weight, scoring.official(shown[o.id]["_score"], o.grade))
        for o in objectives
        if o.state == "active" and (shown[o.id]["_progress"] is not None or o.grade is not None)
    ]
    return {
        "state": period.state,
        "score": six(scoring.mean(counted)),
        "expected": six(expected),
        "objectives": {id: {k: v for k, v in o.items() if k[0] != "_"} for id, o in shown.items()},
    }


def _objective(objective: Any, key_results: list[Any], expected: Any) -> dict[str, Any]:
    parts = {k.id: _key_result(k, expected) for k in key_results}
    active = [k for k in key_results if k.state == "active"]
    moved = scoring.mean(
        Weighted(k.weight, scoring.official(scoring.clamp(scoring.progress(k.measure, k.value)), k.grade))
        for k in active
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
        "status": "pending" if moved is None else scoring.worst(parts[k.id]["status"] for k in active),
        "key_results": parts,
    }


def _key_result(key_result: Any, expected: Any) -> dict[str, Any]:
    moved = scoring.progress(key_result.measure, key_result.value)
    last = key_result.last_check_in
    pace = scoring.pace(expected, scoring.clamp(moved))
    return {
        "title": key_result.title,
        "state": key_result.state,
        "value": list(key_result.value) if isinstance(key_result.value, tuple) else key_result.value,
        "progress": six(moved),
        "score": six(scoring.clamp(moved)),
        "grade": key_result.grade,
        "status": scoring.status(last is not None, last.status if last else None, pace),
        "pace": pace,
        "confidence": key_result.confidence,
        "checked_in_at": last.effective_at if last else None,
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
)
