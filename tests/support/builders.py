"""A builder for every command, with defaults, so that a spec names only what matters to it.

Things go by names (`"grow"`, `"revenue"`, `"ada"`), from which their ids follow; cycles by their labels;
instants are written as days and mean noon, UTC. The first argument is the thing that the command is about.
"""

from datetime import UTC, datetime
from functools import cache
from typing import Any, get_args
from uuid import NAMESPACE_OID, UUID, uuid5

from domain.catalogue import COMMANDS
from domain.kernel import Command, Kind, Refers


def uid(name: str | UUID) -> UUID:
    """The id of the thing that goes by a name."""
    return name if isinstance(name, UUID) else uuid5(NAMESPACE_OID, name)


def on(text: str) -> datetime:
    """An instant: noon of a day, or as it is written in full."""
    return datetime.fromisoformat(text if "T" in text else f"{text}T12:00").replace(tzinfo=UTC)


def build(name: str, /, **fields: Any) -> Any:
    """The command, with names in the place of ids; `at` is its `effective_at`."""
    command = COMMANDS[name].command
    if (at := fields.pop("at", None)) is not None:
        fields["effective_at"] = on(at) if isinstance(at, str) else at
    named = _named_fields(command)
    ids = {field: uid(fields[field]) for field in named & fields.keys() if fields[field] is not None}
    return command.model_validate(fields | ids)


@cache
def _named_fields(command: type[Command]) -> frozenset[str]:
    """The fields that stand for a thing's id. A cycle's label may stand as it is."""
    fields = command.model_fields.items()
    return frozenset(
        name for name, field in fields if name == "id" or _refers(field.annotation, field.metadata) - {Kind.CYCLE}
    )


def _refers(annotation: Any, metadata: Any = ()) -> set[Kind]:
    marks = getattr(annotation, "__metadata__", metadata)
    kinds = {kind for mark in marks if isinstance(mark, Refers) for kind in mark.kinds}
    return kinds.union(*map(_refers, get_args(annotation)))


def plan_cycle(label: str = "2026-Q1", **fields: Any) -> Any:
    quarter = {"kind": "quarter", "starts_on": "2026-01-01", "ends_on": "2026-03-31"}
    return build("plan_cycle", **{"id": label, "label": label, **quarter, **fields})


def open_cycle(cycle: str = "2026-Q1", **fields: Any) -> Any:
    return build("open_cycle", cycle=cycle, **fields)


def reschedule_cycle(cycle: str = "2026-Q1", **fields: Any) -> Any:
    return build("reschedule_cycle", **{"cycle": cycle, "reason": "the fair moved", **fields})


def close_cycle(cycle: str = "2026-Q1", **fields: Any) -> Any:
    return build("close_cycle", cycle=cycle, **fields)


def reopen_cycle(cycle: str = "2026-Q1", **fields: Any) -> Any:
    return build("reopen_cycle", **{"cycle": cycle, "reason": "a late figure", **fields})


def form_team(team: str = "core", **fields: Any) -> Any:
    return build("form_team", **{"id": team, "name": team, **fields})


def change_team(team: str = "core", **fields: Any) -> Any:
    return build("change_team", team=team, **fields)


def disband_team(team: str = "core", **fields: Any) -> Any:
    return build("disband_team", team=team, **fields)


def join_team(team: str = "core", member: str = "ada", **fields: Any) -> Any:
    return build("join_team", team=team, member=member, **fields)


def leave_team(team: str = "core", member: str = "ada", **fields: Any) -> Any:
    return build("leave_team", team=team, member=member, **fields)


def register_member(member: str = "ada", **fields: Any) -> Any:
    return build("register_member", **{"id": member, "name": member, "kind": "person", **fields})


def erase_member(member: str = "ada", **fields: Any) -> Any:
    return build("erase_member", **{"member": member, "reason": "she asked for it", **fields})


def create_key(key: str = "laptop", **fields: Any) -> Any:
    return build("create_key", **{"id": key, "role": "member", "label": key, **fields})


def revoke_key(key: str = "laptop", **fields: Any) -> Any:
    return build("revoke_key", key=key, **fields)


def redact_text(position: int, field: str, **fields: Any) -> Any:
    return build("redact_text", **{"position": position, "field": field, "reason": "names a customer", **fields})


def set_objective(objective: str = "grow", **fields: Any) -> Any:
    return build("set_objective", **{"id": objective, "cycle": "2026-Q1", "title": objective, **fields})


def change_objective(objective: str = "grow", **fields: Any) -> Any:
    return build("change_objective", objective=objective, **fields)


def move_objective(objective: str = "grow", **fields: Any) -> Any:
    return build("move_objective", **{"objective": objective, "cycle": "2026-Q2", **fields})


def drop_objective(objective: str = "grow", **fields: Any) -> Any:
    return build("drop_objective", **{"objective": objective, "reason": "other plans", **fields})


def restore_objective(objective: str = "grow", **fields: Any) -> Any:
    return build("restore_objective", **{"objective": objective, "reason": "back to it", **fields})


def grade_objective(objective: str = "grow", **fields: Any) -> Any:
    return build("grade_objective", **{"objective": objective, "score": "0.7", **fields})


def carry_forward(objective: str = "grow", **fields: Any) -> Any:
    return build("carry_forward", **{"objective": objective, "to_cycle": "2026-Q2", "baseline": "restart", **fields})


def add_key_result(key_result: str = "revenue", **fields: Any) -> Any:
    defaults = {"id": key_result, "objective": "grow", "title": key_result, "measure": metric(0, 100)}
    return build("add_key_result", **{**defaults, **fields})


