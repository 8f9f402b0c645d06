"""The objectives of a cycle with their key results, written as JSON at once: what a board over HTTP is made of.

A board of 500 objectives has 2,500 rows of twenty columns, and to make Python's ids, numbers and dictionaries of
them, only to write these down again, was three quarters of its cost. Here ids, numbers and JSON stay the texts that
the database sent and are put between the names of their fields. What was written is remembered by the versions that it
was written from, which never change, so that the next board, of whichever clocks, writes only what it shows for the
first time. `projections.shapes` says what an answer looks like for all who work with it, and computes what is
not in the rows for this page, too; tests hold both to the same bytes (decision 19).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from domain import scoring
from domain.scoring import ZERO, Pace, Status, six
from domain.values import plain
from projections import shapes
from projections.forms import exact
from projections.goals import KEY_RESULTS, OBJECTIVES
from projections.reading import Reading
from projections.shapes import Row, When
from projections.simple import to_json


class Goal(NamedTuple):
    """An objective's row; ids, numbers and JSON are texts."""

    id: str
    external_id: str | None
    cycle: str
    title: str | None
    description: str | None
    reflection: str | None
    redactions: str | None
    team: str | None
    owner: str | None
    tags: str
    commitment: str
    weight: str
    aligned_to: str | None
    carried_from: str | None
    state: str
    progress: str | None
    score: str
    grade: str | None
    band: str
    met: bool


class Parts(NamedTuple):
    """The key results of an objective: all of them as JSON, and titles and statuses of the active ones."""

    written: list[str]
    titles: list[Any]
    statuses: list[Status]


class Written(NamedTuple):
    """An objective as JSON, and what of its row enters the score of its cycle."""

    json: bytes
    counted: Row


def objectives(reading: Reading, cycle: Row) -> list[Written]:
    """The objectives of a cycle, dropped ones included, oldest first, each written as `shapes.objective` shows it."""
    goals = reading.raw(OBJECTIVES["places_in_cycle"], cycle=cycle["id"])
    if not goals:
        return []
    ids = _array(goal[0].hex() for goal in goals)
    silence = {
        "starts_at": scoring.start_of(cycle["starts_on"]),
        "silent_before": scoring.silent_before(cycle["check_in_every_days"], reading.valid_at),
    }
    parts: dict[bytes, list[tuple[Any, ...]]] = {goal[0]: [] for goal in goals}
    for part in reading.raw(KEY_RESULTS["places_of"], objectives=ids, **silence):
        siblings = parts.get(part[0])
        if siblings is not None and part not in siblings:
            siblings.append(part)
    when = shapes.when(cycle, reading.valid_at)
    carried = {old: new for old, new, _ in reading.texts(OBJECTIVES["carried"], ids=ids)}
    # What the rows do not tell: what depends on the cycle and the instant, and on what came of an objective.
    beside = str(when.expected), cycle["state"]
    keys = [
        (*beside, carried.get(str(UUID(bytes=goal[0]))) if carried else None, goal, *parts[goal[0]]) for goal in goals
    ]
    found = [reading.remembered.get(key) for key in keys]
    missing = [n for n, one in enumerate(found) if one is None]
    if missing:
        made = _write(reading, [keys[n] for n in missing], when, silence)
        for n, one in zip(missing, made, strict=True):
            reading.remembered.put(keys[n], one, len(one.json) + _PLACE * len(keys[n]))
            found[n] = one
    return found


_PLACE = 350
"""Bytes that the place of a version takes as a part of a key, about."""


def _write(reading: Reading, keys: Sequence[tuple[Any, ...]], when: When, silence: Mapping[str, Any]) -> list[Written]:
    """Writes objectives that nothing is remembered of."""
    rows = reading.texts(OBJECTIVES["to_write"], ids=_array(key[3][0].hex() for key in keys))
    goals = [Goal._make(row) for row in rows]
    parts = {goal.id: Parts([], [], []) for goal in goals}
    ids = _array(part[1].hex() for key in keys for part in key[4:])
    _parts(parts, reading.texts(KEY_RESULTS["to_write"], ids=ids, **silence), when)
    return [
        Written(_objective(goal, parts[goal.id], key[2]).encode(), _counted(goal))
        for goal, key in zip(goals, keys, strict=True)
    ]


def _array(ids: Iterable[str]) -> str:
    return f"{{{','.join(ids)}}}"


def _counted(goal: Goal) -> Row:
    """What `shapes.cycle_score` asks of an objective's row."""
    return {
        "state": goal.state,
        "weight": Decimal(goal.weight),
        "progress": goal.progress,
        "score": Decimal(goal.score),
        "grade": None if goal.grade is None else Decimal(goal.grade),
    }


class _Scores(dict[str, tuple[str, Pace]]):
    """A score, as the database writes it → as it is shown, and the pace that it means: the same few, many times."""

    def __init__(self, expected: Decimal) -> None:
        super().__init__()
        self._expected = expected

    def __missing__(self, score: str) -> tuple[str, Pace]:
        found = self[score] = (_six(score), scoring.pace(self._expected, Decimal(score)))
        return found


