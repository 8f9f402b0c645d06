"""The writer of the book of objectives. An objective gets a version from its own events and from its key results'.

It gets one wherever one of its key results does, also where no column comes out different: so a version of an objective
says which versions its key results have, and who has shown it knows without looking whether they still are what they
were (decision 21).
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from heapq import merge
from itertools import groupby
from typing import Any, NamedTuple, get_args

from domain.cycle.state import CYCLE
from domain.kernel import Fact, Kind, Ref
from domain.key_result.events import KeyResultEvent
from domain.objective.events import Commitment, ObjectiveEvent
from domain.objective.state import OBJECTIVE, Objective
from domain.scoring import POLICY, Weighted, band, clamp, enters, mean, met, official
from projections.engine import Thing
from projections.key_results import linked
from projections.key_results.book import Score, score_of, scored
from projections.output import Row
from projections.simple import texts
from projections.track import Key
from projections.world import World, attached_to


class Objectives:
    """The book."""

    name = "objectives"
    version = 3
    kinds = frozenset({Kind.OBJECTIVE, Kind.KEY_RESULT, Kind.MEASUREMENTS, Kind.CYCLE})
    events = (*get_args(ObjectiveEvent), *get_args(KeyResultEvent), *linked.CHANGING)
    table = "objective_versions"
    columns = (
        "cycle",
        "title",
        "description",
        "reflection",
        "redactions",
        "team",
        "owner",
        "commitment",
        "weight",
        "aligned_to",
        "tags",
        "carried_from",
        "external_id",
        "state",
        "grade",
        "progress",
        "score",
        "band",
        "met",
    )

    def things(self, fact: Fact[Any], world: World) -> Iterable[Thing]:
        """The objective itself, or those of the key results that the fact may change."""
        kind, stream = fact.stream.kind, fact.stream
        if kind is Kind.OBJECTIVE:
            return (Thing(stream.id, stream, fact.version == 1),)
        if kind is Kind.KEY_RESULT:
            ids = list(world.objectives(stream.id))
            joined = attached_to(fact)
            if joined is not None and joined not in ids:
                ids.append(joined)
        else:
            parts = linked.changed_by(fact, world)
            ids = list(dict.fromkeys(id for part in parts for id in world.objectives(part.ref.id)))
        return [Thing(id, Ref(Kind.OBJECTIVE, id)) for id in ids]

    def keys_from(self, thing: Thing, key: Key, world: World) -> Sequence[Key]:
        """After each fact of its own, and where its key results change."""
        lines = [world.track(OBJECTIVE, thing.stream).keys_from(key)]
        lines += [linked.keys_of(part, key, world) for part in world.key_results(thing.id)]
        lines = [line for line in lines if line]
        if len(lines) < 2:
            return lines[0] if lines else ()
        return [place for place, _ in groupby(merge(*lines))]

    def row(self, thing: Thing, key: Key, world: World) -> Row | None:
        """The objective with the score of the key results that it then had; after the columns these themselves."""
        objective = world.track(OBJECTIVE, thing.stream).derived(key, still)
        if objective is None:
            return None
        having: list[Score] = []
        parts: list[Weighted] = []
        pending: list[Weighted] = []
        number, linked = thing.id.int, world.linked
        for part in world.key_results(thing.id):
            # The first half is what `score_of` does with nearly all of them, many millions of times in a rebuild.
            score = score_of(part, key, world) if part.number in linked else part.derived(key, scored)
            if score is not None and score.state.objective.int == number:
                having.append(score)
                if score.weighted is not None:
                    (pending if score.pending else parts).append(score.weighted)
        if pending and enters(_policy(objective, key, world), pending=True):
            parts += pending
        return (*shown(objective, parts), *having)


def _policy(objective: "Still", key: Key, world: World) -> str:
    """How the cycle is scored that the objective is in at a place in the fold."""
    cycle = world.track(CYCLE, Ref(Kind.CYCLE, objective.columns[0])).after(key)
    return POLICY if cycle is None else cycle.scoring


class Still(NamedTuple):
    """What of an objective's row does not depend on its key results."""

    columns: Row
    commitment: Commitment
    grade: Decimal | None


def still(objective: Objective) -> Still:
    """An objective's own columns."""
    columns = (
        objective.cycle,
        *texts(title=objective.title, description=objective.description, reflection=objective.reflection),
        objective.team,
        objective.owner,
        objective.commitment,
        objective.weight,
        objective.aligned_to,
        list(objective.tags),
        objective.carried_from,
        objective.external_id,
        objective.state,
        objective.grade,
    )
    return Still(columns, objective.commitment, objective.grade)


def shown(objective: Still, parts: Iterable[Weighted]) -> Row:
    """An objective as a row; `parts`: the scores of its active key results."""
    moved = mean(parts)
    score = clamp(moved)
    stands = official(score, objective.grade)
    return (*objective.columns, moved, score, band(stands), met(objective.commitment, stands))


BOOK = Objectives()
