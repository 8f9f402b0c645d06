"""What the clients asked for and what they were answered: acknowledged, refused, or unknown, which is no answer.

Each command has a token. It is the id of every request for it, and so, in the ledger, the correlation id of every
event that came of it, by whichever attempt.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Fate(StrEnum):
    """What a client knows of a command."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(slots=True)
class Entry:
    """One command. `meant`: whether it should be taken, or refused. `digest`: of the first whole answer, SHA-256."""

    token: str
    command: str
    method: str
    path: str
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    meant: Fate = Fate.ACKNOWLEDGED
    fate: Fate = Fate.UNKNOWN
    status: int | None = None
    position: int | None = None
    subject: str | None = None
    digest: str | None = None
    attempts: int = 0

    @property
    def key(self) -> str | None:
        """The idempotency key, if it was sent with one."""
        return self.headers.get("Idempotency-Key")


class Journal:
    """The entries of a run, and what clients saw that must not be. Safe to use from many threads."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.wrong: list[str] = []
        self.acknowledged = 0
        self._lock = threading.Lock()

    def open(self, entry: Entry) -> None:
        """Notes a command before it is sent: whatever becomes of the client, it is known."""
        with self._lock:
            self.entries[entry.token] = entry

    def acknowledge(self) -> None:
        """Counts one more answer, for those who wait for the run to get on."""
        with self._lock:
            self.acknowledged += 1

    def complain(self, what: str) -> None:
        """Notes what must not be."""
        with self._lock:
            self.wrong.append(what)

    def counts(self) -> dict[str, int]:
        """How many commands there are of each fate."""
        with self._lock:
            fates = [entry.fate for entry in self.entries.values()]
        return {fate.value: fates.count(fate) for fate in Fate}
