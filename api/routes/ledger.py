"""The ledger itself: its events, its head, and the redaction of a text."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api import documents, shapes
from api.asking import Asked, Limit
from api.filters import From, To
from api.registry import Api
from domain.redaction.decisions import RedactText
from domain.values import Id, Label
from projections import questions

TAG = ("ledger", "The append-only sequence of everything that happened, and how far the books are.")


def add(api: Api) -> None:
    """Adds them."""
    api.command("POST", "/events/{position}/redact", RedactText, shapes.Event)

    @api.read("/events", documents.page(shapes.Event))
    def list_events(
        asked: Asked,
        limit: Limit = 50,
        after: Annotated[int, Query(ge=0, le=2**62, description="Events after this position.")] = 0,
        type: Annotated[Label | None, Query(description="Such as `key_result.checked_in`.")] = None,
        stream: Annotated[Label | None, Query(description="One thing's, as `KIND/ID`.")] = None,
        actor: Annotated[Id | None, Query(description="Whose: a member, or a key that belongs to none.")] = None,
        effective_from: Annotated[From | None, Query(description="In effect at or after this, or this day.")] = None,
        effective_to: Annotated[To | None, Query(description="In effect at or before this, or this day's end.")] = None,
        recorded_from: Annotated[From | None, Query(description="Recorded at or after this, or this day.")] = None,
        recorded_to: Annotated[To | None, Query(description="Recorded at or before this, or this day's end.")] = None,
    ) -> Response:
        """The ledger itself, in order, as CloudEvents 1.0.

        `next` is a position, and what `after` takes to go on.
        """
        filters = {
            "type": type,
            "stream": stream,
            "actor": actor,
            "effective_from": effective_from,
            "effective_to": effective_to,
            "recorded_from": recorded_from,
            "recorded_to": recorded_to,
        }
        with asked.reading() as reading:
            return asked.page(reading, questions.events(reading, filters, limit, after))

    @api.read("/ledger", shapes.LedgerStatus)
    def get_ledger(asked: Asked) -> Response:
        """The head of the ledger, the root of its tree, and its books with their positions and lag.

        With `as_of`, the head that it had then, and the newest checkpoint at or before it; where the books, the
        sealer and the replica are is always where they are now. `root` is hexadecimal.
        """
        with asked.reading() as reading:
            upto = reading.position if reading.explicit else None
            runtime = asked.runtime
            replica = runtime.replica.standing if runtime.replica else None
            status = questions.ledger_status(runtime.books, upto, runtime.seal_error(), replica)
            return asked.answer(reading, status | (reading.stamp() if reading.explicit else {}))
