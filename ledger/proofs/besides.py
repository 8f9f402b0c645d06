"""Checking what a live ledger keeps beside its events: which thing belongs to which, what is of which cycle, who has
which name, and which key has which role.

All of it follows from the events, none of it is in a leaf. Whoever takes an event out of a cycle here has it left out
of the cycle's replay, and whoever gives a key another role need not change an event. So it is made again from the
events, as a restore does, and held against the tables. People, and the external ids of theirs that can be erased, are
in no event and are not looked at; nor are keys that no event tells of (docs/security.md).
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from domain.kernel import Event, Fact, Ref
from ledger.append import Append
from ledger.database import Connection, Database
from ledger.envelope import StoredFact
from ledger.exported import Exported, Surroundings
from ledger.proofs.auditing import Found
from ledger.proofs.store import SQL

_Row = tuple[str, str, int]


class Besides:
    """Takes the events in order, some at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._surroundings = Surroundings()

    def take(self, events: Sequence[tuple[StoredFact, Event]]) -> None:
        """Holds what follows from the next events against what there is. Raises `Found`."""
        first = events[0][0].id
        due = self._surroundings.append_of([Exported(stored, _fact(stored, event)) for stored, event in events])
        with self._database.connection() as connection:
            for what, expected in _due(due, first).items():
                _compare(connection, what, first, first + len(events), expected)


def _due(append: Append, first: int) -> dict[str, set[_Row]]:
    """What there is to be beside the events from position `first` on, by its name."""
    return {
        "attachments": {(str(a.parent), str(a.child), first + a.event) for a in append.attach},
        "cycle_events": {
            (str(c.cycle), _said(append.events[c.event].effective_at), first + c.event) for c in append.cycles
        },
        "claims": {
            (f"{c.claim.scope}\n{c.claim.value}", str(c.stream), first + c.event)
            for c in append.claims
            if not str(c.stream).startswith("member/")
        },
        "issued_keys": {
            (str(k.id), f"{k.role} {k.member} {_said(k.expires_at)}", first + k.event) for k in append.keys
        },
    }


def _compare(connection: Connection, what: str, first: int, end: int, expected: set[_Row]) -> None:
    """Of what was there before the event that says it again, the first counts."""
    found = {_row(row) for row in connection.execute(SQL[what], {"first": first, "end": end})}
    wrong = found - expected
    missing = {row for row in expected - found if not _is_older(connection, what, row)}
    for _, _, position in sorted(wrong | missing, key=lambda row: row[2])[:1]:
        raise Found("beside", position, f"{what.replace('_', ' ')}: not what the event there makes")


def _row(row: Sequence[object]) -> _Row:
    """A key's end is a column of its own, so that instants are written alike."""
    one, *others, position = row
    return str(one), "".join(map(_said, others)), int(str(position))


def _said(value: object) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)


def _is_older(connection: Connection, what: str, row: _Row) -> bool:
    if what not in ("attachments", "claims"):
        return False
    asked = {"one": row[0], "other": row[1], "position": row[2]}
    return connection.execute(SQL[f"older_{what}"], asked).fetchone() is not None


def _fact(stored: StoredFact, event: Event) -> Fact[Event]:
    assert stored.recorded_at is not None and stored.effective_at is not None  # noqa: S101  # the audit saw to it
    return Fact(
        stream=Ref.parse(stored.originator_id),
        version=stored.originator_version,
        position=stored.id,
        event=event,
        effective_at=stored.effective_at,
        recorded_at=stored.recorded_at,
        actor=stored.actor,
        on_behalf_of=stored.on_behalf_of,
        reported_at=stored.reported_at,
        id=stored.event_id,
    )
