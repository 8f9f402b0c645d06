"""How the server ends: told once, in order; told twice, at once.

    SIGTERM ─▶ not ready; what is new is refused with 503, what is in hand goes on ─▶ a moment later, or when nobody is
    connected any more: no port ─▶ what is in hand is finished ─▶ projector, sealer, pool and database are closed

During the moment each answer closes its connection. So who sends one request after the other is told, and does not
meet a connection that ends under a request of theirs.
"""

from time import monotonic
from types import FrameType

import uvicorn

from api.runtime import Runtime

DRAIN = 0.5
"""Seconds that new requests are refused in before the port is closed."""


class Server(uvicorn.Server):
    """uvicorn's, with that moment."""

    def __init__(self, config: uvicorn.Config, runtime: Runtime) -> None:
        super().__init__(config)
        self._runtime = runtime
        self._told: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """The first time begins the end, the second cuts off what is in hand."""
        self._runtime.stopping = True
        if self._told is None:
            self._told = monotonic()
        else:
            self.should_exit = self.force_exit = True

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: whether to close the port."""
        if self._told is not None and (not self.server_state.connections or monotonic() - self._told > DRAIN):
            self.should_exit = True
        return await super().on_tick(counter)
