"""The processes of one server: started, watched, started again when they die, and ended in order.

    supervisor, which has the port ─┬─▶ process 0 keeps the books and the tree (projector, sealer)
                                    ├─▶ process 1 serves the API
                                    └─▶ …

What is recorded by those that serve, the one that keeps is told of, and they of where the books are (`api.link`). The
supervisor does none of that and has no threads, so the others are forks of it and share its memory. The first is begun
alone and the rest when it is ready: a new ledger is made once, and what keeps a server from starting is told once.

A signal reaches the supervisor, which passes it on: to those that serve first, for what they have in hand may wait for
the books, and to the one that keeps when they are gone. They are in groups of their own, so that a Ctrl-C does not
reach them twice. Should the supervisor be killed, they end by themselves.
"""

import logging
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from threading import Thread
from time import monotonic, sleep
from types import FrameType
from typing import NoReturn

from ledger.errors import LedgerError

_LOG = logging.getLogger("quarterdeck.workers")

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_SHORT_LIFE = 5.0
"""Seconds. Who died sooner is not started again at once."""
_PAUSE = 1.0

Work = Callable[[int, Callable[[], None]], bool]
"""What a process does, given its number, from 0, and what to call when it is ready; whether it ended in order."""


class DiedEarly(LedgerError):
    """The first process ended before it was ready, and could not say why."""


@dataclass(slots=True)
class _Worker:
    number: int
    process: BaseProcess
    began: Connection
    """Says `None` when it is ready, or why it cannot be."""
    since: float


class Workers:
    """The processes of one server. `on_told` is called at the first signal to stop, `on_death` with who died."""

    def __init__(
        self, count: int, work: Work, on_told: Callable[[], None], on_death: Callable[[int], None] = lambda _: None
    ) -> None:
        self._count = count
        self._work = work
        self._on_told = on_told
        self._on_death = on_death
        self._alive: list[_Worker] = []
        self._told = False

    def run(self) -> bool:
        """Runs them until the process is told to stop. Answers whether all ended in order.

        Raises what kept the first from being ready, or `DiedEarly`.
        """
        before = {number: signal.signal(number, self._pass_on) for number in _SIGNALS}
        try:
            self._begin_first()
            for number in range(1, self._count):
                if not self._told:
                    self._start(number)
            return self._watch()
        finally:
            for worker in self._alive:
                worker.process.kill()
                worker.process.join()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _begin_first(self) -> None:
        first = self._start(0)
        try:
            error = first.began.recv()
        except EOFError:
            error = None if self._told else DiedEarly("The server ended while it started.")
        if error is not None:
            first.process.join()
            self._alive.remove(first)
            raise error

    def _watch(self) -> bool:
        in_order = True
        while self._alive:
            wait([worker.process.sentinel for worker in self._alive])
            for worker in [one for one in self._alive if not one.process.is_alive()]:
                self._alive.remove(worker)
                self._on_death(worker.process.pid or 0)
                code = worker.process.exitcode
                if self._told:
                    in_order = in_order and code == 0
                    if not any(one.number > 0 for one in self._alive):
                        self._tell(self._alive)
                    continue
                _LOG.error("Process %d ended with %s, and is started again.", worker.number, code)
                if monotonic() - worker.since < _SHORT_LIFE:
                    sleep(_PAUSE)
                if not self._told:
                    self._start(worker.number)
        return in_order

    def _start(self, number: int) -> _Worker:
        began, begun = multiprocessing.Pipe(duplex=False)
        with _blocked():  # it must not take a signal as we do
            process = multiprocessing.get_context("fork").Process(target=self._be, args=(number, begun))
            process.start()
            begun.close()
            worker = _Worker(number, process, began, monotonic())
            self._alive.append(worker)
        return worker

    def _pass_on(self, _signal: int, _frame: FrameType | None) -> None:
        if not self._told:
            self._told = True
            self._on_told()
        self._tell([one for one in self._alive if one.number > 0] or self._alive)

    @staticmethod
    def _tell(workers: Sequence[_Worker]) -> None:
        for worker in workers:
            with suppress(ProcessLookupError):
                os.kill(worker.process.pid or 0, signal.SIGTERM)

    def _be(self, number: int, begun: Connection) -> NoReturn:
        """The life of one, in its own process."""
        os.setpgid(0, 0)
        for name in _SIGNALS:
            signal.signal(name, _leave)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        Thread(target=_end_with_parent, name="parent", daemon=True).start()
        ready = False

        def is_ready() -> None:
            nonlocal ready
            ready = True
            with suppress(OSError):  # only of the first anybody waits for it
                begun.send(None)

        try:
            in_order = self._work(number, is_ready)
        except Exception as error:
            if ready or number > 0:
                _LOG.exception("Process %d fails", number)
            else:
                begun.send(error)  # who asked for the server is told
            sys.exit(1)
        sys.exit(0 if in_order else 1)


@contextmanager
def _blocked() -> Iterator[None]:
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
