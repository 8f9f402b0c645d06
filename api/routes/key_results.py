"""Key results, and their check-ins and initiatives as lists."""

from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from api import documents, shapes
from api.asking import Asked
from api.registry import Api
from domain.initiative.decisions import StartInitiative
from domain.kernel import Kind, Ref
from domain.key_result.check_ins import CheckInOn
from domain.key_result.decisions import ChangeKeyResult, DropKeyResult, GradeKeyResult, RestoreKeyResult
from domain.key_result.linking import LinkKpi, UnlinkKpi
from domain.values import Id
from projections import questions

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
    api.command("PUT", f"{one}/kpi", LinkKpi, shapes.KeyResult)
    api.command("DELETE", f"{one}/kpi", UnlinkKpi, shapes.KeyResult)
    api.listing(f"{one}/check-ins", Kind.CHECK_IN, shapes.CheckIn, "list_key_result_check_ins")
    api.listing(f"{one}/initiatives", Kind.INITIATIVE, shapes.Initiative, "list_key_result_initiatives")

    @api.read(f"{one}/kpi-links", documents.page(shapes.KpiLink))
    def list_key_result_kpi_links(
        asked: Asked, key_result: Annotated[Id, Path(description="The key result.")]
    ) -> Response:
        """Every link to a KPI that a key result ever had, oldest first.

        From when to when, by whom it was made and ended, and why.
        """
        with asked.reading() as reading:
            questions.find(reading, Ref(Kind.KEY_RESULT, key_result))
            return asked.page(reading, questions.kpi_links(reading, key_result))
