"""Where the goalposts of a cycle were moved after it had started: who, when, why, and what it did to the score.

    {items: [{position, effective_at, actor, kind, id, field, old, new, reason, score_effect}], as_of, valid_at}

An item is one change of a measure (one field), a weight, a commitment, a first or a last day that took effect when the
cycle had started, by its first day as it stood just before; in the fold's order, of things that were in the cycle once
it had happened. `score_effect` is the cycle's score after it less that before, at that place in the fold, at six
decimals; a score that is null counts as 0. What one event changes besides comes in the order measure, weight,
commitment, starts_on, ends_on, each with its own effect. If the event moved the key result as well, the move comes
first and is nobody's effect.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from domain.cycle.state import CYCLE
from domain.kernel import Fact, Kind, Ref
from domain.key_result.state import KEY_RESULT
from domain.objective.state import OBJECTIVE
from domain.scoring import ZERO, six
from ledger.sql import load
from projections.engine import Thing
from projections.explaining.factors import with_fields
from projections.explaining.sums import Sums
from projections.folding import Known, Subset, rest
from projections.goals import OBJECTIVES, cycle_row
from projections.items import told
from projections.objectives.book import BOOK
from projections.output import named
from projections.reading import Reading
from projections.shapes import Row, Shape
from projections.track import Key, Track

SQL = load("projections.explaining", "goalposts.sql")
FIELDS = ("measure", "weight", "commitment", "starts_on", "ends_on")
"""In the order in which they are taken to have changed."""


class Move(NamedTuple):
    """One event that moved goalposts. `objective`: the one that the key result then belonged to, if it is about one."""

    fact: Fact[Any]
    item: Shape
    changes: list[Shape]
    objective: UUID | None


def goalposts(reading: Reading, cycle: UUID) -> Shape:
    """Every goalpost of a cycle that was moved. Raises `NotFound`."""
    cycle_row(reading, cycle)
    refs = [Ref(Kind(row["kind"]), row["id"]) for row in reading.rows(SQL["moved"], cycle=cycle)]
    items: list[Shape] = []
    if refs:
        known = Known(reading)
        known.fetch([*refs, Ref(Kind.CYCLE, cycle)])
        moves = sorted(_moves(known, refs, cycle, reading.valid_at), key=lambda move: move.fact.key)
        items = list(_items(reading, known, cycle, moves))
    return {"items": items, "as_of": reading.stamp(), "valid_at": reading.valid_at}


def _moves(known: Known, refs: Sequence[Ref], cycle: UUID, until: datetime) -> Iterator[Move]:
    """The events that moved goalposts of the cycle once it had started."""
    for ref in refs:
        facts = [fact for fact in known.track_of(ref).facts if fact.effective_at <= until]
        for fact, item in zip(facts, told(ref, facts), strict=True):
            changes = [change for name in FIELDS for change in item["changes"] if change["field"] == name]
            if not changes or fact is facts[0] or not _started(known, cycle, fact):
                continue
            part = known.track(KEY_RESULT, ref).after(fact.key) if ref.kind is Kind.KEY_RESULT else None
            objective = None if part is None else part.objective
            if ref.kind is Kind.CYCLE or _cycle_of(known, objective or ref.id, fact.key) == cycle:
                yield Move(fact, item, changes, objective)


def _started(known: Known, cycle: UUID, fact: Fact[Any]) -> bool:
    period = known.track(CYCLE, Ref(Kind.CYCLE, cycle)).after((fact.effective_at, fact.position - 1))
    return period is not None and period.started(fact.effective_at)


def _cycle_of(known: Known, objective: UUID, key: Key) -> UUID | None:
    goal = known.track(OBJECTIVE, Ref(Kind.OBJECTIVE, objective)).after(key)
    return None if goal is None else goal.cycle


def _items(reading: Reading, known: Known, cycle: UUID, moves: Sequence[Move]) -> Iterator[Shape]:
    """The items of the events, which are in the fold's order; the objectives' versions are walked through beside."""
    versions = reading.rows(OBJECTIVES["versions_in_cycle"], cycle=cycle, until=reading.valid_at)
    sums, at = Sums(cycle), 0
    for move in moves:
        while at < len(versions) and _key(versions[at]) < move.fact.key:
            sums.put(versions[at]["id"], versions[at])
            at += 1
        before = sums.score
        while at < len(versions) and _key(versions[at]) == move.fact.key:
            sums.put(versions[at]["id"], versions[at])
            at += 1
        effects = _effects(known, sums, move, before)
        for change in move.changes:
            yield _item(move, change, effects.get(change["field"], ZERO))


def _key(version: Row) -> Key:
    return (version["valid_from"], version["position"])


def _effects(known: Known, sums: Sums, move: Move, before: Decimal | None) -> dict[str, Decimal]:
    """What each field did to the score, from `before` to that of the sums; a commitment or a first day does nothing."""
    fields = [change["field"] for change in move.changes]
    moved = "objective" in move.fact.event.model_fields_set
    if move.objective is None or (len(fields) == 1 and not moved):
        return {name: _less(sums.score, before) for name in fields if name in {"measure", "weight", "ends_on"}}
    done = {"objective"} if moved else set()
    scores = [_score_with(known, sums, move, done)]
    for name in fields:
        done.add(name)
        scores.append(_score_with(known, sums, move, done))
    return {name: _less(after, earlier) for name, earlier, after in zip(fields, scores, scores[1:], strict=False)}


def _score_with(known: Known, sums: Sums, move: Move, fields: set[str]) -> Decimal | None:
    """The score just after the event, had it changed no more than some fields of the key result."""
    assert move.objective is not None  # noqa: S101
    ref, world = Ref(Kind.OBJECTIVE, move.objective), _Partly(known, move.fact, fields)
    row = BOOK.row(Thing(ref.id, ref), move.fact.key, world)
    return sums.score_with(ref.id, None if row is None else named(BOOK.columns, row))


class _Partly(Subset):
    """The world in which one event changed no more than some of its fields."""

    def __init__(self, known: Known, fact: Fact[Any], fields: set[str]) -> None:
        super().__init__(known)
        self._fact = fact
        self._fields = fields

    def left(self, track: Track[Any]) -> Track[Any]:
        """The track, with the event in its smaller shape."""
        if track.ref != self._fact.stream:
            return track
        facts = (with_fields(fact, self._fields) if fact is self._fact else fact for fact in track.facts)
        return rest(track, [fact for fact in facts if fact is not None])

    def points(self, kpi: UUID) -> Any:
        """All of them."""
        return self.known.series(kpi)


def _less(one: Decimal | None, other: Decimal | None) -> Decimal:
    return (six(one) or ZERO) - (six(other) or ZERO)


def _item(move: Move, change: Shape, effect: Decimal) -> Shape:
    item = move.item
    told_of = {name: item[name] for name in ("position", "effective_at", "actor", "kind", "id")}
    return told_of | change | {"reason": item["reason"], "score_effect": effect}