def change_key_result(key_result: str = "revenue", **fields: Any) -> Any:
    return build("change_key_result", key_result=key_result, **fields)


def drop_key_result(key_result: str = "revenue", **fields: Any) -> Any:
    return build("drop_key_result", **{"key_result": key_result, "reason": "no data", **fields})


def restore_key_result(key_result: str = "revenue", **fields: Any) -> Any:
    return build("restore_key_result", **{"key_result": key_result, "reason": "data again", **fields})


def grade_key_result(key_result: str = "revenue", **fields: Any) -> Any:
    return build("grade_key_result", **{"key_result": key_result, "score": "0.7", **fields})


def check_in(key_result: str = "revenue", **fields: Any) -> Any:
    return build("check_in", key_result=key_result, **fields)


def correct_check_in(check_in: str = "monday", **fields: Any) -> Any:
    return build("correct_check_in", **{"check_in": check_in, "reason": "a slip", **fields})


def retract_check_in(check_in: str = "monday", **fields: Any) -> Any:
    return build("retract_check_in", **{"check_in": check_in, "reason": "wrong key result", **fields})


def start_initiative(initiative: str = "campaign", **fields: Any) -> Any:
    return build("start_initiative", **{"id": initiative, "key_result": "revenue", "title": initiative, **fields})


def change_initiative(initiative: str = "campaign", **fields: Any) -> Any:
    return build("change_initiative", initiative=initiative, **fields)


def define_kpi(kpi: str = "signups", **fields: Any) -> Any:
    defaults = {"id": kpi, "name": kpi, "direction": "increase", "frequency": "monthly"}
    return build("define_kpi", **{**defaults, **fields})


def change_kpi(kpi: str = "signups", **fields: Any) -> Any:
    return build("change_kpi", kpi=kpi, **fields)


def set_kpi_target(kpi: str = "signups", since: str = "2026-01-01", **fields: Any) -> Any:
    target = {} if {"low", "high"} & fields.keys() else {"target": 100}
    return build("set_kpi_target", **{"kpi": kpi, "from": since, **target, **fields})


def set_kpi_benchmark(kpi: str = "signups", name: str = "industry", since: str | None = None, **fields: Any) -> Any:
    value = {} if "benchmark_kpi" in fields else {"value": 80}
    begin = {} if since is None else {"from": since}
    return build("set_kpi_benchmark", **{"kpi": kpi, "name": name, **begin, **value, **fields})


def pair_kpi(kpi: str = "signups", other: str = "churn", **fields: Any) -> Any:
    return build("pair_kpi", kpi=kpi, other=other, **fields)


def unpair_kpi(kpi: str = "signups", other: str = "churn", **fields: Any) -> Any:
    return build("unpair_kpi", kpi=kpi, other=other, **fields)


def retire_kpi(kpi: str = "signups", **fields: Any) -> Any:
    return build("retire_kpi", **{"kpi": kpi, "reason": "nobody looks at it", **fields})


def restore_kpi(kpi: str = "signups", **fields: Any) -> Any:
    return build("restore_kpi", **{"kpi": kpi, "reason": "somebody does", **fields})


def record_measurements(kpi: str = "signups", points: Any = (), **fields: Any) -> Any:
    """The points as they are, or as a mapping from days to values."""
    if isinstance(points, dict):
        points = [{"on": day, "value": value} for day, value in points.items()]
    return build("record_measurements", kpi=kpi, points=points, **fields)


def restate_measurement(kpi: str = "signups", day: str = "2026-01-31", **fields: Any) -> Any:
    return build("restate_measurement", **{"kpi": kpi, "on": day, "reason": "a late invoice", **fields})


def link_kpi(key_result: str = "revenue", kpi: str = "signups", **fields: Any) -> Any:
    return build("link_kpi", key_result=key_result, kpi=kpi, **fields)


def unlink_kpi(key_result: str = "revenue", **fields: Any) -> Any:
    return build("unlink_kpi", key_result=key_result, **fields)


# --- measures, as clients send them


def metric(baseline: Any = 0, target: Any = 100, **fields: Any) -> dict[str, Any]:
    return {"type": "metric", "baseline": baseline, "target": target, **fields}


def threshold(operator: str = ">=", bound: Any = 9, **fields: Any) -> dict[str, Any]:
    return {"type": "threshold", "operator": operator, "bound": bound, **fields}


def between(low: Any = 4, high: Any = 5, **fields: Any) -> dict[str, Any]:
    return {"type": "threshold", "operator": "between", "low": low, "high": high, **fields}


def milestones(*steps: Any) -> dict[str, Any]:
    return {
        "type": "milestones",
        "milestones": [{"title": s} if isinstance(s, str) else s for s in steps or "ab"],
    }


def boolean() -> dict[str, Any]:
    return {"type": "boolean"}


def zones(commit: str = "ten", target: str = "twenty", stretch: str = "thirty") -> dict[str, Any]:
    return {"type": "zones", "commit": commit, "target": target, "stretch": stretch}


def graded(**fields: Any) -> dict[str, Any]:
    return {"type": "graded", **fields}


# --- where many specs begin: a cycle with an objective, "grow", that is measured by "revenue", 0 to 100

PLANNED = (plan_cycle(),)
OPEN = (*PLANNED, open_cycle())
OBJECTIVE = (*OPEN, set_objective())
MEASURED = (*OBJECTIVE, add_key_result())
NEXT = (plan_cycle("2026-Q2", starts_on="2026-04-01", ends_on="2026-06-30"),)
CLOSED = (*MEASURED, close_cycle())
