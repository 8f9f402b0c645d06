"""Key results, and their check-ins and initiatives as lists."""

from api import shapes
from api.registry import Api
from domain.initiative.decisions import StartInitiative
from domain.kernel import Kind
from domain.key_result.check_ins import CheckInOn
from domain.key_result.decisions import ChangeKeyResult, DropKeyResult, GradeKeyResult, RestoreKeyResult
from domain.values import Id

TAG = ("key results", "How objectives are measured.")


def add(api: Api) -> None:
    """Adds them."""
    one = "/key-results/{key_result}"
    api.collection(Kind.KEY_RESULT, shapes.KeyResult, Id)
    api.command("PATCH", one, ChangeKeyResult, shapes.KeyResult)
    api.command("POST", f"{one}/drop", DropKeyResult, shapes.KeyResult)
    api.command("POST", f"{one}/restore", RestoreKeyResult, shapes.KeyResult)
    api.command("POST", f"{one}/grade", GradeKeyResult, shapes.KeyResult)
    api.command("POST", f"{one}/check-ins", CheckInOn, shapes.CheckIn)
    api.command("POST", f"{one}/initiatives", StartInitiative, shapes.Initiative)
    api.listing(f"{one}/check-ins", Kind.CHECK_IN, shapes.CheckIn, "list_key_result_check_ins")
    api.listing(f"{one}/initiatives", Kind.INITIATIVE, shapes.Initiative, "list_key_result_initiatives")
