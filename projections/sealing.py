"""Sealing: after a cycle is closed, its scores as of the close are written down in the ledger.

The close fences the goals off; the seal follows, computed from the books at the close's position and
`effective_at`, so it comes out the same whenever it is made. A server that died between the two makes it when it
is back; it is made once for each close, whoever tries.
"""

from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.cycle.decisions import seal_cycle
from domain.cycle.events import CycleSealed, SealedKeyResult, SealedObjective
from domain.cycle.state import CYCLE, Closing
from domain.kernel import Command, Context, Decision, Kind, Ref
from ledger.application import Ledger
from ledger.orders import Order
from ledger.sql import load
from projections.board import board
from projections.reading import Books

SQL = load("projections", "sealing.sql")
PATIENCE = 60.0


def seal_due(ledger: Ledger, books: Books) -> int:
    """Seals every close that has no seal yet, oldest first. Answers how many. Raises `NotReady`."""
    with books.database.connection() as connection:
        rows = connection.execute(SQL["unsealed"]).fetchall()
    for cycle, position, actor, on_behalf_of in rows:
        _seal(ledger, books, cycle, position, actor, on_behalf_of)
    return len(rows)


def _seal(ledger: Ledger, books: Books, cycle: UUID, position: int, actor: UUID, on_behalf_of: UUID | None) -> None:
    books.wait_for(position, PATIENCE)

    def decide(context: Context) -> Decision:
        history = context.look(CYCLE, cycle)
        closing = next(c for c in history.now.closings if c.position == position)
        if closing.sealed:
            return Decision(Ref(Kind.CYCLE, cycle))
        sealed = sealed_as_of(books, cycle, closing, history.at(closing.effective_at))
        return seal_cycle(sealed, closing.effective_at, history)

    ledger.record(Order(Command(), actor, on_behalf_of), decide)


def sealed_as_of(books: Books, cycle: UUID, closing: Closing, then: Any) -> CycleSealed:
    """The seal of a close, by the books. `then`: the cycle's state as of it."""
    with books.reading_at(closing.position, closing.effective_at) as reading:
        shown = board(reading, cycle)
    objectives = tuple(
        SealedObjective(
            id=objective["id"],
            score=objective["score"],
            grade=objective["grade"],
            key_results=tuple(
                SealedKeyResult(id=part["id"], score=part["score"], grade=part["grade"], **_value(part["value"]))
                for part in objective["key_results"]
                if part["state"] == "active"
            ),
        )
        for objective in shown["objectives"]
        if objective["state"] == "active"
    )
    return CycleSealed(
        closed_position=closing.position, policy=then.scoring, score=shown["score"], objectives=objectives
    )


def _value(value: Any) -> dict[str, Any]:
    match value:
        case None:
            return {}
        case bool():
            return {"done": value}
        case str():
            return {"zone": value}
        case list():
            return {"completed": tuple(value)}
        case _:
            return {"value": Decimal(value)}
