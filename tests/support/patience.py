"""Waiting for what must come; how soon does not matter."""

import time
from collections.abc import Callable

PATIENCE = 20.0


def until(true: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Until something is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)
