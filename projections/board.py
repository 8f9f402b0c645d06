"""The board: a cycle, its score, and each objective with its key results and theirs; and the same for a team."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import orjson

from domain import scoring
from domain.errors import NotFound
from domain.scoring import six
from projections import shapes, written
from projections.goals import CYCLES, cycle_row, cycle_scores, in_cycle, objective_shapes
from projections.reading import Reading
from projections.resources import TEAMS
from projections.shapes import Row, Shape


def board(reading: Reading, cycle: UUID) -> Shape:
    """The board of a cycle. Raises `NotFound`."""
    row = cycle_row(reading, cycle)
    return board_of(reading, row, in_cycle(reading, row))


def board_of(
    reading: Reading, cycle: Row, objectives: Sequence[Row], key_results: Sequence[Row] | None = None
) -> Shape:
    """The board that some rows make: the books', or such as were folded in memory under some assumption."""
    shown = objective_shapes(reading, objectives, {cycle["id"]: cycle}, key_results)
    return _board(reading, cycle, shapes.cycle_score(objectives), shown)


class WrittenBoard(NamedTuple):
    """A board whose objectives are JSON already; `said`: the same with what tells them from others in their place."""

    content: Shape
    said: Shape


def written_board(reading: Reading, cycle: UUID) -> WrittenBoard:
    """The same for who sends it on and looks at none of its objectives."""
    row = cycle_row(reading, cycle)
    goals = written.objectives(reading, row)
    score = scoring.mean(goal.counted for goal in goals if goal.counted is not None)
    content = _board(reading, row, score, orjson.Fragment(b"[%s]" % b",".join([goal.json for goal in goals])))
    return WrittenBoard(content, content | {"objectives": [goal.hashed.hex() for goal in goals]})


def _board(reading: Reading, cycle: Row, score: Decimal | None, objectives: object) -> Shape:
    inside = reading.rows(CYCLES["inside"], parent=cycle["id"])
    scores = cycle_scores(reading, [each["id"] for each in inside])
    return {
        "cycle": shapes.cycle(cycle, score, reading.valid_at),
        "as_of": reading.stamp(),
        "valid_at": reading.valid_at,
        "score": six(score),
        "expected": six(shapes.when(cycle, reading.valid_at).expected),
        "objectives": objectives,
        "cycles": [{"id": e["id"], "label": e["label"], "score": six(scores[e["id"]])} for e in inside],
    }


def team_row(reading: Reading, team: UUID) -> Row:
    """One team's row. Raises `NotFound`."""
    rows = reading.rows(TEAMS["at"], ids=[team])
    if not rows:
        raise NotFound(f"There is no team {team} at these clocks.")
    return rows[0]


def below(reading: Reading, team: UUID) -> list[UUID]:
    """The team and every team below it."""
    children: dict[UUID | None, list[UUID]] = {}
    for row in reading.rows(TEAMS["tree"]):
        children.setdefault(row["parent"], []).append(row["id"])
    found = [team]
    for each in found:
        found += [child for child in children.get(each, ()) if child not in found]
    return found


def team_board(reading: Reading, team: UUID, cycle: UUID) -> Shape:
    """A team's own objectives of a cycle and those of the teams below it. Raises `NotFound`."""
    row, cycle_ = team_row(reading, team), cycle_row(reading, cycle)
    everything = in_cycle(reading, cycle_)
    subtree = set(below(reading, team))
    rows = [each for each in everything if each["team"] in subtree]
    own = [each for each in rows if each["team"] == team]
    total = shapes.cycle_score(everything)
    return {
        "team": shapes.team(row),
        "cycle": shapes.cycle(cycle_, total, reading.valid_at),
        "as_of": reading.stamp(),
        "valid_at": reading.valid_at,
        "score": six(shapes.cycle_score(own)),
        "subtree_score": six(shapes.cycle_score(rows)),
        "expected": six(shapes.when(cycle_, reading.valid_at).expected),
        "objectives": objective_shapes(reading, rows, {cycle: cycle_}),
        "teams": _teams(rows, sorted(subtree - {team}, key=str)),
    }


def _teams(rows: Sequence[Row], teams: Sequence[UUID]) -> list[Shape]:
    return [
        {"id": team, "score": six(shapes.cycle_score([row for row in rows if row["team"] == team]))} for team in teams
    ]
