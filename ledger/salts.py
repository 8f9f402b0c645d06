"""Salts for the commitments of free texts, from the system's random numbers, many at once.

Each question to the system lets go of the interpreter, and whoever has many threads gets it back after all of them.
"""

import os
from secrets import token_bytes

SALT_BYTES = 16
_AT_ONCE = 64


class Salts:
    """Salts that nobody else has. Safe to use from many threads, and in a process that was forked since."""

    def __init__(self) -> None:
        self._left: list[bytes] = []
        self._process = 0

    def new(self) -> bytes:
        """A salt that was never given out before."""
        process = os.getpid()
        if process != self._process:
            self._left, self._process = [], process
        try:
            return self._left.pop()  # at once: no two threads get the same
        except IndexError:
            drawn = token_bytes(SALT_BYTES * _AT_ONCE)
            salt, *left = [drawn[at : at + SALT_BYTES] for at in range(0, len(drawn), SALT_BYTES)]
            self._left = left
            return salt
