"""How far the books are, for those who wait until they are further.

Who waits is woken by the projector of this process, each when its position is reached and not before: of forty that
wait, a batch wakes those whose rows it wrote. A projector in another process is heard of by NOTIFY (`ledger.notify`),
which anybody might send: so what it tells is a reason to look, and no more. Where nothing has been heard lately, one of
those who wait looks, for all of them.
"""

import logging
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from threading import Lock
from time import monotonic

from domain.errors import NotReady

_LOG = logging.getLogger(__name__)

_LOOK_AGAIN = 0.02
"""Seconds between two looks."""

_LATELY = 0.5
"""Seconds in which a projector of this process, if it is the active one, is heard of under load."""


class Arrivals:
    """The position that was last heard of, and who waits for later ones. Safe to use from many threads."""

    def __init__(self) -> None:
        self._reached = 0
        self._told = 0
        self._furthest = 0
        self._heard = -_LATELY
        self._waiting: list[tuple[int, int, Lock]] = []
        """A heap: the position, a number that makes entries differ, and the lock that is released at the arrival."""
        self._numbers = count()
        self._listening: list[Callable[[int], object]] = []
        self._lock = Lock()
        self._looking = Lock()

    @property
    def furthest(self) -> int:
        """Where the books were ever found to be: a crash may set them back (decision 16), but no read."""
        return self._furthest

    @property
    def stands(self) -> int:
        """The position that was last heard of."""
        return self._reached

    def listen(self, callback: Callable[[int], object]) -> Callable[[], None]:
        """Calls back whenever a position is heard of; call the answer to end that.

        It is called in the thread that heard, so it should do no more than wake somebody, and it must not raise.
        """
        with self._lock:
            self._listening = [*self._listening, callback]

        def end() -> None:
            with self._lock:
                self._listening = [other for other in self._listening if other is not callback]

        return end

    def expect(self, position: int) -> None:
        """The books must have been said to be there, though nobody heard it here."""
        with self._lock:
            self._furthest = max(self._furthest, position)

    def reached(self, position: int) -> None:
        """The books have come to a position: the projector says so."""
        self._heard = monotonic()
        self._learn(position)

    def told(self, position: int, look: Callable[[], int]) -> None:
        """Another process says that the books have come so far; 0 if nobody knows what it said."""
        with self._lock:
            self._told = max(self._told, position)
            due = bool(self._waiting) and (not position or self._waiting[0][0] <= position)
            due = due or (bool(self._listening) and (not position or self._reached < position))
        if due:
            try:
                self._learn(look())
            except NotReady as error:
                _LOG.debug("Whoever waits will look: %s", error)
            else:
                self._heard = monotonic()

    def _learn(self, position: int) -> None:
        with self._lock:
            self._reached = max(self._reached, position)
            self._furthest = max(self._furthest, position)
            while self._waiting and self._waiting[0][0] <= self._reached:
                heappop(self._waiting)[2].release()
            listening = self._listening
        for callback in listening:
            callback(position)

    def set_back(self, position: int) -> None:
        """The books are no further than this, whatever was heard."""
        with self._lock:
            self._reached = min(self._reached, position)
            self._told = min(self._told, position)

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
            told = self._told >= position
        if told:  # before we came
            self._learn(look())
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
