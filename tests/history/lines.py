"""Lines of history files, with defaults, so that a test names only what matters to it."""

from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

AT = "2026-01-05T09:00:00Z"


def line(command: str, /, at: Any = AT, actor: Any = "ada", **fields: Any) -> dict[str, Any]:
    return {"at": at, "actor": actor, "command": command} | fields


def plan(label: str = "2026-Q1", **fields: Any) -> dict[str, Any]:
    quarter = {"kind": "quarter", "starts_on": "2026-01-01", "ends_on": "2026-03-31"}
    return line("plan_cycle", **{"id": label, "label": label, **quarter, **fields})


def objective(id: str = "grow", **fields: Any) -> dict[str, Any]:
    return line("set_objective", **{"id": id, "cycle": "2026-Q1", "title": id, **fields})


def key_result(id: str = "revenue", **fields: Any) -> dict[str, Any]:
    measure = {"type": "metric", "baseline": 0, "target": 100}
    return line("add_key_result", **{"id": id, "objective": "grow", "title": id, "measure": measure, **fields})


def check_in(key_result: str = "revenue", **fields: Any) -> dict[str, Any]:
    return line("check_in", **{"key_result": key_result, "value": 40, "at": "2026-02-01T09:00:00Z", **fields})


GOALS = (plan(), objective(), key_result())
"""A cycle, an objective and a key result."""


def id_of(kind: str, name: str, source: str = "elsewhere") -> UUID:
    """The id that a source's name stands for."""
    return uuid5(uuid5(NAMESPACE_URL, source), f"{kind}:{name}")
