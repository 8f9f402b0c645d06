"""What the processes of one server tell one another, quicker than by way of the database.

    who serves ── something was appended ──▶ who keeps the books and the tree ── the books are at N ──▶ all who serve

A number stands in memory that the processes share, and a byte in a pipe wakes who should look at it: nothing is lost
when a pipe is full, since whoever reads it then is awake. It is made before the processes are forked, and outlives each
of them. Other servers on the same ledger are told by NOTIFY, as ever (`ledger.notify`).
"""

import multiprocessing
import os
import struct
from collections.abc import Callable
from contextlib import suppress
from mmap import mmap
from threading import Thread

_POSITION = struct.Struct("@q")
_LENGTH = struct.Struct("@i")
_TEXT = 1_024
"""Bytes of what a sealer says of itself."""


class Link:
    """Between one process that keeps and so many that serve, numbered from 0."""

    def __init__(self, servers: int) -> None:
        self._memory = mmap(-1, _POSITION.size + _LENGTH.size + _TEXT)
        self._keeper = _Bell()
        self._callbacks: list[Callable[[], None]] = []
        self._servers = [_Bell() for _ in range(servers)]
        self._lock = multiprocessing.get_context("fork").Lock()

    def close(self) -> None:
        """Ends this process's share of it."""
        for bell in (self._keeper, *self._servers):
            bell.close()

    def appended(self, _position: int = 0) -> None:
        """Who keeps has something to do: who serves calls this after an append."""
        self._keeper.ring()

    def on_appended(self, callback: Callable[[], None]) -> None:
        """Calls back, in a thread of its own, when something was appended. For who keeps."""
        self._callbacks.append(callback)
        if len(self._callbacks) == 1:
            self._keeper.follow(self._call_back, "appends")

    def _call_back(self) -> None:
        for callback in tuple(self._callbacks):
            callback()

    def advanced(self, position: int) -> None:
        """The books have come to a position: who keeps calls this."""
        _POSITION.pack_into(self._memory, 0, position)
        for bell in self._servers:
            bell.ring()

    def on_advanced(self, server: int, callback: Callable[[int], None]) -> None:
        """Calls back, in a thread of its own, with where the books are, when they have moved. For who serves."""
        self._servers[server].follow(lambda: callback(_POSITION.unpack_from(self._memory)[0]), "books")

    def seal_is(self, error: str | None) -> None:
        """Why nothing is sealed; `None` if it is. Who keeps calls this."""
        text = (error or "").encode()[:_TEXT]
        with self._lock:
            at = _POSITION.size
            _LENGTH.pack_into(self._memory, at, len(text))
            self._memory[at + _LENGTH.size : at + _LENGTH.size + len(text)] = text

    def seal(self) -> str | None:
        """Why nothing is sealed; `None` if it is."""
        with self._lock:
            at = _POSITION.size
            (length,) = _LENGTH.unpack_from(self._memory, at)
            text = self._memory[at + _LENGTH.size : at + _LENGTH.size + length]
        return text.decode(errors="replace") or None


class _Bell:
    """A pipe: whoever follows it is woken by who rings, once for however many rings there were meanwhile."""

    def __init__(self) -> None:
        self._reads, self._rings = os.pipe()
        os.set_blocking(self._rings, False)

    def ring(self) -> None:
        with suppress(BlockingIOError):  # full: it was rung often, and is still to be heard
            os.write(self._rings, b"!")

    def follow(self, callback: Callable[[], None], name: str) -> None:
        Thread(target=self._follow, args=(callback,), name=name, daemon=True).start()

    def _follow(self, callback: Callable[[], None]) -> None:
        while os.read(self._reads, 65_536):
            callback()

    def close(self) -> None:
        os.close(self._reads)
        os.close(self._rings)
