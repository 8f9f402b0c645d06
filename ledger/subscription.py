"""Following the ledger's tail, event after event.

It polls every 250 ms, and is woken earlier by appends of this process and by announcements of others, on
which nothing depends: a lost notification costs a quarter of a second, a killed connection no more than that.
When the database is away it waits for it to come back.
"""

import logging
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from eventsourcing.persistence import Notification, Subscription

from domain.errors import NotReady
from ledger.notify import Ear

if TYPE_CHECKING:
    from ledger.recorder import LedgerRecorder

_LOG = logging.getLogger(__name__)

POLL = 0.25
BATCH = 500


class LedgerSubscription(Subscription["LedgerRecorder"]):
    """Iterates over everything after a position, then waits for more. Used as a context manager.

    With `topics`, events of other types are passed over without holding the position back.
    """

    def __init__(self, recorder: "LedgerRecorder", gt: int | None = None, topics: Sequence[str] = ()) -> None:
        super().__init__(recorder, gt, topics)
        self._position = gt or 0
        self._batch: list[Notification] = []
        self._woken = threading.Event()
        self._forget = recorder.on_append(lambda _: self._woken.set())
        self._ear = Ear(recorder.database, lambda _: self._woken.set())

    def __exit__(self, *args: object, **kwargs: Any) -> None:
        super().__exit__(*args, **kwargs)
        self._forget()
        self._ear.close()

    def stop(self) -> None:
        """Ends the iteration, also from another thread."""
        super().stop()
        self._woken.set()

    def __next__(self) -> Notification:
        while not self._has_been_stopped:
            if not self._batch:
                self._batch = self._next_batch()
            if self._batch:
                return self._batch.pop()
            self._woken.wait(POLL)
        raise StopIteration

    def _next_batch(self) -> list[Notification]:
        """What is new, last one first, so that it can be popped."""
        self._woken.clear()
        try:
            head = self._recorder.head().position
            batch = self._recorder.stored_after(self._position, BATCH, head, self._topics or None)
        except NotReady as error:
            _LOG.warning("Following the ledger at %s is interrupted: %s", self._position, error)
            return []
        # A batch that is not full has seen everything up to the head, whatever the topics.
        self._position = batch[-1].id if len(batch) == BATCH else head
        return list(reversed(batch))
