"""How long something takes, and how a figure is told."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `theirs`: the library's figure in the same unit; more is better unless `less` is."""

    what: str
    ours: float
    unit: str
    theirs: float | None = None
    less: bool = False

    @property
    def ratio(self) -> float | None:
        """How many times better than the library we are."""
        if self.theirs is None:
            return None
        return self.theirs / self.ours if self.less else self.ours / self.theirs


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured."""

    seconds: float
    rounds: int
    check_ins: int
    projected: int
    quarters: tuple[int, ...]
    """Sizes of ledgers to grow, in quarters of about 10,500 events."""


FULL = Effort(seconds=3, rounds=5, check_ins=8, projected=5_000, quarters=(1, 10, 96))
QUICK = Effort(seconds=0.7, rounds=3, check_ins=2, projected=1_000, quarters=(1, 4))


def rate(callers: int, seconds: float, do: Callable[[int], None]) -> float:
    """How often `do(caller)` is done in a second by so many callers at once."""
    until = perf_counter() + seconds

    def keep_doing(caller: int) -> int:
        count = 0
        while perf_counter() < until:
            do(caller)
            count += 1
        return count

    started = perf_counter()
    with ThreadPoolExecutor(callers) as pool:
        count = sum(pool.map(keep_doing, range(callers)))
    return count / (perf_counter() - started)


def seconds(do: Callable[[], object]) -> float:
    """How long it takes."""
    started = perf_counter()
    do()
    return perf_counter() - started


def milliseconds(times: int, do: Callable[[], object]) -> float:
    """How long it takes, as a rule."""
    return 1_000 * median(seconds(do) for _ in range(times))
