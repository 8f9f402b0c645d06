"""The objectives of a cycle with their key results, written as JSON at once: what a board over HTTP is made of.

A board of 500 objectives has 2,500 rows of twenty columns, and to make Python's ids, numbers and dictionaries of
them, only to write these down again, was three quarters of its cost. Here ids, numbers and JSON stay the texts that
the database sent and are put between the names of their fields. What was written is remembered by the version of the
objective that it was written from, which never changes, so that the next board, of whichever clocks, writes only what
it shows for the first time. An objective gets a version wherever one of its key results does, so these are looked up
only where one is written (decisions 19 and 21). `projections.shapes` says what an answer looks like for all who work
with it, and computes what is not in the rows for this page, too; tests hold both to the same bytes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

from domain import scoring
from domain.scoring import ZERO, Pace, Status, Weighted, six
from domain.values import plain
from projections import shapes
from projections.forms import exact
from projections.goals import KEY_RESULTS, OBJECTIVES
from projections.objectives.book import BOOK
from projections.reading import Reading
from projections.remembered import Remembered
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


class Part(NamedTuple):
    """A key result as JSON, and what of it is said of its objective. `said_at`: since when it is silent."""

    json: str
    title: Any
    status: Status
    is_active: bool
    said_at: datetime


class Written(NamedTuple):
    """An objective as JSON, the hash of that, and what it adds to the score of its cycle.

    It reads so while silence that began at `long_ago` is too long and such as began at `lately` is not.
    """

    json: bytes
    hashed: bytes
    counted: Weighted | None
    long_ago: datetime
    lately: datetime


def objectives(reading: Reading, cycle: Row) -> list[Written]:
    """The objectives of a cycle, dropped ones included, oldest first, each written as `shapes.objective` shows it."""
    goals = reading.raw(OBJECTIVES["places_in_cycle"], cycle=cycle["id"])
    if not goals:
        return []
    when = shapes.when(cycle, reading.valid_at)
    silent_before = scoring.silent_before(cycle["check_in_every_days"], reading.valid_at)
    ids = _array(goal[0].hex() for goal in goals)
    carried = {old: new for old, new, _ in reading.texts(OBJECTIVES["carried"], ids=ids)}
    # What the rows do not tell: what depends on the cycle and the instant, and on what came of an objective.
    beside = f"{when.expected} {cycle['state']} {cycle['starts_on']}"
    keys = [(beside, carried.get(_id(goal[0])) if carried else None, *goal) for goal in goals]
    *_, version, _ = goals[0]
    # Of an older program's books, which answer until they are rebuilt, a version says less than it must.
    remembered = reading.remembered if version == BOOK.version else Remembered()
    found = remembered.get(keys)
    missing = [n for n, one in enumerate(found) if one is None or not one.long_ago < silent_before <= one.lately]
    if missing:
        for n, one in zip(missing, _write(reading, [keys[n] for n in missing], when, silent_before), strict=True):
            remembered.put(keys[n], one, len(one.json) + _SIZE)
            found[n] = one
    return found


_SIZE = 1_000
"""Bytes that are remembered of an objective besides its JSON, about."""


def _write(reading: Reading, keys: Sequence[tuple[Any, ...]], when: When, silent_before: datetime) -> list[Written]:
    """Writes objectives that nothing is remembered of."""
    places = [_place(key[-1]) for key in keys]
    rows = reading.texts(OBJECTIVES["to_write"], places=_array(places))
    goals = {place: Goal._make(row) for place, *row in rows}
    parts: dict[str, dict[str, Part]] = {goal.id: {} for goal in goals.values()}
    starts_at = scoring.start_of(when.cycle["starts_on"])
    rows = reading.texts(KEY_RESULTS["to_write"], objectives=_array(parts), starts_at=starts_at)
    _add_parts(parts, rows, when, silent_before)
    return [
        _objective(goals[place], list(parts[goals[place].id].values()), key[1], when, silent_before)
        for key, place in zip(keys, places, strict=True)
    ]


def _id(raw: bytes) -> str:
    """An id as the database writes it."""
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _place(raw: bytes) -> str:
    """The place of a row as the database writes it."""
    return f"({int.from_bytes(raw[:4])},{int.from_bytes(raw[4:])})"


def _array(items: Iterable[str]) -> str:
    """Ids or places as an array."""
    return f"{{{','.join([_quoted(item) for item in items])}}}"


def _counted(goal: Goal) -> Weighted | None:
    row = {
        "state": goal.state,
        "weight": Decimal(goal.weight),
        "progress": goal.progress,
        "score": Decimal(goal.score),
        "grade": None if goal.grade is None else Decimal(goal.grade),
    }
    return shapes.counted(row)


class _Scores(dict[str, tuple[str, Pace]]):
    """A score, as the database writes it → as it is shown, and the pace that it means: the same few, many times."""

    def __init__(self, expected: Decimal) -> None:
        super().__init__()
        self._expected = expected

    def __missing__(self, score: str) -> tuple[str, Pace]:
        found = self[score] = (_six(score), scoring.pace(self._expected, Decimal(score)))
        return found


def _add_parts(
    parts: Mapping[str, dict[str, Part]], rows: Iterable[tuple[Any, ...]], when: When, silent_before: datetime
) -> None:
    """To objective → id → a key result adds those that some rows tell of, as `shapes.key_result` shows them."""
    scores, is_open = _Scores(when.expected), when.cycle["state"] == "open"
    for row in rows:
        (
            id, objective, external_id, title, redactions, owner, team, tags, weight, measure, carried_from,
            state, value, progress, score, grade, said, confidence, checked_in_at, said_at, kpi, measured
        ) = row  # fmt: skip
        siblings = parts.get(objective)
        if siblings is None or id in siblings:
            continue
        shown, pace = scores[score]
        status = scoring.status(checked_in_at is not None or measured, said, pace)
        is_active = state == "active"
        if redactions is not None:
            title = _text(title, "title", redactions)
        json = (
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
            f',"stale":{"true" if is_active and is_open and said_at < silent_before else "false"}'
            f',"kpi":{"null" if kpi is None else _quoted(kpi)}}}'
        )
        siblings[id] = Part(json, title, status, is_active, said_at)


def _objective(
    goal: Goal, parts: Sequence[Part], carried_to: str | None, when: When, silent_before: datetime
) -> Written:
    """As `shapes.objective`, in the order of its fields."""
    title, description, reflection = (
        _text(getattr(goal, name), name, goal.redactions) for name in ("title", "description", "reflection")
    )
    active = [part for part in parts if part.is_active]
    statement = shapes.statement(title, [part.title for part in active])
    status = scoring.worst(part.status for part in active) if goal.progress is not None else "pending"
    text = (
        f'{{"id":"{goal.id}"'
        f',"external_id":{_json(goal.external_id)}'
        f',"cycle":"{goal.cycle}"'
        f',"title":{_json(title)}'
        f',"description":{_json(description)}'
        f',"statement":{_json(statement)}'
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
        f',"key_results":[{",".join([part.json for part in parts])}]}}'
    )
    said = [part.said_at for part in active] if when.cycle["state"] == "open" else []
    long_ago = max((at for at in said if at < silent_before), default=_EVER)
    lately = min((at for at in said if at >= silent_before), default=_NEVER)
    json = text.encode()
    return Written(json, sha256(json).digest(), _counted(goal), long_ago, lately)


_EVER, _NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


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
