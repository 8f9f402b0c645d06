"""Objectives, and their key results as a list."""

from api import shapes
from api.registry import Api
from domain.kernel import Kind
from domain.key_result.decisions import AddKeyResult
from domain.objective.carrying import CarryForward
from domain.objective.decisions import (
    ChangeObjective,
    DropObjective,
    GradeObjective,
    MoveObjective,
    RestoreObjective,
    SetObjective,
)
from domain.values import Id

TAG = ("objectives", "What is to be achieved in a cycle, by a team or a member.")


def add(api: Api) -> None:
    """Adds them."""
    api.collection(Kind.OBJECTIVE, shapes.Objective, Id)
    api.command("POST", "/objectives", SetObjective, shapes.Objective)
    api.command("PATCH", "/objectives/{objective}", ChangeObjective, shapes.Objective)
    api.command("POST", "/objectives/{objective}/move", MoveObjective, shapes.Objective)
    api.command("POST", "/objectives/{objective}/drop", DropObjective, shapes.Objective)
    api.command("POST", "/objectives/{objective}/restore", RestoreObjective, shapes.Objective)
    api.command("POST", "/objectives/{objective}/grade", GradeObjective, shapes.Objective)
    api.command("POST", "/objectives/{objective}/carry-forward", CarryForward, shapes.Objective)
    api.command("POST", "/objectives/{objective}/key-results", AddKeyResult, shapes.KeyResult)
    api.listing("/objectives/{objective}/key-results", Kind.KEY_RESULT, shapes.KeyResult, "list_objective_key_results")
