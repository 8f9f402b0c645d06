"""Every closing of a cycle: what was sealed, beside what the same question answers by what is known now.

A seal holds the scores as of its close, at the close's position and `effective_at`. Reopening, corrections, late
points and later closings leave it as it is. What is asked again is the cycle's score at that same instant, by all
that is recorded at the reading's `as_of`. The two differ only by what became known after the close, and that is
explained: its parts add up to the change (`projections.explain`).
"""

from dataclasses import replace
from typing import Any
from uuid import UUID

from domain.cycle.events import CycleClosed, CycleSealed, SealedKeyResult, SealedObjective
from domain.kernel import Fact, Kind, Ref
from domain.scoring import six
from projections.ends import Ends
from projections.explain import explain_cycle
from projections.goals import cycle_row, cycle_scores
from projections.items import facts_of
from projections.reading import Reading
from projections.shapes import Shape


def seals(reading: Reading, cycle: UUID) -> Shape:
    """The seals of a cycle at both clocks, oldest first: `{items, as_of, valid_at}`. Raises `NotFound`.

    `position` is the close's, `sealed_at` when the close took effect, which is when the scores stood like this, and
    `recorded_at` when they were written down. `change` is `restated_score` less `score`, none counting as 0, and
    `parts` what it is made of. A seal that was not recorded yet by `as_of`, or whose close was not in effect yet at
    `valid_at`, is not there. A cycle has a few seals, and each takes a few queries.
    """
    cycle_row(reading, cycle)
    facts = facts_of(reading, "history", stream=str(Ref(Kind.CYCLE, cycle)))
    closes = {fact.position: fact for fact in facts if isinstance(fact.event, CycleClosed)}
    sealed = sorted((f for f in facts if isinstance(f.event, CycleSealed)), key=lambda f: f.event.closed_position)
    items = [_item(reading, cycle, closes[fact.event.closed_position], fact) for fact in sealed]
    return {"items": items, "as_of": reading.stamp(), "valid_at": reading.valid_at}


def _item(reading: Reading, cycle: UUID, close: Fact[CycleClosed], fact: Fact[CycleSealed]) -> Shape:
    seal = fact.event
    now = replace(reading, valid_at=close.effective_at, memo={})
    then = replace(now, position=close.position, recorded_at=close.recorded_at, memo={})
    explained = explain_cycle(Ends(then, now), cycle)
    return {
        "position": close.position,
        "sealed_at": close.effective_at,
        "recorded_at": fact.recorded_at,
        "policy": seal.policy,
        "score": seal.score,
        "restated_score": six(cycle_scores(now, [cycle])[cycle]),
        "change": explained["change"],
        "parts": explained["parts"],
        "objectives": [_objective(objective) for objective in seal.objectives],
    }


def _objective(sealed: SealedObjective) -> Shape:
    return {
        "id": sealed.id,
        "score": sealed.score,
        "grade": sealed.grade,
        "key_results": [
            {"id": part.id, "value": _value(part), "score": part.score, "grade": part.grade}
            for part in sealed.key_results
        ],
    }


def _value(part: SealedKeyResult) -> Any:
    """The value, whatever its measure's field; none if nothing was said by then."""
    if part.completed is not None:
        return list(part.completed)
    return next((value for value in (part.value, part.done, part.zone) if value is not None), None)
