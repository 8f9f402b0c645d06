"""Cycles: planning, opening, closing, and the board."""

from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from api import shapes
from api.asking import Asked
from api.registry import Api
from domain.cycle.decisions import CloseCycle, OpenCycle, PlanCycle, ReopenCycle, RescheduleCycle
from domain.kernel import Kind
from domain.rules import CycleRef
from projections import questions

TAG = ("cycles", "Periods for goals. A cycle's label may stand wherever its id may.")


def add(api: Api) -> None:
    """Adds them."""
    api.collection(Kind.CYCLE, shapes.Cycle, CycleRef)
    api.command("POST", "/cycles", PlanCycle, shapes.Cycle)
    api.command("PATCH", "/cycles/{cycle}", RescheduleCycle, shapes.Cycle)
    api.command("POST", "/cycles/{cycle}/open", OpenCycle, shapes.Cycle)
    api.command("POST", "/cycles/{cycle}/close", CloseCycle, shapes.Cycle)
    api.command("POST", "/cycles/{cycle}/reopen", ReopenCycle, shapes.Cycle)

    @api.read("/cycles/{cycle}/board", shapes.Board)
    def get_cycle_board(asked: Asked, cycle: Annotated[CycleRef, Path(description="The cycle.")]) -> Response:
        """The board of a cycle.

        The cycle, its score, each objective with its key results and their scores, and the cycles inside it.
        """
        with asked.reading() as reading:
            board = questions.written_board(reading, reading.cycle_named(cycle))
            return asked.answer(reading, board.content, said=board.said)
