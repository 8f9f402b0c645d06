"""What made a score what it is: its change explained, the goalposts that were moved, and what if."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Request
from pydantic import BaseModel, ConfigDict, Field, StrictInt, model_validator
from starlette.responses import Response

from api import documents, shapes
from api.answers import answer, weak
from api.asking import Asked
from api.comparing import Compared
from api.registry import Api
from domain.rules import CycleRef
from domain.values import Id, Label
from ledger.payloads import build
from projections import questions
from projections.ends import Ends

TAG = ("explanations", "Why a score changed, where the goalposts were moved, and what the score would be otherwise.")
MOST = questions.MOST_LEFT_OUT

_IN_QUERY = {"as_of": "/query/as_of", "valid_at": "/query/valid_at"}
"""The clocks of a question that has a body; without it they would be taken for fields of that."""
_Cycle = Annotated[CycleRef, Path(description="The cycle.")]
_Position = Annotated[StrictInt, Field(ge=1, le=2**62)]


class WhatIf(BaseModel):
    """Assume another policy, or that some events had not been: their positions or ids. At least one of the two."""

    model_config = ConfigDict(extra="forbid")

    policy: Label | None = None
    without: Annotated[list[_Position | Id], Field(max_length=MOST)] = []

    @model_validator(mode="after")
    def _assumes_something(self) -> "WhatIf":
        if self.policy is None and not self.without:
            raise ValueError("must name a policy, or events to leave out")
        return self


def add(api: Api) -> None:
    """Adds them."""
    _add_explain(api)

    @api.read("/cycles/{cycle}/goalposts", shapes.Goalposts)
    def get_cycle_goalposts(asked: Asked, cycle: _Cycle) -> Response:
        """Where the goalposts of a cycle were moved after it had started.

        Every change of a measure, a weight, a commitment or a date that took effect from the beginning of the first
        day on, in the order in which they did: who, when, why, and what it did to the cycle's score there.
        """
        with asked.reading() as reading:
            return asked.answer(reading, questions.goalposts(reading, reading.cycle_named(cycle)))

    _add_what_if(api)


def _add_explain(api: Api) -> None:
    @api.read("/cycles/{cycle}/explain", shapes.Explained)
    def explain_cycle(compared: Compared, cycle: _Cycle) -> Response:
        """Why a cycle's score changed between two views.

        Split into value, goalpost, weight, structure, correction and policy: the Shapley value of these six. The
        parts add up to the change exactly. The ends may differ on either clock.
        """
        with compared.ends() as ends:
            return compared.answer(ends, questions.explain_cycle(ends, _named(ends, cycle)))

    @api.read("/objectives/{objective}/explain", shapes.Explained)
    def explain_objective(compared: Compared, objective: Annotated[Id, Path(description="The objective.")]) -> Response:
        """Why an objective's official score changed between two views: its grade, clamped, if given, else its score."""
        with compared.ends() as ends:
            return compared.answer(ends, questions.explain_objective(ends, objective))

    @api.read("/key-results/{key_result}/explain", shapes.Explained)
    def explain_key_result(
        compared: Compared, key_result: Annotated[Id, Path(description="The key result.")]
    ) -> Response:
        """Why a key result's official score changed between two views: its grade, clamped, if given, else its score."""
        with compared.ends() as ends:
            return compared.answer(ends, questions.explain_key_result(ends, key_result))


def _named(ends: Ends, named: UUID | str) -> UUID:
    """The id behind a label, which whoever knows it earlier knows later too."""
    return questions.at_end("from", ends.old, lambda reading: reading.cycle_named(named))


def _add_what_if(api: Api) -> None:
    def what_if(request: Request, asked: Asked, cycle: _Cycle) -> Response:
        """The board of a cycle under an assumption.

        Scored by another policy, or as if some events had not been; what depends on those is left out with them. It
        is a read, for whoever may read: nothing is stored.
        """
        said = build(WhatIf, request.state.payload)
        with asked.reading_at(asked.as_of, asked.valid_at, _IN_QUERY) as reading:
            shown = questions.what_if(reading, reading.cycle_named(cycle), said.policy, said.without)
            return answer(shown, position=reading.position, etag=weak(shown))

    responses = documents.of_read(shapes.AssumedBoard, may_be_missing=True) | documents.refusals(400, 403, 413, 415)
    body = documents.request_body(WhatIf)
    api.add("POST", "/cycles/{cycle}/what-if", what_if, responses=responses, openapi_extra={"requestBody": body})
