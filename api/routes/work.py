"""Check-ins and initiatives: what is said about key results and done for them."""

from api import shapes
from api.registry import Api
from domain.initiative.decisions import ChangeInitiative
from domain.kernel import Kind
from domain.key_result.check_ins import CorrectCheckIn, RetractCheckIn
from domain.values import Id

TAG = ("check-ins and initiatives", "What is said about key results, and what is done for them.")


def add(api: Api) -> None:
    """Adds them."""
    api.collection(Kind.CHECK_IN, shapes.CheckIn, Id)
    api.command("POST", "/check-ins/{check_in}/correct", CorrectCheckIn, shapes.CheckIn)
    api.command("POST", "/check-ins/{check_in}/retract", RetractCheckIn, shapes.CheckIn)
    api.collection(Kind.INITIATIVE, shapes.Initiative, Id)
    api.command("PATCH", "/initiatives/{initiative}", ChangeInitiative, shapes.Initiative)
