"""Failed credentials are limited: so many at once from one address or with one key, then one now and then.

Good credentials are never limited, wherever they come from and whatever failed before. So nobody can lock anybody
out, and a guess that is right is taken: what makes guessing hopeless is the length of the keys. The limit tells a
client that goes on with a key that expired, and makes whoever tries thousands plain to see: each is a line of the log,
with 429.

It is in the memory of this process, and small: what failed longest ago is forgotten first.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from math import ceil
from threading import Lock
from time import monotonic
from typing import NamedTuple

KEPT = 10_000
"""How many addresses and how many keys are remembered."""
SHOWN = 11
"""How much of a key tells it from others: `qd_` and eight characters, too few to guess the rest by."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many failures at once, and so many seconds until there may be another."""

    at_once: int
    seconds: float


BY_ADDRESS = Allowance(100, 1.0)
BY_KEY = Allowance(30, 5.0)


class _Left(NamedTuple):
    """What was left of an allowance at an instant."""

    failures: float
    at: float


class Attempts:
    """The failures of late. `clock`: seconds, of whatever beginning."""

    def __init__(
        self,
        by_address: Allowance = BY_ADDRESS,
        by_key: Allowance = BY_KEY,
        clock: Callable[[], float] = monotonic,
        kept: int = KEPT,
    ) -> None:
        self._by_address = _Failures(by_address, clock, kept)
        self._by_key = _Failures(by_key, clock, kept)
        self._lock = Lock()

    def failed(self, address: str, key: str | None) -> int | None:
        """Counts a failure. Answers how many seconds to wait, if there were too many; `None` otherwise."""
        network = _network(address)
        with self._lock:
            waits = [self._by_address.failed(network)]
            if key is not None:
                waits.append(self._by_key.failed(key[:SHOWN]))
        wait = max((wait for wait in waits if wait is not None), default=None)
        return None if wait is None else max(1, ceil(wait))


class _Failures:
    """An allowance for each of many, of which those are forgotten that failed longest ago."""

    def __init__(self, allowance: Allowance, clock: Callable[[], float], kept: int) -> None:
        self._allowance = allowance
        self._clock = clock
        self._kept = kept
        self._left: OrderedDict[str, _Left] = OrderedDict()

    def failed(self, who: str) -> float | None:
        """Counts one; answers the seconds until another may fail, if none may now."""
        now, most = self._clock(), float(self._allowance.at_once)
        before = self._left.pop(who, None)
        left = most if before is None else min(most, before.failures + (now - before.at) / self._allowance.seconds)
        allowed = left >= 1
        self._left[who] = _Left(left - 1 if allowed else left, now)
        while len(self._left) > self._kept:
            self._left.popitem(last=False)
        return None if allowed else (1 - left) * self._allowance.seconds


def _network(address: str) -> str:
    """The address; of IPv6 the first 64 bits, since whoever has one address has all of these."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return str(IPv6Address(int(found) >> 64 << 64))
    return str(found)
