"""How far the books are, for those who wait until they are further.

Who waits is woken by the projector of this process, each when its position is reached and not before: of forty that
wait, a batch wakes those whose rows it wrote. Of a projector in another process nobody hears here, so when none has
been heard of lately, one of those who wait looks, for all of them.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from threading import Lock
from time import monotonic

_LOOK_AGAIN = 0.02
"""Seconds between two looks."""

_LATELY = 0.5
"""Seconds in which a projector of this process, if it is the active one, is heard of under load."""


class Arrivals:
    """The position that was last heard of, and who waits for later ones. Safe to use from many threads."""

    def __init__(self) -> None:
        self._reached = 0
        self._heard = -_LATELY
        self._waiting: list[tuple[int, int, Lock]] = []
        """A heap: the position, a number that makes entries differ, and the lock that is released at the arrival."""
        self._numbers = count()
        self._lock = Lock()
        self._looking = Lock()

    def reached(self, position: int) -> None:
        """The books have come to a position: the projector says so."""
        self._heard = monotonic()
        self._learn(position)

    def _learn(self, position: int) -> None:
        with self._lock:
            self._reached = max(self._reached, position)
            while self._waiting and self._waiting[0][0] <= self._reached:
                heappop(self._waiting)[2].release()

    def set_back(self, position: int) -> None:
        """The books are no further than this, whatever was heard."""
        with self._lock:
            self._reached = min(self._reached, position)

    def wait_for(self, position: int, timeout: float, look: Callable[[], int]) -> int:
        """Waits until the books have reached a position, but no longer than some seconds. Answers where they are.

        `look` looks where they are.
        """
        arrived = Lock()
        arrived.acquire()
        with self._lock:
            if self._reached >= position:
                return self._reached
            heappush(self._waiting, (position, next(self._numbers), arrived))
        deadline = monotonic() + timeout
        while not arrived.acquire(timeout=_LOOK_AGAIN):
            if monotonic() > deadline:
                self._learn(look())
                break
            if monotonic() - self._heard > _LATELY and self._looking.acquire(blocking=False):
                try:
                    self._learn(look())
                finally:
                    self._looking.release()
        return self._reached
