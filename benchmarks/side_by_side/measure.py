"""What was measured: rounds of each side, their median and spread, percentiles of single answers, goals reached or not.

A figure has sides that did the same in alternating rounds, so that all met the same weather. Of each round there is one
value and, where single answers were timed, their milliseconds.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter
from typing import Literal

Measured = Literal["value", "p50", "p95", "p99"]


@dataclass(frozen=True, slots=True)
class Round:
    """One round of one side. `milliseconds`: how long each single answer took, if that was measured."""

    value: float
    milliseconds: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Goal:
    """That `side` is `factor` times better than the side `than`; without `than`, that it reaches `factor` itself."""

    text: str
    side: str
    factor: float
    than: str | None = None
    of: Measured = "value"


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured, of several sides. More is better unless `less` is."""

    what: str
    unit: str
    sides: Mapping[str, Sequence[Round]]
    less: bool = False
    goals: Sequence[Goal] = field(default=())

    def value(self, side: str, of: Measured = "value") -> float | None:
        """The median of a side's rounds, or a percentile of all its single answers; `None` without any."""
        rounds = self.sides.get(side, ())
        if of == "value":
            return median(round.value for round in rounds) if rounds else None
        found = [each for round in rounds for each in round.milliseconds]
        return percentile(found, int(of[1:])) if found else None

    def spread(self, side: str) -> tuple[float, float]:
        """The lowest and the highest round."""
        values = [round.value for round in self.sides[side]]
        return min(values), max(values)

    def advantage(self, side: str, than: str, of: Measured = "value") -> float | None:
        """How many times better one side is than another; above 1 is better. `None` if either was not measured."""
        ours, theirs = self.value(side, of), self.value(than, of)
        if not ours or not theirs:
            return None
        return theirs / ours if self.less or of != "value" else ours / theirs

    def reached(self, goal: Goal) -> tuple[float, bool] | None:
        """How far a goal was reached, and whether that is enough; `None` if it was not measured."""
        if goal.than is not None:
            advantage = self.advantage(goal.side, goal.than, goal.of)
            return None if advantage is None else (advantage, advantage >= goal.factor)
        value = self.value(goal.side, goal.of)
        if value is None:
            return None
        return value, value <= goal.factor if self.less or goal.of != "value" else value >= goal.factor


def percentile(values: Sequence[float], share: int) -> float:
    """The value that so many in a hundred do not exceed. There must be one at least."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * share // 100)]


def load(callers: int, seconds: float, do: Callable[[int], object]) -> Round:
    """A round in which so many threads do `do(caller)` as often as they can; its value: how often a second."""
    until = perf_counter() + seconds

    def keep_doing(caller: int) -> list[float]:
        taken = []
        while (before := perf_counter()) < until:
            do(caller)
            taken.append(1_000 * (perf_counter() - before))
        return taken

    started = perf_counter()
    with ThreadPoolExecutor(callers) as pool:
        taken = [each for some in pool.map(keep_doing, range(callers)) for each in some]
    return Round(len(taken) / (perf_counter() - started), taken)


def timed(do: Callable[[], object]) -> float:
    """Seconds that it takes."""
    started = perf_counter()
    do()
    return perf_counter() - started


def interleaved(rounds: int, sides: Mapping[str, Callable[[], Round]]) -> dict[str, list[Round]]:
    """A B C A B C …: the rounds of each side."""
    found: dict[str, list[Round]] = {side: [] for side in sides}
    for _ in range(rounds):
        for side, measure in sides.items():
            found[side].append(measure())
    return found
