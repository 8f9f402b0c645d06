"""The words that a quarter is written in. A week is counted from the quarter's first day: 1 to 13."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Body = Mapping[str, Any]
NOTHING: Mapping[int, Any] = {}


@dataclass(frozen=True, slots=True)
class Part:
    """A key result, its values by week, and what was said with them, or without one, by week.

    `late`: weeks whose check-in came some days late, as the week says, and by how many.
    """

    key: str
    title: str
    measure: Body
    values: Mapping[int, Any]
    words: Mapping[int, Body] = field(default_factory=dict)
    owner: str | None = None
    weight: int = 1
    late: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Goal:
    """An objective with its key results. `carries`: the one of the quarter before that it continues."""

    key: str
    team: str
    owner: str
    title: str
    parts: Sequence[Part]
    description: str | None = None
    commitment: str = "aspirational"
    aligned_to: str | None = None
    weight: int = 1
    tags: Sequence[str] = ()
    carries: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """Something else that happens, in a week: a request that names things by their keys, in braces.

    A check-in goes by its key result's key and its week, as in `{uptime@4}`. `of_week`: the week that it
    speaks of, if not its own.
    """

    week: float
    by: str
    method: str
    path: str
    body: Body
    of_week: int | None = None


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter. `endings` happen between its last day and the close, `afterthoughts` when it is reopened."""

    name: str
    goals: Sequence[Goal]
    turns: Sequence[Turn]
    endings: Sequence[Turn] = ()
    reflection: str | None = None
    reopened_for: str | None = None
    afterthoughts: Sequence[Turn] = ()


def metric(baseline: float, target: float, unit: str) -> Body:
    """From a baseline to a target."""
    return {"type": "metric", "baseline": str(baseline), "target": str(target), "unit": unit}


def at_least(bound: float, unit: str) -> Body:
    """At or above a bound."""
    return {"type": "threshold", "operator": ">=", "bound": str(bound), "unit": unit}


def at_most(bound: float, unit: str) -> Body:
    """At or below a bound."""
    return {"type": "threshold", "operator": "<=", "bound": str(bound), "unit": unit}


def between(low: float, high: float, unit: str) -> Body:
    """Inside a range."""
    return {"type": "threshold", "operator": "between", "low": str(low), "high": str(high), "unit": unit}


def steps(*titles: str) -> Body:
    """Milestones."""
    return {"type": "milestones", "milestones": [{"title": title} for title in titles]}


def zones(commit: str, target: str, stretch: str) -> Body:
    """Three outcomes in words."""
    return {"type": "zones", "commit": commit, "target": target, "stretch": stretch}


YES_NO: Body = {"type": "boolean"}
OUT_OF_TEN: Body = {"type": "graded", "out_of": "10"}


def weekly(values: str, start: int = 1, every: int = 1) -> Mapping[int, str]:
    """Numbers, one a week, from a week on."""
    return {start + every * n: value for n, value in enumerate(values.split())}


def done(measure: Body, **by_week: int) -> Mapping[int, Sequence[str]]:
    """How many milestones were done by which week: `done(measure, w3=1, w8=2)`."""
    titles = [step["title"] for step in measure["milestones"]]
    return {int(week[1:]): titles[:count] for week, count in by_week.items()}


def note(text: str, **more: Any) -> Body:
    """A check-in's note, and what else it says."""
    return {"note": text, **more}


def turn(week: float, by: str, path: str, method: str = "POST", of_week: int | None = None, **body: Any) -> Turn:
    """A turn of events."""
    return Turn(week, by, method, path, body, of_week)


@dataclass(frozen=True, slots=True)
class Followed:
    """A KPI, its values in order, and those from before the first quarter.

    `told`: how many points are told of at once. `late`: by how many days, by the number of the point since the KPI was
    defined; `always_late`: all others. `skipped`: periods of the first quarters without a point.
    """

    key: str
    name: str
    unit: str
    direction: str
    frequency: str
    team: str
    owner: str
    values: str
    before: str = ""
    told: int = 1
    late: Mapping[int, int] = field(default_factory=dict)
    always_late: int = 0
    skipped: int = 0
    part_of: str | None = None
    more: Body = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Deed:
    """Something else that happens to KPIs, in a week of a quarter (0 to 2), with names and days in braces."""

    quarter: int
    week: float
    by: str
    method: str
    path: str
    body: Body


def deed(quarter: int, week: float, by: str, path: str, method: str = "POST", **body: Any) -> Deed:
    """Something that happens to a KPI. `since` stands for `from`, which Python keeps for itself."""
    return Deed(
        quarter, week, by, method, path, {"from" if name == "since" else name: value for name, value in body.items()}
    )
