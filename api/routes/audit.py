"""The history of everything, across all things: who, when, what from what to what, and why."""

from contextlib import ExitStack
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import Query
from starlette.responses import Response

from api import documents, shapes
from api.asking import After, Asked, Limit, Question
from api.csv_audit import audit_csv
from api.filters import From, To, resolved
from api.ndjson import Streamed
from api.negotiation import CSV, Accept, prefers
from api.registry import Api
from domain.rules import CycleRef
from domain.values import Id, Label
from projections import questions

TAG = ("audit", "Everything that happened, for who must be able to follow it.")

_Kind = Literal[
    "cycle", "team", "member", "objective", "key_result", "check_in", "initiative", "kpi", "measurements", "key"
]
_VARY = {"Vary": "Accept"}


def add(api: Api) -> None:
    """Adds it."""

    @api.read("/audit", documents.page(shapes.HistoryItem), also=CSV)
    def list_audit(
        asked: Asked,
        limit: Limit = 50,
        after: After = None,
        accept: Accept = None,
        actor: Annotated[Id | None, Query(description="Whose: a member, or a key that belongs to none.")] = None,
        on_behalf_of: Annotated[Id | None, Query(description="On this member's behalf.")] = None,
        kind: Annotated[_Kind | None, Query(description="About things of this kind.")] = None,
        id: Annotated[Id | None, Query(description="About this thing.")] = None,
        type: Annotated[Label | None, Query(description="Such as `key_result.checked_in`.")] = None,
        cycle: Annotated[CycleRef | None, Query(description="Of this cycle and the goals in it.")] = None,
        late: Annotated[
            bool, Query(description="Only what was recorded more than a day after it took effect.")
        ] = False,
        goalposts: Annotated[
            bool, Query(description="Only changes of measure, weight, commitment or dates after the cycle's start.")
        ] = False,
        q: Annotated[
            Label | None, Query(description="All these words, anywhere in its texts, in capitals or not.")
        ] = None,
        recorded_from: Annotated[From | None, Query(description="Recorded at or after this, or this day.")] = None,
        recorded_to: Annotated[To | None, Query(description="Recorded at or before this, or this day's end.")] = None,
        effective_from: Annotated[From | None, Query(description="In effect at or after this, or this day.")] = None,
        effective_to: Annotated[To | None, Query(description="In effect at or before this, or this day's end.")] = None,
    ) -> Response:
        """The history of everything, newest first.

        The filters hold together. `kind=check_in` and `kind=kpi` (or their `id`) answer what their own histories
        do, measurements included. `q` looks for words, or parts of them, in titles, names, notes and reasons; what
        was redacted is not found, nor are the names of members. A page looks at the texts of 200,000 events at most,
        so it may have fewer items than there are: go on while `next` is not null. As CSV, a row an item, all of them,
        whatever `limit` says.
        """
        given = {
            **{"actor": actor, "on_behalf_of": on_behalf_of, "kind": kind, "id": id, "type": type, "cycle": cycle},
            **{"late": late, "goalposts": goalposts, "q": q, "recorded_from": recorded_from},
            **{"recorded_to": recorded_to, "effective_from": effective_from, "effective_to": effective_to},
        }
        if prefers(accept, CSV):
            return _table(asked, given, after)
        with asked.reading() as reading:
            page = questions.audit(reading, resolved(reading, given), limit, after)
            return asked.answer(reading, {"items": page.items, "next": page.next}, headers=_VARY)


def _table(asked: Question, given: dict[str, Any], after: str | None) -> Response:
    """All of it, from one snapshot that is held until the last row is sent."""
    with ExitStack() as stack:
        reading = stack.enter_context(asked.reading(in_parts=True))
        items = questions.audit_items(reading, resolved(reading, given), after)
        rows = audit_csv(items, partial(questions.names_of, reading))
        return Streamed(rows, stack, CSV, position=reading.position, etag=asked.tag(reading, CSV), headers=_VARY)
