"""Which factor each part of an event belongs to (contract, section 5: explain).

An event that changes fields of several factors is taken apart by field. What moves no score (a title, an owner, a
commitment, an opening) belongs to none.
"""

from collections.abc import Collection, Mapping
from typing import Any

from domain.cycle.events import CyclePlanned, CycleRescheduled
from domain.kernel import Event, Fact
from domain.key_result.events import (
    CheckedIn,
    CheckInCorrected,
    CheckInRetracted,
    KeyResultAdded,
    KeyResultChanged,
    KeyResultDropped,
    KeyResultGraded,
    KeyResultRestored,
    KpiLinked,
    KpiUnlinked,
)
from domain.objective.events import (
    ObjectiveChanged,
    ObjectiveDropped,
    ObjectiveGraded,
    ObjectiveMoved,
    ObjectiveRestored,
    ObjectiveSet,
)

FACTORS = ("value", "goalpost", "weight", "structure", "correction", "policy")
"""In the order in which they are shown. A cycle's policy never changes, so nothing belongs to `policy` so far."""

_WHOLE: Mapping[type[Event], str] = {
    CheckedIn: "value",
    KeyResultGraded: "value",
    ObjectiveGraded: "value",
    CycleRescheduled: "goalpost",
    CyclePlanned: "structure",
    ObjectiveSet: "structure",
    ObjectiveMoved: "structure",
    ObjectiveDropped: "structure",
    ObjectiveRestored: "structure",
    KeyResultAdded: "structure",
    KeyResultDropped: "structure",
    KeyResultRestored: "structure",
    KpiLinked: "structure",
    KpiUnlinked: "structure",
    CheckInCorrected: "correction",
    CheckInRetracted: "correction",
}
_FIELDS: Mapping[type[Event], Mapping[str, str]] = {
    KeyResultChanged: {"measure": "goalpost", "weight": "weight", "objective": "structure"},
    ObjectiveChanged: {"weight": "weight"},
}


def factors_of(event: Event) -> frozenset[str]:
    """The factors that an event's parts belong to."""
    return factors_of_type(type(event), event.model_fields_set)


def factors_of_type(event: type[Event], given: Collection[str]) -> frozenset[str]:
    """The factors that the parts of an event of a type belong to; `given`: the fields that it has."""
    whole = _WHOLE.get(event)
    if whole is not None:
        return frozenset((whole,))
    fields = _FIELDS.get(event, {})
    return frozenset(fields[name] for name in given if name in fields)


def only(fact: Fact[Any], chosen: Collection[str]) -> Fact[Any] | None:
    """The fact with no more than the chosen factors' parts of its event; `None` if that is nothing."""
    event = fact.event
    whole = _WHOLE.get(type(event))
    if whole is not None:
        return fact if whole in chosen else None
    fields = _FIELDS.get(type(event), {})
    return with_fields(fact, {name for name, factor in fields.items() if factor in chosen})


def with_fields(fact: Fact[Any], names: Collection[str]) -> Fact[Any] | None:
    """The fact of a change with some of its fields alone; `None` if it changed none of them."""
    given = {name: value for name, value in fact.event.given().items() if name in names}
    return fact._replace(event=type(fact.event).model_construct(**given)) if given else None
