"""The writer of the book of check-ins. They have no stream of their own: they are told by their key result's."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from domain.kernel import Fact, Kind
from domain.key_result.events import CheckedIn, CheckInCorrected, CheckInRetracted
from domain.key_result.state import KEY_RESULT, said_by
from domain.key_result.statements import CheckIn
from projections.engine import Thing
from projections.output import Row
from projections.simple import texts, to_json
from projections.track import Key
from projections.world import World

TELLING = (CheckedIn, CheckInCorrected, CheckInRetracted)
"""The events that tell of a check-in."""


class CheckIns:
    """The book."""

    name = "check_ins"
    version = 1
    kinds = frozenset({Kind.KEY_RESULT})
    events = TELLING
    table = "check_in_versions"
    columns = (
        "key_result",
        "value",
        "confidence",
        "status",
        "note",
        "progress",
        "plans",
        "problems",
        "redactions",
        "external_id",
        "actor",
        "state",
        "effective_at",
    )

    def things(self, fact: Fact[Any], world: World) -> Iterable[Thing]:  # noqa: ARG002
        """The check-in that the fact makes, corrects or retracts."""
        event = fact.event
        if not isinstance(event, TELLING):
            return ()
        return (Thing(event.check_in, fact.stream, isinstance(event, CheckedIn)),)

    def keys_from(self, thing: Thing, key: Key, world: World) -> Sequence[Key]:
        """After each fact about it."""
        track = world.track(KEY_RESULT, thing.stream)
        keys = track.keys_from(key)
        facts = track.facts[len(track.facts) - len(keys) :]
        return [place for place, fact in zip(keys, facts, strict=True) if _about(fact, thing)]

    def row(self, thing: Thing, key: Key, world: World) -> Row | None:
        """The check-in as it read then."""
        key_result = world.track(KEY_RESULT, thing.stream).after(key)
        said = key_result.check_in(thing.id) if key_result else None
        if said is None:
            return None
        return _row(thing.stream.id, said)


def row_of(fact: Fact[Any], event: CheckedIn) -> Row:
    """The first row of a check-in: all of it follows from the fact that made it."""
    return _row(fact.stream.id, said_by(fact, event))


def _row(key_result: UUID, said: CheckIn) -> Row:
    return (
        key_result,
        None if said.value is None else to_json(said.value),
        said.confidence,
        said.status,
        *texts(note=said.note, progress=said.progress, plans=said.plans, problems=said.problems),
        said.external_id,
        said.actor,
        said.state,
        said.effective_at,
    )


def _about(fact: Fact[Any], thing: Thing) -> bool:
    event = fact.event
    return isinstance(event, TELLING) and event.check_in == thing.id


BOOK = CheckIns()
