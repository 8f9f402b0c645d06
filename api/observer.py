"""Who watches a server: its figures, and the traces if somebody wants them."""

from collections.abc import Sequence
from contextlib import AbstractContextManager

from api.metrics import Metrics
from api.tracing import Tracer
from ledger.append import Outcome
from ledger.watch import Watch


class Observer(Watch):
    """Hands on what the ledger and the books tell of themselves."""

    def __init__(self, metrics: Metrics | None, tracer: Tracer | None) -> None:
        self._metrics = metrics
        self._tracer = tracer

    def appended(self, outcomes: Sequence[Outcome], seconds: float) -> None:
        """Counts."""
        if self._metrics is not None:
            self._metrics.appended(outcomes, seconds)

    def span(self, name: str, **about: int | str) -> AbstractContextManager[None]:
        """A span of the trace."""
        return super().span(name) if self._tracer is None else self._tracer.span(name, about)
