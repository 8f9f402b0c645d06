"""The writer of the book of key results."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, get_args

from domain.kernel import Fact, Kind
from domain.key_result.events import KeyResultEvent
from domain.key_result.state import KEY_RESULT, KeyResult
from domain.key_result.value import value_in_effect
from domain.measures import AnyMeasure, Value
from domain.scoring import Weighted, clamp, official, progress, weighted
from projections.engine import Thing
from projections.key_results import linked
from projections.output import Row
from projections.simple import texts, to_json
from projections.track import Key, Track
from projections.world import World

COLUMNS = (
    "objective",
    "title",
    "redactions",
    "owner",
    "team",
    "tags",
    "weight",
    "measure",
    "carried_from",
    "external_id",
    "state",
    "value",
    "progress",
    "score",
    "grade",
    "said",
    "confidence",
    "checked_in_at",
    "began_at",
    "kpi",
    "measured",
)


class Score(NamedTuple):
    """What a key result's state amounts to; it is asked for by its own row and by its objective's.

    Two are equal if they show the same, which is asked where objectives come out alike. Nearly always they do not, and
    the instant of the last check-in tells.
    """

    state: KeyResult
    value: Value | None
    measured: bool
    """Whether the value is that of a KPI."""
    progress: Decimal | None
    score: Decimal
    weighted: Weighted | None
    """Its part in its objective's score; `None` once it is dropped."""
    pending: bool
    """Whether nobody has checked in on it and no KPI has measured it."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Score):
            return False
        if self.state is other.state:  # of one that a KPI drives: the value may be another
            return self.value == other.value and self.measured == other.measured
        return _said_at(self) == _said_at(other) and shown(self) == shown(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.state.id)


def scored(key_result: KeyResult) -> Score:
    """The score of the state of a key result that no KPI drives."""
    return _scored(key_result, key_result.value, measured=False)


def _scored(key_result: KeyResult, value: Value | None, *, measured: bool) -> Score:
    moved = progress(key_result.measure, value)
    score = clamp(moved)
    part = weighted(key_result.weight, official(score, key_result.grade))
    active = key_result.state == "active"
    pending = not measured and key_result.last_check_in is None and key_result.grade is None
    return Score(key_result, value, measured, moved, score, part if active else None, pending)


def score_of(part: Track[KeyResult], key: Key, world: World) -> Score | None:
    """The score of a key result at a place in the fold."""
    if part.number not in world.linked:
        return part.derived(key, scored)
    state = part.after(key)
    if state is None:
        return None
    value, by_kpi = value_in_effect(state, linked.measured(part, key, world))
    return _scored(state, value, measured=by_kpi)


class KeyResults:
    """The book."""

    name = "key_results"
    version = 2
    kinds = frozenset({Kind.KEY_RESULT, Kind.MEASUREMENTS, Kind.OBJECTIVE, Kind.CYCLE})
    events = (*get_args(KeyResultEvent), *linked.CHANGING)
    table = "key_result_versions"
    columns = COLUMNS

    def things(self, fact: Fact[Any], world: World) -> Iterable[Thing]:
        """The key result itself, or those that are linked to what the fact is about."""
        if fact.stream.kind is Kind.KEY_RESULT:
            return (Thing(fact.stream.id, fact.stream, fact.version == 1),)
        return [Thing(part.ref.id, part.ref) for part in linked.changed_by(fact, world)]

    def keys_from(self, thing: Thing, key: Key, world: World) -> Sequence[Key]:
        """After each of its facts, and where its KPI or its cycle may change it."""
        return linked.keys_of(world.track(KEY_RESULT, thing.stream), key, world)

    def row(self, thing: Thing, key: Key, world: World) -> Row | None:
        """The key result with its score."""
        score = score_of(world.track(KEY_RESULT, thing.stream), key, world)
        return None if score is None else shown(score)


def _said_at(score: Score) -> datetime | None:
    last = score.state.last_check_in
    return None if last is None else last.effective_at


def shown(score: Score) -> Row:
    """A key result as a row. `said`: the status that its last check-in stated."""
    key_result = score.state
    last = key_result.last_check_in
    return (
        key_result.objective,
        *texts(title=key_result.title),
        key_result.owner,
        key_result.team,
        list(key_result.tags),
        key_result.weight,
        measure(key_result.measure),
        key_result.carried_from,
        key_result.external_id,
        key_result.state,
        None if score.value is None else to_json(score.value),
        score.progress,
        score.score,
        key_result.grade,
        last.status if last else None,
        key_result.confidence,
        last.effective_at if last else None,
        key_result.began_at,
        key_result.kpi,
        score.measured,
    )


def measure(given: AnyMeasure) -> str:
    """A measure as JSON, its decimals as exact numbers; an instant in it (of a redaction) as text."""
    found = _MEASURES.get(id(given))
    if found is None or found[0] is not given:
        if len(_MEASURES) > 10_000:
            _MEASURES.clear()
        found = _MEASURES[id(given)] = (given, to_json(given.model_dump()))
    return found[1]


_MEASURES: dict[int, tuple[AnyMeasure, str]] = {}
"""The JSON of measures met lately: a key result has the same one at every check-in."""

BOOK = KeyResults()
