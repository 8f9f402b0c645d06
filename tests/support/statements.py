"""How many statements a question sends to the server."""

import sys
import tempfile
from collections.abc import Callable
from typing import Any

import pytest

from projections.reading import Reading

COUNTED = pytest.mark.skipif(sys.platform != "linux", reason="psycopg traces its messages on Linux alone")
"""The mark of tests that count them."""


def sent(reading: Reading, ask: Callable[[], Any]) -> int:
    """How many statements went to the server, by libpq's own account."""
    reading.memo.clear()
    with tempfile.TemporaryFile() as trace:
        reading.connection.pgconn.trace(trace.fileno())
        try:
            ask()
        finally:
            reading.connection.pgconn.untrace()
        trace.seek(0)
        return sum(b"\tExecute\t" in line or b"\tQuery\t" in line for line in trace)
