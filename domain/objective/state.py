"""An objective as its facts make it."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal, assert_never
from uuid import UUID

from domain.kernel import Fact, Fold, Kind
from domain.objective.events import (
    Commitment,
    ObjectiveChanged,
    ObjectiveDropped,
    ObjectiveEvent,
    ObjectiveGraded,
    ObjectiveMoved,
    ObjectiveRestored,
    ObjectiveSet,
)
from domain.values import Redacted


@dataclass(frozen=True, slots=True)
class Objective:
    """An objective. `state_since`: when the latest dropping, restoring or moving took effect."""

    id: UUID
    cycle: UUID
    title: str | Redacted
    description: str | Redacted | None
    team: UUID | None
    owner: UUID | None
    commitment: Commitment
    weight: Decimal
    aligned_to: UUID | None
    tags: tuple[str, ...]
    carried_from: UUID | None
    external_id: str | None
    state: Literal["active", "dropped"]
    state_since: datetime
    grade: Decimal | None = None
    reflection: str | Redacted | None = None


def evolve(objective: Objective | None, fact: Fact[ObjectiveEvent]) -> Objective:
    """The objective after the fact."""
    event = fact.event
    if isinstance(event, ObjectiveSet):
        return _set(fact.stream.id, event, fact.effective_at)
    assert objective is not None  # noqa: S101
    match event:
        case ObjectiveChanged():
            changes = event.given()
            changes.pop("reason", None)
            return replace(objective, **changes)
        case ObjectiveMoved():
            return replace(objective, cycle=event.cycle, state_since=fact.effective_at)
        case ObjectiveDropped():
            return replace(objective, state="dropped", state_since=fact.effective_at)
        case ObjectiveRestored():
            return replace(objective, state="active", state_since=fact.effective_at)
        case ObjectiveGraded():
            return replace(objective, grade=event.score, reflection=event.reflection)
        case _:
            assert_never(event)


def _set(id: UUID, event: ObjectiveSet, effective_at: datetime) -> Objective:
    return Objective(
        id=id,
        cycle=event.cycle,
        title=event.title,
        description=event.description,
        team=event.team,
        owner=event.owner,
        commitment=event.commitment,
        weight=event.weight,
        aligned_to=event.aligned_to,
        tags=event.tags,
        carried_from=event.carried_from,
        external_id=event.external_id,
        state="active",
        state_since=effective_at,
    )


OBJECTIVE = Fold(Kind.OBJECTIVE, evolve)
