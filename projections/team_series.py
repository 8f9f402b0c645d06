"""A team's quarter history: its official score cycle by cycle, as it was sealed and as known now.

An item is about one instant of its cycle: when the latest close took effect, if the cycle is closed; for one that is
planned or open (or open again), the reading's `valid_at`.

    score, subtree_score                the team's score at that instant, by what is known at the reading's `as_of`
    sealed_score, sealed_subtree_score  what it was at the latest sealed close, by what was known at that close:
                                        `as_of` = its position, `valid_at` = its `effective_at`; null without a seal

`score` is over the team's own objectives, `subtree_score` over those of the teams below it as well, each time by the
tree of teams as it stood at those clocks. It takes five queries, however many cycles there are.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from domain.scoring import six
from ledger.sql import load
from projections import shapes
from projections.board import team_row
from projections.goals import CYCLES
from projections.reading import Reading
from projections.shapes import Row, Shape

SQL = load("projections", "team_series.sql")


class _View(NamedTuple):
    """A cycle at a pair of clocks."""

    cycle: UUID
    position: int
    instant: datetime


class _Scores(NamedTuple):
    """A team's objectives in a view: its own, and with those of the teams below it."""

    own: list[Row]
    below: list[Row]


def team_series(reading: Reading, team: UUID, kind: str | None = None) -> Shape:
    """The cycles of a kind, or of all, in which the team or a team below it has goals: `{items, as_of, valid_at}`.

    In the order of their first days. `position` and `sealed_at` are those of the latest sealed close: its position,
    and when it took effect. Raises `NotFound`.
    """
    team_row(reading, team)
    cycles = reading.rows(CYCLES["of_kind"], kind=kind)
    closes: defaultdict[UUID, list[Row]] = defaultdict(list)
    for row in reading.rows(SQL["closes"], cycles=[cycle["id"] for cycle in cycles]):
        closes[row["cycle"]].append(row)
    live = [_live(reading, cycle, closes[cycle["id"]]) for cycle in cycles]
    sealed = {id: row for id, rows in closes.items() for row in rows if row["sealed"]}
    stood = [_View(id, row["position"], row["effective_at"]) for id, row in sealed.items()]
    found = dict(zip([*live, *stood], _scores(reading, team, [*live, *stood]), strict=True))
    items = []
    for cycle, view in zip(cycles, live, strict=True):
        close = sealed.get(cycle["id"])
        then = found[_View(cycle["id"], close["position"], close["effective_at"])] if close else None
        if found[view].below or (then and then.below):
            items.append(_item(cycle, found[view], close, then))
    return {"items": items, "as_of": reading.stamp(), "valid_at": reading.valid_at}


def _live(reading: Reading, cycle: Row, closes: Sequence[Row]) -> _View:
    """Where a cycle's score stands by what is known now."""
    closed = cycle["state"] == "closed" and bool(closes)
    return _View(cycle["id"], reading.position, closes[-1]["effective_at"] if closed else reading.valid_at)


def _item(cycle: Row, now: _Scores, close: Row | None, then: _Scores | None) -> Shape:
    return {
        "cycle": cycle["id"],
        "label": cycle["label"],
        "kind": cycle["kind"],
        "starts_on": cycle["starts_on"],
        "ends_on": cycle["ends_on"],
        "state": cycle["state"],
        "position": close["position"] if close else None,
        "sealed_at": close["effective_at"] if close else None,
        "sealed_score": six(shapes.cycle_score(then.own)) if then else None,
        "sealed_subtree_score": six(shapes.cycle_score(then.below)) if then else None,
        "score": six(shapes.cycle_score(now.own)),
        "subtree_score": six(shapes.cycle_score(now.below)),
    }


def _scores(reading: Reading, team: UUID, views: Sequence[_View]) -> list[_Scores]:
    """The team's objectives in each view."""
    clocks = {"positions": [view.position for view in views], "instants": [view.instant for view in views]}
    parents: defaultdict[int, dict[UUID, Any]] = defaultdict(dict)
    for row in reading.rows(SQL["trees"], **clocks):
        parents[row["n"]][row["id"]] = row["parent"]
    below = [_below(team, parents[n]) for n in range(1, len(views) + 1)]
    teams = list({team}.union(*below))
    rows: defaultdict[int, list[Row]] = defaultdict(list)
    for row in reading.rows(SQL["of_teams"], cycles=[view.cycle for view in views], teams=teams, **clocks):
        rows[row["n"]].append(row)
    found = []
    for n, subtree in enumerate(below, 1):
        inside = [row for row in rows[n] if row["team"] in subtree]
        found.append(_Scores([row for row in inside if row["team"] == team], inside))
    return found


def _below(team: UUID, parents: dict[UUID, Any]) -> set[UUID]:
    """The team and every team below it; a tree of teams is small, and has no loops."""
    children: defaultdict[UUID | None, list[UUID]] = defaultdict(list)
    for id, parent in parents.items():
        children[parent].append(id)
    found, left = set(), [team]
    while left:
        found.add(each := left.pop())
        left += [child for child in children[each] if child not in found]
    return found
