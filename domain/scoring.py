"""The arithmetic of scores: how values become progress, scores, bands and paces.

A cycle names the policy by which it is scored. `linear-v1` is the rule; `linear-measured-v1` is the same but for
what enters an objective's mean (`enters`). The rules and their sources are in `docs/scoring.md`. All arithmetic is
decimal with 40 significant digits; rounding happens only in answers (`six`). Before a result is compared or rounded
it is brought to 20 decimals, so that thirds which add up to a half count as the half they are.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from functools import lru_cache, reduce
from typing import Literal, NamedTuple, assert_never

from domain.measures import (
    ZONES,
    AnyMeasure,
    Between,
    Boolean,
    Graded,
    Metric,
    Milestones,
    Threshold,
    Value,
    Zones,
)

POLICY = "linear-v1"
MEASURED = "linear-measured-v1"
POLICIES = (POLICY, MEASURED)
"""Every policy there ever was. A published one never changes: another rule is another name."""

Status = Literal["on_track", "at_risk", "off_track", "pending"]
Pace = Literal["on_track", "at_risk", "off_track"]
Band = Literal["red", "yellow", "green"]

ZERO, ONE = Decimal(0), Decimal(1)
_EXACT = Context(prec=40, rounding=ROUND_HALF_EVEN)
_WIDE = Context(prec=60)
_TWENTY, _SIX, _TENTH = Decimal("1e-20"), Decimal("0.000001"), Decimal("0.1")
_WORST: tuple[Status, ...] = ("off_track", "at_risk", "pending", "on_track")


def tidy(number: Decimal) -> Decimal:
    """The number at 20 decimals, half even: what is compared."""
    return number.quantize(_TWENTY, rounding=ROUND_HALF_EVEN, context=_EXACT) if number.copy_abs() < _HUGE else number


_HUGE = Decimal("1e18")


@lru_cache(maxsize=16_384)  # the same few scores stand on a board again and again
def six(number: Decimal | None) -> Decimal | None:
    """The number as an answer shows it: six decimals, half up."""
    if number is None:
        return None
    rounded = tidy(number).quantize(_SIX, rounding=ROUND_HALF_UP, context=_WIDE)
    return rounded or ZERO  # of either sign


def progress(measure: AnyMeasure, value: Value | None) -> Decimal | None:
    """How far the value has moved, unclamped; `None` without one. `value` must suit the measure."""
    if value is None:
        return None
    match measure:
        case Metric():
            assert isinstance(value, Decimal)  # noqa: S101
            moved = _EXACT.subtract(value, measure.baseline)
            return _EXACT.divide(moved, _EXACT.subtract(measure.target, measure.baseline))
        case Threshold() | Between():
            assert isinstance(value, Decimal)  # noqa: S101
            return ONE if _satisfies(measure, value) else ZERO
        case Milestones():
            assert isinstance(value, tuple)  # noqa: S101
            return _share(measure, value)
        case Boolean():
            return ONE if value else ZERO
        case Zones():
            return ZONES[str(value)]
        case Graded():
            assert isinstance(value, Decimal)  # noqa: S101
            return _EXACT.divide(value, measure.out_of)
        case _:
            assert_never(measure)


def _satisfies(measure: Threshold | Between, value: Decimal) -> bool:
    match measure.operator:
        case ">=":
            return value >= measure.bound
        case ">":
            return value > measure.bound
        case "<=":
            return value <= measure.bound
        case "<":
            return value < measure.bound
        case "between":
            return measure.low <= value <= measure.high
        case _:
            assert_never(measure.operator)


def _share(measure: Milestones, completed: tuple[str, ...]) -> Decimal:
    done = [step.weight for step in measure.milestones if step.id in completed]
    every = [step.weight for step in measure.milestones]
    if not any(every):
        return _EXACT.divide(Decimal(len(done)), Decimal(len(every)))
    return _EXACT.divide(reduce(_EXACT.add, done, ZERO), reduce(_EXACT.add, every))


def clamp(number: Decimal | None) -> Decimal:
    """A score: the number between 0 and 1; 0 for none."""
    return ZERO if number is None else min(max(number, ZERO), ONE)


def official(score: Decimal, grade: Decimal | None) -> Decimal:
    """What is rolled up: the grade, clamped, if one was given, else the score."""
    return score if grade is None else clamp(grade)


class Weighted(NamedTuple):
    """A part of a roll-up: its weight, and that times its official score."""

    weight: Decimal
    above: Decimal


def weighted(weight: Decimal, score: Decimal) -> Weighted:
    """A part of a roll-up; a rebuild takes each into many means, so it multiplies once."""
    return Weighted(weight, _EXACT.multiply(weight, score))


def mean(parts: Iterable[Weighted]) -> Decimal | None:
    """Σ weight × score ÷ Σ weight; `None` without parts or with weights of 0 alone."""
    above = below = ZERO
    add = _EXACT.add
    for weight, product in parts:
        above, below = add(above, product), add(below, weight)
    return ratio(above, below)


def enters(policy: str, *, pending: bool) -> bool:
    """Whether an active key result enters its objective's mean. `pending`: no check-in, KPI or grade says anything.

    Under `linear-v1` what is pending counts as 0; under `linear-measured-v1` it is left out.
    """
    return not (pending and policy == MEASURED)


def ratio(above: Decimal, below: Decimal) -> Decimal | None:
    """The mean of parts that were summed elsewhere; `None` with weights of 0 alone."""
    return _EXACT.divide(above, below) if below else None


@lru_cache(maxsize=4096)  # asked of the same few scores again and again
def band(score: Decimal) -> Band:
    """The colour of an official score, rounded to one decimal, half up (Google's OKR playbook)."""
    tenth = tidy(score).quantize(_TENTH, rounding=ROUND_HALF_UP, context=_EXACT)
    if tenth <= Decimal("0.3"):
        return "red"
    return "yellow" if tenth <= Decimal("0.6") else "green"


def met(commitment: str, score: Decimal) -> bool:
    """Whether an objective was met: a committed one at 1, an aspirational one at 0.7."""
    return score >= (_ONE_MET if commitment == "committed" else _SEVEN_TENTHS_MET)


_HALF = Decimal("5e-21")
_ONE_MET, _SEVEN_TENTHS_MET = _EXACT.subtract(ONE, _HALF), _EXACT.subtract(Decimal("0.7"), _HALF)
"""From here on `tidy` rounds up to 1 and to 0.7, both being even at the last decimal; asked of every version of an
objective, a comparison is quicker than rounding."""


def expected(starts_on: date, ends_on: date, day: date) -> Decimal:
    """The share of the cycle that should be done on a day: 0 on the first, 1 on the last."""
    if day >= ends_on:
        return ONE
    if day <= starts_on:
        return ZERO
    return _EXACT.divide(Decimal((day - starts_on).days), Decimal((ends_on - starts_on).days))


@lru_cache(maxsize=16_384)  # as for bands
def pace(expected: Decimal, score: Decimal) -> Pace:
    """How the score stands against what is expected."""
    behind = tidy(_EXACT.subtract(expected, score))
    if behind <= 0:
        return "on_track"
    return "at_risk" if behind <= Decimal("0.25") else "off_track"


def status(checked_in: bool, said: Pace | None, pace: Pace) -> Status:
    """What the last check-in said, else the pace; `pending` without one. Silence is never on track."""
    if not checked_in:
        return "pending"
    return said or pace


def worst(statuses: Iterable[Status]) -> Status:
    """An objective's status: the worst of its active key results', `pending` without any."""
    return min(statuses, key=_WORST.index, default="pending")


def stale(
    *,
    cycle_open: bool,
    every_days: int,
    checked_in_at: datetime | None,
    began_at: datetime,
    starts_on: date,
    at: datetime,
) -> bool:
    """Whether a key result has been silent for too long at the instant `at`."""
    if not cycle_open:
        return False
    since = checked_in_at or max(began_at, start_of(starts_on))
    return since < silent_before(every_days, at)


@lru_cache(maxsize=1024)  # as is this
def silent_before(every_days: int, at: datetime) -> datetime:
    """What was said last before this instant is too long ago at the instant `at`."""
    try:
        return at - timedelta(days=every_days)
    except OverflowError:  # before the first instant there is nothing
        return datetime.min.replace(tzinfo=UTC)


@lru_cache(maxsize=1024)  # of a board's key results all ask for the same day
def start_of(day: date) -> datetime:
    """The first instant of a day, UTC."""
    return datetime.combine(day, time.min, tzinfo=UTC)


@lru_cache(maxsize=4096)  # the points of many KPIs are of the same days
def end_of(day: date) -> datetime:
    """The last instant of a day, UTC (contract, section 2)."""
    return datetime.combine(day, time(23, 59, 59, 999999), tzinfo=UTC)
