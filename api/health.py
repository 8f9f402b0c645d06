"""Whether the server is alive, and whether it is ready: for who runs it, without a credential."""

from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import Response

from api import documents
from api.answers import answer
from api.errors import public
from api.guard import runtime_of
from api.problems import problem
from api.runtime import Runtime
from api.shapes import Health
from domain.errors import Refusal
from projections.questions import ledger_status

TAG = ("health", "For who runs the server.")

MOST_LAG = 500
"""Events that the books may be behind under steady writing: one batch of the projector."""


def add(app: FastAPI) -> None:
    """Adds both."""
    for path, endpoint, refusals in (
        ("/healthz", get_health, {}),
        ("/readyz", get_readiness, documents.refusals(503)),
    ):
        summary, _, description = (endpoint.__doc__ or "").partition("\n")
        document: dict[str, Any] = {"responses": {200: {"model": Health, "description": "It is."}} | refusals}
        app.add_api_route(
            path,
            endpoint,
            response_model=None,
            response_class=Response,
            operation_id=endpoint.__name__,
            tags=[TAG[0]],
            summary=summary.rstrip("."),
            description=description.strip() or summary,
            **document,
        )


async def get_health() -> Response:
    """Whether the server is alive."""
    return answer({"status": "alive"})


def get_readiness(request: Request) -> Response:
    """Whether the ledger is there and migrated, and its books are up to it; the reasons, if not."""
    reasons, position = _reasons(runtime_of(request))
    if reasons:
        return problem("not_ready", " ".join(reasons), headers={"Retry-After": "1"}, reasons=reasons)
    note = _note(runtime_of(request))
    return answer({"status": "ready"} | ({"note": note} if note else {}), position=position)


def _note(runtime: Runtime) -> str | None:
    """A replica that is not well: what it does not answer, the primary does."""
    if runtime.replica is None:
        return None
    return runtime.replica.standing.error


def _reasons(runtime: Runtime) -> tuple[list[str], int | None]:
    """Why it is not ready, and the position of the ledger."""
    try:
        runtime.check()
        status = ledger_status(runtime.books)
    except Refusal as refusal:
        return [public(refusal)], None
    reasons = [f"The book {book['name']} is stopped: {book['error']}" for book in status["books"] if book["error"]]
    reasons += [
        f"The book {book['name']} is {book['lag']} events behind."
        for book in status["books"]
        if not book["error"] and book["lag"] > MOST_LAG
    ]
    return reasons, status["position"]
