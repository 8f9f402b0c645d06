"""Group commit: commands that wait at the same moment are recorded in one transaction.

A commit costs a write to disk that everybody else waits for, since appends pass the head one after the other. So
whoever has the turn takes along all that wait behind it, up to 500, and nobody waits for company: alone, a command
goes at once. Each keeps its own outcome, and a conflict of one does not touch the others.

The turn is handed on, to the first that came meanwhile. With one lock that all of them want, those who have their
outcome already stand in line for it too, and the next group leaves before they are back with more: measured with a
hundred threads, groups of two instead of fifty.
"""

from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock

from ledger.append import Append, Outcome

MOST = 500


class _Waiting:
    """An append in the queue, and what became of it. `woken` is released when it is done, or has the turn."""

    __slots__ = ("append", "failure", "outcome", "woken")

    def __init__(self, append: Append) -> None:
        self.append = append
        self.outcome: Outcome | None = None
        self.failure: BaseException | None = None
        self.woken = Lock()
        self.woken.acquire()

    @property
    def done(self) -> bool:
        """Whether it was sent, with whatever result."""
        return self.outcome is not None or self.failure is not None


class Group:
    """Takes single appends from many threads; `send` records several at once, an outcome each."""

    def __init__(self, send: Callable[[Sequence[Append]], Sequence[Outcome]]) -> None:
        self._send = send
        self._queue: deque[_Waiting] = deque()
        self._turn_taken = False
        self._lock = Lock()
        """Held for the queue and the turn, never while sending."""

    def append(self, append: Append) -> Outcome:
        """The outcome of one append. Raises what sending raised; then it is not known whether it was recorded."""
        waiting = _Waiting(append)
        with self._lock:
            self._queue.append(waiting)
            ours, self._turn_taken = not self._turn_taken, True
        if not ours:
            waiting.woken.acquire()
        if not waiting.done:
            self._take_turn()
        if waiting.outcome is None:
            assert waiting.failure is not None  # noqa: S101
            raise waiting.failure
        return waiting.outcome

    def _take_turn(self) -> None:
        with self._lock:
            batch = [self._queue.popleft() for _ in range(min(MOST, len(self._queue)))]
        try:
            outcomes = self._send([waiting.append for waiting in batch])
            for waiting, outcome in zip(batch, outcomes, strict=True):
                waiting.outcome = outcome
        except BaseException as failure:  # each of them raises it in its own thread
            for waiting in batch:
                waiting.failure = failure
        with self._lock:
            following = self._queue[0] if self._queue else None
            self._turn_taken = following is not None
        for waiting in (*([following] if following else []), *batch):
            waiting.woken.release()
