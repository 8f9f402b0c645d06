"""The journal against the ledger: what was lost, what is there twice, what is otherwise wrong.

It reads the ledger's own table, as its superuser, and shares nothing with the code that writes it. A command of a
client is one event. Every fact that is checked is a sentence in `check` and its helpers; a finding names its token.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import psycopg

from torture.journal import Entry, Fate

_EVENTS = """
    SELECT position, stream, version, type, data, texts::text, correlation_id, recorded_at
      FROM quarterdeck.events ORDER BY position
"""
_BY_THE_SERVER = {"cycle.sealed"}
"""Events that no client asked for by themselves."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as it stands in the ledger."""

    position: int
    stream: str
    version: int
    type: str
    data: Mapping[str, Any]
    texts: str
    token: str | None
    recorded_at: datetime


@dataclass(slots=True)
class Findings:
    """What must not be. `wrong` is everything that is neither lost nor doubled."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.lost or self.doubled or self.wrong)


def recorded(connection: psycopg.Connection) -> tuple[list[Recorded], int]:
    """All events, and the position of the head, at one moment."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        events = [Recorded(*row) for row in connection.execute(_EVENTS)]
        row = connection.execute("SELECT position FROM quarterdeck.head").fetchone()
    return events, row[0] if row else 0


def check(entries: Iterable[Entry], events: Sequence[Recorded], head: int) -> Findings:
    """Everything that can be told from the two."""
    found = Findings()
    of: dict[str | None, list[Recorded]] = {}
    for event in events:
        of.setdefault(event.token, []).append(event)
    seals = {event.data["closed_position"]: event for event in events if event.type == "cycle.sealed"}
    known = set()
    for entry in entries:
        known.add(entry.token)
        _check_entry(found, entry, of.get(entry.token, []), seals)
    found.wrong += _order(events, head)
    found.wrong += _closings(events)
    for event in events:
        if event.token not in known and event.type not in _BY_THE_SERVER:
            found.wrong.append(f"{event.position} {event.type} was asked for by nobody ({event.token})")
    return found


def _check_entry(found: Findings, entry: Entry, events: Sequence[Recorded], seals: Mapping[int, Recorded]) -> None:
    told = f"{entry.token} {entry.command}, {entry.fate}"
    if len(events) > 1:
        found.doubled.append(f"{told}: there are events of it at {[event.position for event in events]}")
        return
    if entry.fate is Fate.REFUSED and events:
        found.wrong.append(f"{told}: left an event at {events[0].position}")
    elif entry.fate is Fate.ACKNOWLEDGED and not events:
        found.lost.append(f"{told}: nothing is there of it; it was said to be at {entry.position}")
    elif entry.fate is Fate.ACKNOWLEDGED:
        found.wrong += [f"{told}: {problem}" for problem in _place(entry, events[0], seals)]
    found.wrong += [f"{told}: {problem}" for event in events for problem in _content(entry, event)]


def _place(entry: Entry, event: Recorded, seals: Mapping[int, Recorded]) -> Iterator[str]:
    """It must be where it was said to be, and about what it was said to be about."""
    seal = seals.get(event.position)  # a close is answered with the position of its seal, if that was made at once
    if entry.position not in (event.position, seal.position if seal else None):
        yield f"is at {event.position}, and was said to be at {entry.position}"
    if entry.subject is None or not (entry.subject in event.stream or entry.subject in str(event.data)):
        yield f"the event at {event.position} is not about {entry.subject}"


def _content(entry: Entry, event: Recorded) -> Iterator[str]:
    """What was said must be what is kept."""
    kept = f"{event.data}{event.texts}"
    for name, value in entry.body.items():
        if isinstance(value, str) and value.startswith("said by") and value not in kept:
            yield f"the event at {event.position} does not have its {name}"
    value = entry.body.get("value")
    if value is not None and Decimal(str(event.data.get("value"))) != Decimal(str(value)):
        yield f"the event at {event.position} says {event.data.get('value')}, and not {value}"


def _order(events: Sequence[Recorded], head: int) -> Iterator[str]:
    """Positions have no gap, times increase strictly, and so do the versions of a stream, by one."""
    versions: Counter[str] = Counter()
    before: Recorded | None = None
    for expected, event in enumerate(events, 1):
        if event.position != expected:
            yield f"where position {expected} should be there is {event.position}"
            return
        if before is not None and event.recorded_at <= before.recorded_at:
            yield f"{event.position} was recorded at {event.recorded_at}, not after {before.recorded_at}"
        versions[event.stream] += 1
        if event.version != versions[event.stream]:
            yield f"{event.position} is version {event.version} of {event.stream}, not {versions[event.stream]}"
        before = event
    if head != len(events):
        yield f"the head is {head}, and there are {len(events)} events"


def _closings(events: Sequence[Recorded]) -> Iterator[str]:
    """Each closing of a cycle has one seal."""
    seals = Counter(event.data["closed_position"] for event in events if event.type == "cycle.sealed")
    for event in events:
        if event.type == "cycle.closed" and seals[event.position] != 1:
            yield f"the closing at {event.position} has {seals[event.position]} seals"
