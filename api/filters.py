"""What lists can be filtered by, and of which type each filter is; all of them match exactly."""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, WithJsonSchema

from domain.cycle.events import CycleKind
from domain.errors import NotFound
from domain.initiative.events import InitiativeState
from domain.kernel import Kind
from domain.key_result.events import Said
from domain.kpi.events import Direction, Indicator, Perspective
from domain.kpi.health import Health
from domain.member.events import MemberKind
from domain.objective.events import Commitment
from domain.rules import CycleRef
from domain.scoring import end_of
from domain.values import _DAY, Id, Instant, Label, _day
from projections.reading import Reading

FILTERS: Mapping[Kind, Mapping[str, Any]] = {
    Kind.CYCLE: {
        "label": Label,
        "kind": CycleKind,
        "state": Literal["planned", "open", "closed"],
        "parent": CycleRef,
        "external_id": Label,
    },
    Kind.TEAM: {"state": Literal["active", "disbanded"], "parent": Id, "external_id": Label},
    Kind.MEMBER: {"state": Literal["active", "erased"], "kind": MemberKind, "external_id": Label},
    Kind.OBJECTIVE: {
        "cycle": CycleRef,
        "team": Id,
        "owner": Id,
        "state": Literal["active", "dropped"],
        "commitment": Commitment,
        "aligned_to": Id,
        "carried_from": Id,
        "tag": Label,
        "external_id": Label,
    },
    Kind.KEY_RESULT: {
        "objective": Id,
        "team": Id,
        "owner": Id,
        "state": Literal["active", "dropped"],
        "tag": Label,
        "kpi": Id,
        "external_id": Label,
    },
    Kind.CHECK_IN: {
        "key_result": Id,
        "objective": Id,
        "actor": Id,
        "state": Literal["active", "corrected", "retracted"],
        "status": Said,
        "external_id": Label,
    },
    Kind.KPI: {
        "team": Id,
        "owner": Id,
        "state": Literal["active", "retired"],
        "parent": Id,
        "perspective": Perspective,
        "indicator": Indicator,
        "direction": Direction,
        "unit": Label,
        "tag": Label,
        "health": Health,
        "external_id": Label,
    },
    Kind.INITIATIVE: {"key_result": Id, "state": InitiativeState, "sprint": Label, "external_id": Label},
}

_NOTHING = UUID(int=0)


def resolved(reading: Reading, given: Mapping[str, Any]) -> dict[str, Any]:
    """The filters with labels of cycles as ids.

    Like an id that nothing has, a label that none has matches nothing.
    """
    filters = dict(given)
    for name in ("cycle", "parent"):
        if isinstance(given.get(name), str):
            try:
                filters[name] = reading.cycle_named(given[name])
            except NotFound:
                filters[name] = _NOTHING
    return filters


def _from(value: Any) -> Any:
    return datetime.combine(_day(value), time.min, UTC) if _is_day(value) else value


def _to(value: Any) -> Any:
    return end_of(_day(value)) if _is_day(value) else value


def _is_day(value: Any) -> bool:
    return isinstance(value, str) and _DAY.fullmatch(value) is not None


_SCHEMA = WithJsonSchema({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}]})
From = Annotated[Instant, BeforeValidator(_from), _SCHEMA]
To = Annotated[Instant, BeforeValidator(_to), _SCHEMA]
