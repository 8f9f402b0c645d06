"""One run: faults by plan, one soon after another, beside those that need not keep out of its way; then the count."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import psutil  # type: ignore[import-untyped]
import psycopg

from ledger.cluster import ClusterError
from torture.checking import Findings
from torture.faults import KINDS, Kind, plan
from torture.inspecting import Witness, inspect, watch
from torture.stage import Stage

_PROGRESS, _PATIENCE = 5, 3.0
"""So many commands must be acknowledged after a fault before the next one, unless that takes so many seconds."""
_ATTEMPTS = 5


@dataclass(slots=True)
class Order:
    """What is wanted. `only`: names of kinds, all if empty; `minutes`: after which no further fault begins."""

    faults: int = 1000
    seed: int = 1
    only: Sequence[str] = ()
    minutes: float | None = None
    clients: int = 6
    each: int = 250
    """Faults between two checks."""
    pause: float = 0.35
    """Mean seconds between two faults."""


@dataclass(slots=True)
class Result:
    """What came of it."""

    order: Order
    faults: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    """Faults that did not come to it, as when PostgreSQL was down already."""
    skipped: list[str] = field(default_factory=list)
    commands: dict[str, int] = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings)
    recoveries: dict[str, tuple[float, ...]] = field(default_factory=dict)
    events: int = 0
    seconds: float = 0.0
    checks: int = 0


def run(order: Order, folder: Path, say: Callable[[str], None]) -> Result:
    """Runs it in a folder of its own."""
    result, began = Result(order), time.monotonic()
    stage = Stage(folder, order.seed, order.clients)
    try:
        _Run(stage, order, result, say).go()
    finally:
        stage.close()
        result.seconds = time.monotonic() - began
    return result


class _Run:
    def __init__(self, stage: Stage, order: Order, result: Result, say: Callable[[str], None]) -> None:
        self._stage, self._order, self._result, self._say = stage, order, result, say
        self._dice = Random(order.seed)
        self._witness = Witness(stage.folder / "checkpoints")
        self._locks: dict[str, threading.Lock] = {}
        self._threads: list[threading.Thread] = []

    def go(self) -> None:
        """All faults, with checks on the way and one at the end."""
        kinds = [kind for kind in KINDS.values() if not self._order.only or kind.name in self._order.only]
        possible = [kind for kind in kinds if kind.is_possible(self._stage)]
        self._result.skipped = [kind.name for kind in kinds if kind not in possible]
        end = None if self._order.minutes is None else time.monotonic() + self._order.minutes * 60
        left = plan(possible, self._order.faults, self._dice)
        for number in range(1, len(left) + 1):
            if end is not None and time.monotonic() > end:
                break
            self._inject(self._next(left), Random(f"{self._order.seed} fault {number}"))
            time.sleep(self._dice.uniform(0, 2 * self._order.pause))
            if number % 5 == 0:
                watch(self._stage, self._witness, self._dice)
            if number % self._order.each == 0 and left:
                self._check(f"after {number} faults")
        self._check("at the end")
        self._conclude()

    def _next(self, left: list[Kind]) -> Kind:
        """The first that need not wait for another; if all must, the first."""
        free = (kind for kind in left if not self._lock(kind).locked())
        kind = next(free, left[0])
        left.remove(kind)
        return kind

    def _lock(self, kind: Kind) -> threading.Lock:
        """Held by a fault whose needs others have, too."""
        return self._locks.setdefault(kind.needs, threading.Lock()) if kind.needs else threading.Lock()

    def _inject(self, kind: Kind, dice: Random) -> None:
        """Begins a fault as soon as there is progress, and what it needs is free."""
        enough, deadline = self._stage.journal.acknowledged + _PROGRESS, time.monotonic() + _PATIENCE
        while self._stage.journal.acknowledged < enough and time.monotonic() < deadline:
            time.sleep(0.005)
        lock = self._lock(kind)
        lock.acquire()
        thread = threading.Thread(target=self._carry_out, args=(kind, dice, lock), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _carry_out(self, kind: Kind, dice: Random, lock: threading.Lock) -> None:
        try:
            for attempt in range(1, _ATTEMPTS + 1):
                self._note(f"{kind.name} begins, attempt {attempt}")
                if not kind.breaks_later:
                    self._stage.recoveries.fault(kind.name)
                if self._came_about(kind, dice):
                    self._result.faults[kind.name] += 1
                    return
                time.sleep(0.2)
            self._result.missed[kind.name] += 1
        except Exception as error:  # whatever it is, the report must say it
            self._stage.journal.complain(f"the fault {kind.name} failed: {error!r}")
            raise
        finally:
            lock.release()

    def _note(self, what: str) -> None:
        """For who reads the servers' logs beside it."""
        with (self._stage.folder / "faults.log").open("a") as log:
            log.write(f"{datetime.now(UTC):%F %T.%f} {what}\n")

    def _came_about(self, kind: Kind, dice: Random) -> bool:
        did = False
        try:
            did = kind.run(self._stage, dice)
        except (psycopg.OperationalError, psutil.Error, FileNotFoundError, ClusterError) as error:
            # PostgreSQL is down already, or what was to be broken is gone.
            self._note(f"{kind.name}: {error!r}")
        self._note(f"{kind.name} ends: {'it came about' if did else 'it did not come about'}")
        return did

    def _check(self, when: str) -> None:
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        with self._stage.quiet():
            watch(self._stage, self._witness, self._dice)
            try:
                found = inspect(self._stage, self._witness, self._dice)
            except RuntimeError as error:  # a server that does not answer any more
                found = Findings(wrong=[str(error)])
        self._result.checks += 1
        for name in ("lost", "doubled", "wrong"):
            into: list[Any] = getattr(self._result.findings, name)
            into += [each for each in getattr(found, name) if each not in into]
        self._say(
            f"{when}, {sum(self._result.faults.values())} came about: {self._stage.journal.counts()}, "
            f"lost {len(found.lost)}, doubled {len(found.doubled)}, "
            f"wrong {len(found.wrong) + len(self._stage.journal.wrong)}"
        )

    def _conclude(self) -> None:
        self._result.findings.wrong += self._stage.journal.wrong
        self._result.commands = self._stage.journal.counts()
        with self._stage.postgres.admin() as admin:
            row = admin.execute("SELECT position FROM quarterdeck.head").fetchone()
        self._result.events = row[0] if row else 0
        recoveries = self._stage.recoveries
        for name in (None, *sorted(recoveries.took)):
            if (summary := recoveries.summary(name)) is not None:
                self._result.recoveries[name or "all"] = summary
