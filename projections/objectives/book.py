"""The writer of the book of objectives. An objective gets a version from its own events and from its key results'."""

from collections.abc import Iterable, Sequence
from heapq import merge
from itertools import groupby
from typing import Any

from domain.kernel import Fact, Kind, Ref
from domain.objective.state import OBJECTIVE, Objective
from domain.scoring import Weighted, band, clamp, mean, met, official
from projections.engine import Row, Thing
from projections.key_results.book import scored
from projections.simple import texts
from projections.track import Key
from projections.world import World, attached_to


class Objectives:
    """The book."""

    name = "objectives"
    version = 1
    kinds = frozenset({Kind.OBJECTIVE, Kind.KEY_RESULT})
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
        """The objective itself, or those that the key result was ever attached to."""
        if fact.stream.kind is Kind.OBJECTIVE:
            return (Thing(fact.stream.id, fact.stream, fact.version == 1),)
        ids = list(world.objectives(fact.stream.id))
        joined = attached_to(fact)
        if joined is not None and joined not in ids:
            ids.append(joined)
        return [Thing(id, Ref(Kind.OBJECTIVE, id)) for id in ids]

    def keys_from(self, thing: Thing, key: Key, world: World) -> Sequence[Key]:
        """After each fact of its own or of its key results."""
        parts = [world.track(OBJECTIVE, thing.stream).keys_from(key)]
        parts += [track.keys_from(key) for track in world.key_results(thing.id)]
        parts = [part for part in parts if part]
        if len(parts) < 2:
            return parts[0] if parts else ()
        return [place for place, _ in groupby(merge(*parts))]

    def row(self, thing: Thing, key: Key, world: World) -> Row | None:
        """The objective with the score of the key results that it then had."""
        objective = world.track(OBJECTIVE, thing.stream).after(key)
        if objective is None:
            return None
        parts = []
        for track in world.key_results(thing.id):
            state = track.after(key)
            if state is not None and state.objective == thing.id:
                score = track.derived(key, scored)
                if score is not None and score.weighted is not None:
                    parts.append(score.weighted)
        return show(objective, parts)


def show(objective: Objective, parts: Iterable[Weighted]) -> Row:
    """An objective as a row; `parts`: the scores of its active key results."""
    moved = mean(parts)
    score = clamp(moved)
    stands = official(score, objective.grade)
    return (
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
        moved,
        score,
        band(stands),
        met(objective.commitment, stands),
    )


BOOK = Objectives()
