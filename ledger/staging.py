"""A ledger as it would be: what is recorded, and on top of it what was decided so far and is not recorded yet.

It is read like any other (`ledger.reader`), so decisions of an import see what its earlier lines came to, however many
those were: they lie in temporary tables of one session, not in our memory, nor in any transaction. Nobody else sees
them, and they are gone with the session.
"""

from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any

from ledger.append import Append
from ledger.database import Connection, reachable
from ledger.reader import SQL as QUERIES
from ledger.reader import Reader
from ledger.recorder import LedgerRecorder
from ledger.sight import Desk
from ledger.sql import load

_SQL = load("ledger", "staging.sql")
_QUERIES = {**QUERIES, **{name: _SQL[name] for name in ("holders", "children_of")}}
_FIRST = 2**61
"""Where provisional positions begin: after everything recorded, before what a desk has laid."""


class Staging(Reader):
    """Reads the ledger as it would be; `take` adds to it. Close it."""

    def __init__(self, recorder: LedgerRecorder) -> None:
        super().__init__(recorder.database, recorder.mapper)
        self._connection = _begun(recorder)
        self._position = _FIRST

    def close(self) -> None:
        """Forgets everything that was not recorded."""
        self._connection.close()

    def take(self, append: Append, desk: Desk) -> None:
        """Adds what was decided on a desk; from then on the desk's cache has it too."""
        facts = desk.in_order()
        first = self._position + 1
        self._position += len(facts)
        with reachable():
            stored = zip(append.events, facts, count(first), strict=False)
            self._copy("events", (_row(*one) for one in stored))
            self._copy("cycle_events", ((c.cycle, facts[c.event].effective_at, first + c.event) for c in append.cycles))
            claims = ((each.claim, each.stream, first + each.event) for each in append.claims)
            self._copy("claims", ((claim.scope, claim.value, str(stream), at) for claim, stream, at in claims))
            self._take_beside(append, first, desk)
        desk.recorded([(position, max(desk.now, fact.effective_at)) for position, fact in zip(count(first), facts)])

    def _take_beside(self, append: Append, first: int, desk: Desk) -> None:
        if append.attach:
            self._connection.execute(
                _SQL["attach"],
                {
                    "parents": [str(a.parent) for a in append.attach],
                    "children": [str(a.child) for a in append.attach],
                    "positions": [first + a.event for a in append.attach],
                },
            )
        for member, person in append.people.items():
            named = {"name": person.name, "email": person.email}
            named |= {"external_id": person.external_id, "source": person.source}
            self._connection.execute(_SQL["person"], {"member": member, **named})
        if append.erase is not None:
            self._connection.execute(_SQL["erase"], {"member": append.erase})
        if (redaction := append.redaction) is not None:
            at = desk.now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            said = {"position": redaction.position, "pointers": list(redaction.pointers), "reason": redaction.reason}
            self._connection.execute(_SQL["redact"], {"at": at, **said})

    def _copy(self, query: str, rows: Iterable[Sequence[Any]]) -> None:
        with self._connection.cursor() as cursor, cursor.copy(_SQL[query]) as copy:
            for row in rows:
                copy.write_row(row)

    def _rows(self, query: str, **parameters: Any) -> list[Any]:
        with reachable():
            return self._connection.execute(_QUERIES[query], parameters, binary=True).fetchall()


def _begun(recorder: LedgerRecorder) -> Connection:
    connection = recorder.database.dedicated()
    try:
        with reachable():
            connection.execute(_SQL["begin"])
    except BaseException:
        connection.close()
        raise
    return connection


def _row(stored: Any, fact: Any, position: int) -> tuple[Any, ...]:
    return (
        *(position, stored.event_id, stored.originator_id, stored.originator_version, stored.topic),
        *(stored.schema_version, stored.state.decode(), stored.texts.decode(), stored.actor, stored.on_behalf_of),
        *(stored.correlation_id, fact.effective_at, stored.reported_at, fact.recorded_at),
    )
