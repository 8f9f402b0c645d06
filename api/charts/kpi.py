"""A KPI over time: its points, what they were held to and compared with, and which of them were restated.

Nothing is told by colour alone: the points are dots on a line, the target is dashed, its range hatched, the benchmark
dotted; a restated point has a ring around it, and each value that it had before is a hollow dot.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby, pairwise
from math import isnan, nan
from typing import TYPE_CHECKING, Any, NamedTuple

from api.charts.canvas import OTHER, PAPER, RISK, TARGET, VALUE, dated, explained, nothing_yet, picture, shown
from domain.values import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Shape = Mapping[str, Any]

_DOTS = 150
"""With more points than these, the line says it all."""
_MARKS = 300
"""How many restated points are marked at most, the latest of them."""
_ALONE = 15.0
"""Days that the target of a single point is drawn to each side of it."""
_EPOCH = date(1970, 1, 1)
_HELD_TO = {"increase": "at least", "decrease": "at most"}


class _Run(NamedTuple):
    """Days, from one to another, on which the points were held to the same."""

    since: float
    until: float
    target: Shape


def kpi_chart(kpi: Shape, series: Shape) -> str:
    """A KPI, in the shape of the API, and its series: as a picture."""
    points: Sequence[Shape] = series["points"]
    name = shown(kpi["name"])
    title = f"{name} ({shown(kpi['unit'])})" if kpi["unit"] else name
    return picture(title, " ".join(_sentences(kpi, points)), _drawing(points) if points else nothing_yet)


def _drawing(points: Sequence[Shape]) -> "Callable[[Axes], None]":
    def draw(axes: "Axes") -> None:
        days = [_number_of(point["on"]) for point in points]
        runs = list(_runs(days, points))
        _targets(axes, runs)
        _benchmark(axes, days, points)
        dots = "o" if len(points) <= _DOTS else ""
        axes.plot(days, _floats(points), color=VALUE.drawn, marker=dots, markersize=3.5, label="value", zorder=4)
        _restated(axes, points)
        dated(axes, runs[0].since, runs[-1].until)
        explained(axes)

    return draw


def _targets(axes: "Axes", runs: Sequence[_Run]) -> None:
    """However often the target changes, one line and one area, with gaps."""
    days = [day for run in runs for day in (run.since, run.until, nan)]
    low, high = _ends(runs, "low"), _ends(runs, "high")
    if not all(map(isnan, low)):
        looks: dict[str, Any] = {"color": TARGET.drawn, "alpha": 0.2, "hatch": "//", "linewidth": 0.8}
        axes.fill_between(days, low, high, label="target range", **looks)
    for field, colour, dashes in (("target", TARGET, "--"), ("at_risk", RISK, "-.")):
        heights = _ends(runs, field)
        if not all(map(isnan, heights)):
            name = field.replace("_", " ")
            axes.plot(days, heights, color=colour.drawn, linestyle=dashes, linewidth=1.2, label=name)


def _ends(runs: Sequence[_Run], field: str) -> list[float]:
    """What a field of the target is at both ends of each run, and a gap."""
    return [height for run in runs for height in (_float(run.target[field]), _float(run.target[field]), nan)]


def _benchmark(axes: "Axes", days: Sequence[float], points: Sequence[Shape]) -> None:
    values = [_float(point["benchmark"]["value"] if point["benchmark"] else None) for point in points]
    names = {point["benchmark"]["name"] for point in points if point["benchmark"]}
    if not all(map(isnan, values)):
        label = f"benchmark {shown(min(names), 24)}" if len(names) == 1 else "benchmark"
        marker = "x" if len(points) <= 2 else ""
        axes.plot(days, values, color=OTHER.drawn, linestyle=":", linewidth=1.5, marker=marker, label=label, zorder=3)


def _restated(axes: "Axes", points: Sequence[Shape]) -> None:
    marked = [point for point in points if len(point["known"]) > 1][-_MARKS:]
    if not marked:
        return
    days = [_number_of(point["on"]) for point in marked]
    ring: dict[str, Any] = {"linestyle": "", "marker": "o", "markerfacecolor": "none", "zorder": 5}
    axes.plot(days, _floats(marked), markersize=8, markeredgecolor=VALUE.drawn, label="restated", **ring)
    before = [(day, float(said["value"])) for day, p in zip(days, marked, strict=True) for said in p["known"][:-1]]
    hollow = ring | {"markerfacecolor": PAPER.drawn, "marker": "D"}
    old_days, values = zip(*before, strict=True)
    axes.plot(old_days, values, markersize=4, markeredgecolor=VALUE.drawn, label="value before", **hollow)


def _runs(days: Sequence[float], points: Sequence[Shape]) -> Iterator[_Run]:
    """A point speaks of the time since the one before, so its target is drawn over that."""
    lead = days[1] - days[0] if len(days) > 1 else _ALONE
    begins = [days[0] - lead, *days[:-1]]
    ends = days if len(days) > 1 else [days[0] + _ALONE]
    spans = zip(begins, ends, points, strict=True)
    for target, same in groupby(spans, key=lambda span: span[2]["target"] or _NONE):
        run = list(same)
        yield _Run(run[0][0], run[-1][1], target)


_NONE: Shape = {"target": None, "low": None, "high": None, "at_risk": None}


def _number_of(day: date) -> float:
    """Days since 1970, as matplotlib counts them."""
    return float((day - _EPOCH).days)


def _floats(points: Iterable[Shape]) -> list[float]:
    return [float(point["value"]) for point in points]


def _float(value: Decimal | None) -> float:
    return nan if value is None else float(value)


def _sentences(kpi: Shape, points: Sequence[Shape]) -> Iterator[str]:
    """What there is to be seen, in words."""
    unit = f" {shown(kpi['unit'])}" if kpi["unit"] else ""
    latest, target = kpi["latest"], kpi["target"]
    if latest is None or not points:
        yield "No data yet."
    else:
        yield f"Latest value: {plain(Decimal(latest['value']))}{unit} on {latest['on']}."
    if target is None:
        yield "No target."
    else:
        yield f"Target: {_held_to(kpi, target)}{unit}."
        if target["at_risk"] is not None:
            yield f"At risk up to {plain(Decimal(target['at_risk']))}{unit}."
    yield f"Health: {kpi['health'].replace('_', ' ')}."
    if kpi["trend"] is not None:
        yield f"Trend: {kpi['trend']}."
    for benchmark in kpi["benchmarks"]:
        value = benchmark["value"]
        yield f"Benchmark {shown(benchmark['name'])}: {'unknown' if value is None else plain(Decimal(value)) + unit}."
    if points:
        yield from _counted(points)


def _held_to(kpi: Shape, target: Shape) -> str:
    if target["target"] is None:
        return f"between {_plain(target['low'])} and {_plain(target['high'])}"
    return f"{_HELD_TO.get(kpi['direction'], 'at')} {_plain(target['target'])}"


def _plain(value: Decimal | None) -> str:
    return "unknown" if value is None else plain(Decimal(value))


def _counted(points: Sequence[Shape]) -> Iterator[str]:
    restated = sum(len(point["known"]) > 1 for point in points)
    moved = sum(earlier["target"] != later["target"] for earlier, later in pairwise(points))
    if len(points) > 1:
        yield f"{len(points)} points from {points[0]['on']} to {points[-1]['on']}."
    if moved:
        yield f"The target changed {moved} times." if moved > 1 else "The target changed once."
    if restated:
        yield f"{restated} points were restated." if restated > 1 else "One point was restated."
