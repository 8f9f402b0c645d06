"""How a KPI stands: its health against the target, its trend, and whether its measurements are overdue.

The rules and their sources are in `docs/scoring.md`.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal, assert_never

from domain.kpi.events import Direction, Frequency
from domain.kpi.state import Target
from domain.scoring import ZERO, end_of

Health = Literal["on_track", "at_risk", "off_track", "no_data"]
Trend = Literal["improving", "flat", "worsening"]

OVERDUE: dict[Frequency, timedelta] = {
    "daily": timedelta(days=1.5),
    "weekly": timedelta(days=10.5),
    "monthly": timedelta(days=46),
    "quarterly": timedelta(days=138),
    "yearly": timedelta(days=549),
}
"""How old the newest point may be: its period plus half of it. An irregular KPI is never overdue."""

TREND_POINTS = 3
"""How many points a trend is seen in, at most."""


def health(direction: Direction, target: Target | None, value: Decimal | None) -> Health:
    """How the latest value stands against the target of its day.

    A target that a late change has left without what the direction needs says nothing.
    """
    if target is None or value is None:
        return "no_data"
    match direction:
        case "maintain":
            if target.low is None or target.high is None:
                return "no_data"
            return "on_track" if target.low <= value <= target.high else "off_track"
        case "increase" | "decrease":
            if target.target is None:
                return "no_data"
            if _reaches(direction, value, target.target):
                return "on_track"
            near = target.at_risk is not None and _reaches(direction, value, target.at_risk)
            return "at_risk" if near else "off_track"
        case _:
            assert_never(direction)


def _reaches(direction: Literal["increase", "decrease"], value: Decimal, goal: Decimal) -> bool:
    return value >= goal if direction == "increase" else value <= goal


def trend(direction: Direction, values: Sequence[Decimal], target: Target | None) -> Trend | None:
    """Which way the last points go, oldest first, of which the last three count; `None` with fewer than two.

    For a KPI to maintain, nearer to the range of the latest point's target is better.
    """
    seen = values[-TREND_POINTS:]
    if len(seen) < 2:
        return None
    first, last = seen[0], seen[-1]
    match direction:
        case "increase":
            return _way(last.compare(first))
        case "decrease":
            return _way(first.compare(last))
        case "maintain":
            if target is None or target.low is None or target.high is None:
                return None
            return _way(_outside(target.low, target.high, first).compare(_outside(target.low, target.high, last)))
        case _:
            assert_never(direction)


def _way(sign: Decimal) -> Trend:
    if sign == 0:
        return "flat"
    return "improving" if sign > 0 else "worsening"


def _outside(low: Decimal, high: Decimal, value: Decimal) -> Decimal:
    """How far the value lies from the range; 0 in it."""
    return max(low - value, value - high, ZERO)


def stale(frequency: Frequency, newest_on: date | None, at: datetime) -> bool:
    """Whether the next point is overdue at the instant. Without any point there is nothing to be stale."""
    if newest_on is None or frequency == "irregular":
        return False
    return at - end_of(newest_on) > OVERDUE[frequency]
