"""The advice in a write's answer: what the field's practice recommends, never enforced."""

from domain.guidance import on_key_results, on_objectives
from domain.kernel import Kind, Ref
from projections.goals import KEY_RESULTS, OBJECTIVES
from projections.reading import Reading


def advice(reading: Reading, ref: Ref) -> list[str]:
    """What there is to say about a resource at the two clocks."""
    if ref.kind is Kind.KEY_RESULT:
        rows = reading.rows(KEY_RESULTS["at"], ids=[ref.id])
        return _on_objective(reading, Ref(Kind.OBJECTIVE, rows[0]["objective"])) if rows else []
    if ref.kind is Kind.OBJECTIVE:
        return _on_objective(reading, ref)
    return []


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
