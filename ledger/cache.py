"""Histories as they were last seen, as many as fit into so much memory.

A history is weighed by what its facts come to: each a kilobyte with the state after it, and besides what it says
at length, since a batch of measurements is one fact and may be as large as a thousand check-ins.
"""

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Any, NamedTuple

from domain.history import History
from domain.kernel import Event, Ref
from domain.lean import lean

MOST_BYTES = 64_000_000
"""Some 58,000 check-ins: four thousand key results with fourteen each."""

FACT, ITEM = 1_050, 600
"""Bytes of a fact with its event and what a state adds to the one before it, as measured of check-ins; and of each
thing in a list, such as a point of a KPI."""


class _Kept(NamedTuple):
    history: History[Any]
    bytes: int


class Cache:
    """The least recently used is given up first. Safe to use from many threads.

    It may be behind: a decision that was made on something old does not pass its guards, and a refusal is only
    final when it was reached without the cache (`ledger.application`).
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[Ref, _Kept] = OrderedDict()
        self._lock = Lock()

    def get(self, ref: Ref) -> History[Any] | None:
        """The history as last seen."""
        with self._lock:
            found = self._kept.get(ref)
            if found is None:
                return None
            self._kept.move_to_end(ref)
            return found.history

    def put(self, history: History[Any]) -> None:
        """Keeps a history, unless a longer one is there."""
        history.only_now()
        with self._lock:
            before = self._kept.get(history.ref)
            if before is not None and before.history.version > history.version:
                return
            more = _weight(history, before.history.version if before else 0)
            self._kept[history.ref] = _Kept(history, more + (before.bytes if before else 0))
            self._kept.move_to_end(history.ref)
            self._bytes += more
            while self._bytes > self._most and len(self._kept) > 1:
                self._bytes -= self._kept.popitem(last=False)[1].bytes

    def drop(self, refs: Sequence[Ref]) -> None:
        """Forgets histories that turned out to be old, or that must be read again."""
        with self._lock:
            for ref in refs:
                gone = self._kept.pop(ref, None)
                self._bytes -= gone.bytes if gone else 0


def _weight(history: History[Any], known: int) -> int:
    """What the facts after a version come to, now that they are kept; nearly always the last ones in the fold, too."""
    bytes_, left = 0, history.version - known
    for fact in reversed(history.facts):
        if left == 0:
            break
        if fact.version > known:
            bytes_ += _bytes(fact.event)
            left -= 1
    return bytes_


def _bytes(event: Event) -> int:
    more = 0
    for value in lean(event).__dict__.values():
        if type(value) is str:
            more += len(value)
        elif type(value) is tuple:
            more += ITEM * len(value)
    return FACT + more
