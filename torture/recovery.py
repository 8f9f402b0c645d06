"""How long after a fault a write that began after it is acknowledged: by any server, and by each of them."""

import threading
import time
from dataclasses import dataclass, field
from statistics import median


@dataclass(slots=True)
class _Pending:
    kind: str
    began: float
    servers: set[str]
    first: float | None = None


@dataclass(slots=True)
class Recoveries:
    """Of the faults of a run. Those that overlap count each for itself, so each with what the others add to it."""

    servers: frozenset[str]
    took: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    _pending: list[_Pending] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fault(self, kind: str) -> None:
        """A fault begins now."""
        with self._lock:
            self._pending.append(_Pending(kind, time.monotonic(), set(self.servers)))

    def answered(self, server: str, began: float) -> None:
        """A server has acknowledged a write that was sent at `began`."""
        now = time.monotonic()
        with self._lock:
            for each in self._pending:
                if began < each.began:
                    continue
                if each.first is None:
                    each.first = now - each.began
                each.servers.discard(server)
                if not each.servers:
                    self.took.setdefault(each.kind, []).append((each.first, now - each.began))
            self._pending = [each for each in self._pending if each.servers]

    def recovered(self) -> bool:
        """Whether none is waited for."""
        with self._lock:
            return not self._pending

    def summary(self, kind: str | None = None) -> tuple[float, ...] | None:
        """Of a kind or of all, in seconds: median and maximum until any server, then until each; `None` without any."""
        with self._lock:
            took = [times for name, known in self.took.items() if kind in (None, name) for times in known]
        if not took:
            return None
        return tuple(round(of(times), 3) for times in zip(*took, strict=True) for of in (median, max))
