"""What differs between two views of a cycle, of an objective, or of a team in a cycle, whichever clock lies between.

Each view is laid out flat, in the board's order: the cycle, each objective, and after each of its key results the
check-ins and initiatives of that, every one as a resource shows it (an objective without its key results, which stand
beside it). What is on one side only was added or removed; of what is on both, each field that reads otherwise has
changed, computed ones too, so that the old view and the difference make the new one. A text that was redacted reads
alike at both ends.

It takes the two boards and two lists of each end, however much there is; of the check-ins, by far the most of it, only
those are read that may differ.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from domain.errors import Fault, NotFound
from domain.kernel import Kind, Ref
from projections import shapes
from projections.board import board, team_board
from projections.ends import Ends
from projections.reading import Reading
from projections.resources import CHECK_INS, INITIATIVES, find
from projections.shapes import Shape

T = TypeVar("T")
Things = dict[tuple[str, UUID], Shape]
"""Everything of a view by kind and id, in the board's order."""


@dataclass(frozen=True, slots=True)
class _View:
    """What one end shows: the whole, with its scores; what stands first; the objectives with their key results."""

    reading: Reading
    shown: Shape
    first: Things
    objectives: Sequence[Shape]

    @property
    def key_results(self) -> set[UUID]:
        """The ids of all of them."""
        return {part["id"] for objective in self.objectives for part in objective["key_results"]}


def cycle_diff(ends: Ends, cycle: UUID) -> Shape:
    """What differs on a cycle: `{from, to, score: {old, new}, added, removed, changed}`.

    `score` is the cycle's. Raises `NotFound`, which says at which end the cycle was not there.
    """

    def view(reading: Reading) -> _View:
        shown = board(reading, cycle)
        return _View(reading, shown, {(Kind.CYCLE.value, cycle): shown["cycle"]}, shown["objectives"])

    return _told(*both(ends, view), scores=("score",))


def objective_diff(ends: Ends, objective: UUID) -> Shape:
    """What differs on an objective, whichever cycle it was in; `score` is its computed one. Raises `NotFound`."""

    def view(reading: Reading) -> _View:
        shown = find(reading, Ref(Kind.OBJECTIVE, objective))
        del shown["as_of"]
        return _View(reading, shown, {}, [shown])

    return _told(*both(ends, view), scores=("score",))


def team_diff(ends: Ends, team: UUID, cycle: UUID) -> Shape:
    """What differs on a team's board in a cycle, the team and the teams below it as they were at each end.

    `score` is over the team's own objectives, `subtree_score` over those of the teams below it as well; the team
    itself is the first thing. An objective that came from a team outside was added. Raises `NotFound`.
    """

    def view(reading: Reading) -> _View:
        shown = team_board(reading, team, cycle)
        first = {(Kind.TEAM.value, team): shown["team"], (Kind.CYCLE.value, cycle): shown["cycle"]}
        return _View(reading, shown, first, shown["objectives"])

    return _told(*both(ends, view), scores=("score", "subtree_score"))


def both(ends: Ends, ask: Callable[[Reading], T]) -> tuple[T, T]:
    """The same of each end. Raises `NotFound`, naming the end at which there is no such thing."""
    return at_end("from", ends.old, ask), at_end("to", ends.new, ask)


def at_end(name: str, reading: Reading, ask: Callable[[Reading], T]) -> T:
    """Something of one end. Raises `NotFound`, naming the end."""
    try:
        return ask(reading)
    except NotFound as missing:
        clocks = f"position {reading.position}, valid at {reading.valid_at.isoformat()}"
        detail = f"At `{name}` ({clocks}): {missing.detail[:1].lower()}{missing.detail[1:]}"
        raise NotFound(detail, faults=(Fault(f"/{name}", "it was not there at these clocks"),)) from None


def _told(old: _View, new: _View, scores: Sequence[str]) -> Shape:
    before, after = _things(old, new), _things(new, old)
    return {
        "from": end(old.reading),
        "to": end(new.reading),
        **{name: {"old": old.shown[name], "new": new.shown[name]} for name in scores},
        "added": [{"kind": t[0], "id": t[1], "value": value} for t, value in after.items() if t not in before],
        "removed": [{"kind": kind, "id": id} for kind, id in before if (kind, id) not in after],
        "changed": [
            {"kind": kind, "id": id, "field": field, "old": was[field], "new": value[field]}
            for (kind, id), value in after.items()
            if (was := before.get((kind, id))) is not None
            for field in value
            if _differs(was[field], value[field])
        ],
    }


def end(reading: Reading) -> Shape:
    """One end as an answer names it."""
    return {"as_of": reading.stamp(), "valid_at": reading.valid_at}


def _differs(old: Any, new: Any) -> bool:
    """Done is not the number 1: a value of another measure is another one."""
    return old != new or isinstance(old, bool) != isinstance(new, bool)


def _things(view: _View, other: _View) -> Things:
    """A view laid out flat; of the check-ins those that may differ from the other's."""
    below = _below(view, other)
    things = dict(view.first)
    for objective in view.objectives:
        own = {name: value for name, value in objective.items() if name != "key_results"}
        things[Kind.OBJECTIVE.value, objective["id"]] = own
        for part in objective["key_results"]:
            things[Kind.KEY_RESULT.value, part["id"]] = part
            things |= below[part["id"]]
    return things


def _below(view: _View, other: _View) -> dict[UUID, Things]:
    """The check-ins and initiatives of each key result."""
    ids, reading = view.key_results, view.reading
    alone = ids - other.key_results
    clocks = {"other_as_of": other.reading.position, "other_valid_at": other.reading.valid_at}
    below: defaultdict[UUID, Things] = defaultdict(dict)
    for row in reading.rows(CHECK_INS["differing"], key_results=list(ids), alone=list(alone), **clocks):
        below[row["key_result"]][Kind.CHECK_IN.value, row["id"]] = shapes.check_in(row)
    for row in reading.rows(INITIATIVES["of_key_results"], key_results=list(ids)):
        below[row["key_result"]][Kind.INITIATIVE.value, row["id"]] = shapes.initiative(row)
    return below
