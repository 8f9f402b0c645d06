"""An initiative as its facts make it."""

from dataclasses import dataclass, replace
from typing import assert_never
from uuid import UUID

from domain.initiative.events import InitiativeChanged, InitiativeEvent, InitiativeStarted, InitiativeState
from domain.kernel import Fact, Fold, Kind
from domain.values import Redacted


@dataclass(frozen=True, slots=True)
class Initiative:
    """Work on a key result, the expectation it began with and what was learnt."""

    id: UUID
    key_result: UUID
    title: str | Redacted
    url: str | Redacted | None
    sprint: str | None
    hypothesis: str | Redacted | None
    learning: str | Redacted | None
    external_id: str | None
    state: InitiativeState


def evolve(initiative: Initiative | None, fact: Fact[InitiativeEvent]) -> Initiative:
    """The initiative after the fact."""
    event = fact.event
    if isinstance(event, InitiativeStarted):
        return Initiative(
            id=fact.stream.id,
            key_result=event.key_result,
            title=event.title,
            url=event.url,
            sprint=event.sprint,
            hypothesis=event.hypothesis,
            learning=None,
            external_id=event.external_id,
            state="active",
        )
    assert initiative is not None  # noqa: S101
    match event:
        case InitiativeChanged():
            return replace(initiative, **event.given())
        case _:
            assert_never(event)


INITIATIVE = Fold(Kind.INITIATIVE, evolve)
