"""The writer of the book of key results."""

from decimal import Decimal
from typing import NamedTuple

from domain.key_result.state import KEY_RESULT, KeyResult
from domain.measures import AnyMeasure, Value
from domain.scoring import Weighted, clamp, official, progress
from projections.engine import Row, Thing
from projections.simple import StreamBook, texts, to_json
from projections.track import Key
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
)


class Score(NamedTuple):
    """What a key result's state amounts to; it is asked for by its own row and by its objective's."""

    value: Value | None
    progress: Decimal | None
    score: Decimal
    weighted: Weighted | None
    """Its part in its objective's score; `None` once it is dropped."""


def scored(key_result: KeyResult) -> Score:
    """The score of a key result's state."""
    value = key_result.value
    moved = progress(key_result.measure, value)
    score = clamp(moved)
    part = Weighted(key_result.weight, official(score, key_result.grade))
    return Score(value, moved, score, part if key_result.state == "active" else None)


class KeyResults(StreamBook[KeyResult]):
    """The book."""

    def row(self, thing: Thing, key: Key, world: World) -> Row | None:
        """The key result with its score."""
        track = world.track(KEY_RESULT, thing.stream)
        state, score = track.after(key), track.derived(key, scored)
        return None if state is None or score is None else shown(state, score)


def show(key_result: KeyResult) -> Row:
    """A key result as a row."""
    return shown(key_result, scored(key_result))


def shown(key_result: KeyResult, score: Score) -> Row:
    """A key result as a row. `said`: the status that its last check-in stated."""
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

BOOK = KeyResults("key_results", 1, KEY_RESULT, COLUMNS, show)
