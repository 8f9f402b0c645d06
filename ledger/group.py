"""Group commit: commands that wait at the same moment are recorded in one transaction.

A commit costs a write to disk that everybody else waits for, since appends pass the head one after the other. So
whoever has the turn takes along all that wait behind it, up to 500, and nobody waits for company: alone, a command
goes at once. Each keeps its own outcome: a conflict of one does not touch the others, and when the database cannot take
a group, it is sent again in halves, until only those fail that are at fault.

The turn is handed on, to the first that came meanwhile. With one lock that all of them want, those who have their
outcome already stand in line for it too, and the next group leaves before they are back with more: measured with a
hundred threads, groups of two instead of fifty. Those who have their outcome wake one another, each the next: fifty
threads that are woken at once fight for the interpreter, which costs more than all else that is done for them.

What waits is bounded, in number and in time. Whoever finds too many, or waits too long for a turn, is told to try
again; nothing was recorded of it. `close()` takes no more, and waits for those that were taken.
"""

from collections import deque
from collections.abc import Callable, Sequence
from itertools import pairwise
from threading import Condition, Lock

import psycopg

from domain.errors import NotReady
from ledger.append import Append, Outcome

MOST = 500
"""Appends in one transaction."""

MOST_WAITING = 2_000
PATIENCE = 10.0
"""Seconds to wait for a turn. Being sent has bounds of its own (migration 0012, `ledger.database`)."""


class _Waiting:
    """An append in the queue, and what became of it. `woken` is released when it is done, or has the turn."""

    __slots__ = ("append", "failure", "following", "has_turn", "outcome", "woken")

    def __init__(self, append: Append) -> None:
        self.append = append
        self.outcome: Outcome | None = None
        self.failure: BaseException | None = None
        self.has_turn = False
        self.following: _Waiting | None = None
        """Whom to wake when woken."""
        self.woken = Lock()
        self.woken.acquire()


class Group:
    """Takes single appends from many threads; `send` records several at once, an outcome each."""

    def __init__(
        self,
        send: Callable[[Sequence[Append]], Sequence[Outcome]],
        most_waiting: int = MOST_WAITING,
        patience: float = PATIENCE,
    ) -> None:
        self._send = send
        self._most_waiting = most_waiting
        self._patience = patience
        self._queue: deque[_Waiting] = deque()
        self._turn_taken = False
        self._closed = False
        self._lock = Lock()
        """Held for the queue and the turn, never while sending."""
        self._idle = Condition(self._lock)

    def append(self, append: Append) -> Outcome:
        """The outcome of one append.

        Raises `NotReady` if it could not be sent (`busy`), and what sending raised. Unless that is an error that the
        database answered, it is not known then whether it was recorded.
        """
        waiting = _Waiting(append)
        with self._lock:
            if self._closed:
                raise NotReady("The server is stopping; nothing was recorded.", slug="busy")
            if len(self._queue) >= self._most_waiting:
                raise NotReady("Too many writes are waiting; nothing was recorded.", slug="busy")
            self._queue.append(waiting)
            ours, self._turn_taken = not self._turn_taken, True
        if ours or self._wait(waiting):
            self._take_turn()
        if waiting.outcome is None:
            assert waiting.failure is not None  # noqa: S101
            raise waiting.failure
        return waiting.outcome

    def close(self, timeout: float = PATIENCE) -> bool:
        """Takes no more, and waits until what was taken is done. Answers whether it is, after so many seconds."""
        with self._idle:
            self._closed = True
            return self._idle.wait_for(lambda: not self._turn_taken, timeout)

    def _wait(self, waiting: _Waiting) -> bool:
        """Waits until it is done, or has the turn; answers which."""
        if not waiting.woken.acquire(timeout=self._patience):
            with self._lock:
                if waiting in self._queue and not waiting.has_turn:
                    self._queue.remove(waiting)
                    raise NotReady("This write waited too long for its turn; nothing was recorded.", slug="busy")
            waiting.woken.acquire()  # it is being sent
        if waiting.following is not None:
            waiting.following.woken.release()
        return waiting.has_turn

    def _take_turn(self) -> None:
        with self._lock:
            batch = [self._queue.popleft() for _ in range(min(MOST, len(self._queue)))]
        try:
            self._send_all(batch)
        except BaseException as failure:  # each of them raises it in its own thread
            for waiting in batch:
                if waiting.outcome is None and waiting.failure is None:
                    waiting.failure = failure
        with self._lock:
            following = self._queue[0] if self._queue else None
            self._turn_taken = following is not None
            if following is not None:
                following.has_turn = True
            else:
                self._idle.notify_all()
        if following is not None:
            following.woken.release()
        # The first of the batch had the turn: it is this thread.
        for one, other in pairwise(batch[1:]):
            one.following = other
        if len(batch) > 1:
            batch[1].woken.release()

    def _send_all(self, batch: Sequence[_Waiting]) -> None:
        try:
            outcomes = self._send([waiting.append for waiting in batch])
        except psycopg.Error as error:
            if error.sqlstate is None:
                raise
            # The database said no, so nothing was recorded.
            if len(batch) == 1:
                batch[0].failure = error
                return
            middle = len(batch) // 2
            self._send_all(batch[:middle])
            self._send_all(batch[middle:])
        else:
            for waiting, outcome in zip(batch, outcomes, strict=True):
                waiting.outcome = outcome
