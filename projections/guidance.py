"""The advice in a write's answer: what the field's practice recommends, never enforced."""

from typing import Any

from domain.guidance import YOUNG_DAYS, on_key_result_measure, on_key_results, on_kpi, on_objectives, on_replaced
from domain.kernel import Fact, Kind, Ref, fact_key
from domain.kpi.state import KPI
from projections.goals import KEY_RESULTS, OBJECTIVES
from projections.items import facts_of
from projections.kpi_shapes import KPIS
from projections.reading import Reading


def advice(reading: Reading, ref: Ref, command: str = "") -> list[str]:
    """What there is to say about a resource at the two clocks; some of it only after certain commands."""
    match ref.kind:
        case Kind.KEY_RESULT:
            return _on_key_result(reading, ref)
        case Kind.OBJECTIVE:
            return _on_objective(reading, ref)
        case Kind.KPI:
            return _on_kpi(reading, ref, command)
        case _:
            return []


def _on_key_result(reading: Reading, ref: Ref) -> list[str]:
    rows = reading.rows(KEY_RESULTS["at"], ids=[ref.id])
    if not rows:
        return []
    said = _on_objective(reading, Ref(Kind.OBJECTIVE, rows[0]["objective"]))
    if rows[0]["state"] == "active":
        said += on_key_result_measure(rows[0]["measure"]["type"])
    return said


def _on_objective(reading: Reading, ref: Ref) -> list[str]:
    rows = reading.rows(OBJECTIVES["at"], ids=[ref.id])
    if not rows or rows[0]["state"] != "active":
        return []
    parts = reading.rows(KEY_RESULTS["of_objectives"], objectives=[ref.id])
    said = on_key_results(sum(part["state"] == "active" for part in parts))
    if rows[0]["team"] is not None:
        others = reading.rows(OBJECTIVES["in_cycles"], cycles=[rows[0]["cycle"]])
        said += on_objectives(sum(o["team"] == rows[0]["team"] and o["state"] == "active" for o in others))
    return said


def _on_kpi(reading: Reading, ref: Ref, command: str) -> list[str]:
    kpi = KPI(_facts(reading, ref))
    if kpi is None:
        return []
    said, today = list[str](), reading.valid_at.date()
    if kpi.state == "active":
        said += on_kpi(
            name=kpi.name if isinstance(kpi.name, str) else "",
            tags=kpi.tags,
            has_target=kpi.target_on(today) is not None,
            has_benchmark=bool(kpi.benchmarks_on(today)),
            counter_metrics=len(kpi.counter_metrics),
            overlaps=kpi.overlaps if command == "set_kpi_target" else (),
        )
    if kpi.team is not None and command in {"define_kpi", "retire_kpi"}:
        said += on_replaced(reading.value(KPIS["retired_young"], team=kpi.team, days=YOUNG_DAYS))
    return said


def _facts(reading: Reading, ref: Ref) -> list[Fact[Any]]:
    """The facts of one stream at both clocks, in the fold's order."""
    facts = facts_of(reading, "history", stream=str(ref))
    return sorted((fact for fact in facts if fact.stream == ref), key=fact_key)
