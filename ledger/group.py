"""Group commit: commands that wait at the same moment are recorded in one transaction.

A commit costs a write to disk that everybody else waits for, since appends pass the head one after the other. So
whoever has the turn takes along all that wait behind it, up to 500, and nobody waits for company: alone, a command
goes at once. Each keeps its own outcome: a conflict of one does not touch the others, and when the database cannot take
a group, it is sent again in halves, until only those fail that are at fault.

The turn is handed on, to the first that came meanwhile. With one lock that all of them want, those who have their
outcome already stand in line for it too, and the next group leaves before they are back with more: measured with a
hundred threads, groups of two instead of fifty. Those who have their outcome wake one another, each the next: fifty
threads that are woken at once fight for the interpreter, which costs more than all else that is done for them.

Who cannot wait with a thread of their own (an event loop) submits an append, and is called back. A thread of the
group's takes the turn of those, and tells all of a batch that wait in the same place by one call.

What waits is bounded, in number and in time. Whoever finds too many, or waits too long for a turn, is told to try
again; nothing was recorded of it. `close()` takes no more, and waits for those that were taken.
"""

from collections import deque
from collections.abc import Callable, Sequence
from contextvars import Context, copy_context
from itertools import pairwise
from queue import SimpleQueue
from threading import Condition, Lock, Thread
from typing import TypeAlias

import psycopg

from domain.errors import NotReady
from ledger.append import Append, Outcome

MOST = 500
"""Appends in one transaction."""

MOST_WAITING = 2_000
PATIENCE = 10.0
"""Seconds to wait for a turn. Being sent has bounds of its own (migration 0012, `ledger.database`)."""


Tell: TypeAlias = Callable[[Sequence["Waiting"]], object]
"""Takes what is done. It is called by whoever sent it, so it should do no more than hand it on."""


class Waiting:
    """An append in the queue, and what became of it. `woken` is released when it is done, or has the turn."""

    __slots__ = ("append", "context", "failure", "following", "has_turn", "outcome", "tell", "woken")

    def __init__(self, append: Append, tell: Tell | None = None) -> None:
        self.append = append
        self.outcome: Outcome | None = None
        self.failure: BaseException | None = None
        self.has_turn = False
        self.following: Waiting | None = None
        """Whom to wake when woken."""
        self.tell = tell
        """Whom to call when it is done, if nobody waits for it here."""
        self.context: Context | None = None
        self.woken: Lock | None = None
        if tell is None:
            self.woken = Lock()
            self.woken.acquire()
        else:
            self.context = copy_context()

    def result(self) -> Outcome:
        """The outcome; raises what sending it raised."""
        if self.outcome is None:
            assert self.failure is not None  # noqa: S101
            raise self.failure
        return self.outcome


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
        self._queue: deque[Waiting] = deque()
        self._turn_taken = False
        self._closed = False
        self._lock = Lock()
        """Held for the queue and the turn, never while sending."""
        self._idle = Condition(self._lock)
        self._thread: Thread | None = None
        self._turns: SimpleQueue[Context | None] = SimpleQueue()
        """A context for each turn that the group's own thread is to take; `None` ends it."""

    def append(self, append: Append) -> Outcome:
        """The outcome of one append.

        Raises `NotReady` if it could not be sent (`busy`), and what sending raised. Unless that is an error that the
        database answered, it is not known then whether it was recorded.
        """
        waiting = Waiting(append)
        if self._queued(waiting) or self._wait(waiting):
            self._take_turn()
        return waiting.result()

    def submit(self, append: Append, tell: Tell) -> Waiting:
        """Takes an append in, and calls back when it has a result. Raises `NotReady` if it cannot be sent (`busy`)."""
        waiting = Waiting(append, tell)
        if self._queued(waiting):
            self._have_sent(waiting)
        return waiting

    def give_up(self, waiting: Waiting) -> bool:
        """Takes an append back, unless it is being sent; answers whether that was so. Nobody is called then."""
        with self._lock:
            if waiting.has_turn or waiting not in self._queue:
                return False
            self._queue.remove(waiting)
            return True

    def close(self, timeout: float = PATIENCE) -> bool:
        """Takes no more, and waits until what was taken is done. Answers whether it is, after so many seconds."""
        with self._idle:
            self._closed = True
            done = self._idle.wait_for(lambda: not self._turn_taken, timeout)
        if done:
            self._turns.put(None)
        return done

    def _queued(self, waiting: Waiting) -> bool:
        """Puts it in the queue; answers whether the turn is its own."""
        with self._lock:
            if self._closed:
                raise NotReady("The server is stopping; nothing was recorded.", slug="busy")
            if len(self._queue) >= self._most_waiting:
                raise NotReady("Too many writes are waiting; nothing was recorded.", slug="busy")
            self._queue.append(waiting)
            waiting.has_turn, self._turn_taken = not self._turn_taken, True
            return waiting.has_turn

    def _have_sent(self, waiting: Waiting) -> None:
        """Has the group's own thread take the turn of one that nobody waits for."""
        try:
            with self._lock:
                if self._thread is None:
                    thread = Thread(target=self._send_others, name="committer", daemon=True)
                    thread.start()
                    self._thread = thread
        except RuntimeError:  # the system has no thread left: then here, though others wait meanwhile
            self._take_turn()
            return
        self._turns.put(waiting.context)

    def _send_others(self) -> None:
        while (context := self._turns.get()) is not None:
            context.run(self._take_turn)  # lines of the log name one of those whose commit it is

    def _wait(self, waiting: Waiting) -> bool:
        """Waits until it is done, or has the turn; answers which."""
        woken = waiting.woken
        assert woken is not None  # noqa: S101
        if not woken.acquire(timeout=self._patience):
            if self.give_up(waiting):
                raise waited_too_long()
            woken.acquire()  # it is being sent
        _wake(waiting.following)
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
        if following is not None and following.tell is not None:
            self._have_sent(following)
        else:
            _wake(following)
        # The first of the batch had the turn: it is this thread, or nobody is waiting for it.
        waiting_here = [waiting for waiting in batch[1:] if waiting.tell is None]
        for one, other in pairwise(waiting_here):
            one.following = other
        _wake(waiting_here[0] if waiting_here else None)
        _tell([waiting for waiting in batch if waiting.tell is not None])

    def _send_all(self, batch: Sequence[Waiting]) -> None:
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


def waited_too_long() -> NotReady:
    """What whoever waited in vain for a turn is told."""
    return NotReady("This write waited too long for its turn; nothing was recorded.", slug="busy")


def _wake(waiting: Waiting | None) -> None:
    if waiting is not None and waiting.woken is not None:
        waiting.woken.release()


def _tell(done: Sequence[Waiting]) -> None:
    """Calls everybody once, for all of theirs."""
    found: dict[Tell, list[Waiting]] = {}
    for waiting in done:
        if waiting.tell is not None:
            found.setdefault(waiting.tell, []).append(waiting)
    for tell, some in found.items():
        tell(some)