def _parts(found: Mapping[str, Parts], rows: Iterable[tuple[Any, ...]], when: When) -> None:
    """Writes key results to those of their objectives: as `shapes.key_result`, in the order of its fields."""
    scores, is_open = _Scores(when.expected), when.cycle["state"] == "open"
    for row in rows:
        (
            objective, id, external_id, title, redactions, owner, team, tags, weight, measure, carried_from, state,
            value, progress, score, grade, said, confidence, checked_in_at, silent, kpi, measured
        ) = row  # fmt: skip
        parts = found[objective]
        shown, pace = scores[score]
        status = scoring.status(checked_in_at is not None or measured, said, pace)
        is_active = state == "active"
        if redactions is not None:
            title = _text(title, "title", redactions)
        if is_active:
            parts.titles.append(title)
            parts.statuses.append(status)
        parts.written.append(
            f'{{"id":"{id}"'
            f',"external_id":{"null" if external_id is None else _json(external_id)}'
            f',"objective":"{objective}"'
            f',"title":{_json(title)}'
            f',"owner":{"null" if owner is None else _quoted(owner)}'
            f',"team":{"null" if team is None else _quoted(team)}'
            f',"tags":{tags}'
            f',"weight":{_number(weight)}'
            f',"measure":{_compact(measure)}'
            f',"carried_from":{"null" if carried_from is None else _quoted(carried_from)}'
            f',"state":"{state}"'
            f',"value":{"null" if value is None else _compact(value)}'
            f',"progress":{"null" if progress is None else _six(progress)}'
            f',"score":{shown}'
            f',"grade":{"null" if grade is None else _number(grade)}'
            f',"status":"{status}"'
            f',"pace":"{pace}"'
            f',"confidence":{"null" if confidence is None else _number(confidence)}'
            f',"checked_in_at":{"null" if checked_in_at is None else _instant(checked_in_at)}'
            f',"stale":{"true" if silent and is_active and is_open else "false"}'
            f',"kpi":{"null" if kpi is None else _quoted(kpi)}}}'
        )


def _objective(goal: Goal, parts: Parts, carried_to: str | None) -> str:
    """As `shapes.objective`, in the order of its fields."""
    title, description, reflection = (
        _text(getattr(goal, name), name, goal.redactions) for name in ("title", "description", "reflection")
    )
    status = scoring.worst(parts.statuses) if goal.progress is not None else "pending"
    return (
        f'{{"id":"{goal.id}"'
        f',"external_id":{_json(goal.external_id)}'
        f',"cycle":"{goal.cycle}"'
        f',"title":{_json(title)}'
        f',"description":{_json(description)}'
        f',"statement":{_json(shapes.statement(title, parts.titles))}'
        f',"team":{_nullable(goal.team, _quoted)}'
        f',"owner":{_nullable(goal.owner, _quoted)}'
        f',"tags":{goal.tags}'
        f',"commitment":"{goal.commitment}"'
        f',"weight":{_number(goal.weight)}'
        f',"aligned_to":{_nullable(goal.aligned_to, _quoted)}'
        f',"carried_from":{_nullable(goal.carried_from, _quoted)}'
        f',"carried_to":{_nullable(carried_to, _quoted)}'
        f',"state":"{goal.state}"'
        f',"progress":{_nullable(goal.progress, _six)}'
        f',"score":{_six(goal.score)}'
        f',"grade":{_nullable(goal.grade, _number)}'
        f',"reflection":{_json(reflection)}'
        f',"band":"{goal.band}"'
        f',"met":{"true" if goal.met else "false"}'
        f',"status":"{status}"'
        f',"key_results":[{",".join(parts.written)}]}}'
    )


def _text(text: str | None, name: str, redactions: str | None) -> Any:
    """A text of a row, or what stands where it was redacted."""
    return text if redactions is None else shapes.text({name: text, "redactions": exact(redactions)}, name)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _quoted(plain: str) -> str:
    return f'"{plain}"'


def _nullable(text: str | None, written: Callable[[str], str]) -> str:
    return "null" if text is None else written(text)


def _instant(text: str) -> str:
    """`2026-03-31T12:00:00Z`; a fraction is left out where it is nothing."""
    return f'"{text.replace(".000000Z", "Z")}"'


@lru_cache(maxsize=16_384)  # the same few numbers stand on a board many times
def _number(text: str) -> str:
    return plain(Decimal(text))


@lru_cache(maxsize=16_384)
def _six(text: str) -> str:
    return plain(six(Decimal(text)) or ZERO)


_SHORT = 400
"""Characters of JSON worth remembering: measures and values, most of them alike."""


def _compact(text: str) -> str:
    """JSON as an answer writes it, without the spaces of the database."""
    return _short(text) if len(text) <= _SHORT else to_json(exact(text))


@lru_cache(maxsize=8_192)
def _short(text: str) -> str:
    return to_json(exact(text))
