"""The oracle of explain: a change split by the contract's words, every order of the factors tried, with naive folds.

Slow, and made of nothing that `projections.explaining` is made of.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from itertools import permutations
from typing import Any

from domain.kernel import Fact, Kind, Ref
from domain.scoring import clamp, end_of
from tests.support import naive

Clocks = tuple[int, datetime]
FACTORS = ("value", "goalpost", "weight", "structure", "correction")
_BY_TOPIC = {
    "value": ("key_result.checked_in", "key_result.graded", "objective.graded"),
    "goalpost": ("cycle.rescheduled",),
    "correction": ("key_result.check_in_corrected", "key_result.check_in_retracted"),
    "structure": (
        *("cycle.planned", "objective.set", "key_result.added", "objective.moved"),
        *("objective.dropped", "objective.restored", "key_result.dropped", "key_result.restored"),
        *("key_result.kpi_linked", "key_result.kpi_unlinked"),
    ),
}
_BY_FIELD = {"measure": "goalpost", "weight": "weight", "objective": "structure"}


def official(facts: Sequence[Fact[Any]], ref: Ref, clocks: Clocks) -> Decimal | None:
    """The official score of a cycle, an objective or a key result, straight from its board."""
    if ref.kind is Kind.CYCLE:
        board = naive.board(facts, ref.id, *clocks)
        return board["score"] if board else None
    for cycle in {fact.stream.id for fact in facts if fact.stream.kind is Kind.CYCLE}:
        board = naive.board(facts, cycle, *clocks)
        goals = board["objectives"] if board else {}
        parts = {id: part for goal in goals.values() for id, part in goal["key_results"].items()}
        found = (goals if ref.kind is Kind.OBJECTIVE else parts).get(ref.id)
        if found is not None:
            return found["score"] if found["grade"] is None else clamp(found["grade"])
    return None


def split(facts: Sequence[Fact[Any]], ref: Ref, old: Clocks, new: Clocks) -> dict[str, Decimal]:
    """The Shapley value of each factor, as the mean over all orders in which they may come in."""

    @cache
    def value(chosen: frozenset[str]) -> Decimal:
        return official(list(_chosen(facts, old, new, chosen)), ref, new) or Decimal(0)

    parts = dict.fromkeys(FACTORS, Decimal(0))
    orders = list(permutations(FACTORS))
    for order in orders:
        for n, name in enumerate(order):
            parts[name] += value(frozenset(order[: n + 1])) - value(frozenset(order[:n]))
    return {name: part / len(orders) for name, part in parts.items()}


def _chosen(facts: Sequence[Fact[Any]], old: Clocks, new: Clocks, chosen: frozenset[str]) -> Iterable[Fact[Any]]:
    begun: dict[Any, tuple[datetime, bool]] = {}
    there: set[Ref] = set()
    for fact in sorted(facts, key=lambda fact: fact.position):
        if fact.stream.kind is Kind.MEASUREMENTS:
            left = _measured(fact, old, new, chosen, begun)
        else:
            left = _left(fact, old, new, chosen)
        if left is not None and (left.version == 1 or left.stream in there or fact.stream.kind is Kind.MEASUREMENTS):
            there.add(left.stream)
            yield left


def _within(position: int, at: datetime, clocks: Clocks) -> bool:
    return position <= clocks[0] and at <= clocks[1]


def _left(fact: Fact[Any], old: Clocks, new: Clocks, chosen: frozenset[str]) -> Fact[Any] | None:
    if not _within(fact.position, fact.effective_at, new):
        return None
    if _within(fact.position, fact.effective_at, old):
        return fact
    topic = fact.event.TOPIC
    if topic in ("key_result.changed", "objective.changed"):
        fields = {n: v for n, v in fact.event.given().items() if _BY_FIELD.get(n) in chosen}
        return fact._replace(event=type(fact.event).model_validate(fields)) if fields else None
    return fact if any(topic in topics and name in chosen for name, topics in _BY_TOPIC.items()) else None


def _measured(
    fact: Fact[Any], old: Clocks, new: Clocks, chosen: frozenset[str], begun: dict[Any, tuple[datetime, bool]]
) -> Fact[Any] | None:
    kept = []
    for said in getattr(fact.event, "points", [fact.event]):
        day = (fact.event.kpi, said.on)
        first = day not in begun
        at, first_is_there = begun.get(day, (min(end_of(said.on), fact.recorded_at), True))
        keep = _within(fact.position, at, new) and (
            _within(fact.position, at, old) or ("value" if first else "correction") in chosen
        )
        begun[day] = (at, keep) if first else begun[day]
        if keep and first_is_there:
            kept.append(said)
    if not kept or not hasattr(fact.event, "points"):
        return fact if kept else None
    return fact._replace(event=fact.event.model_copy(update={"points": tuple(kept)}))
