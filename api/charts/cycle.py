"""A cycle over time: its score against what was expected, at the end of each day, and when it was closed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import nan
from typing import TYPE_CHECKING, Any

from api.charts.canvas import INK, OTHER, VALUE, dated, explained, nothing_yet, picture, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Shape = Mapping[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def cycle_chart(cycle: Shape, series: Shape, closings: Sequence[datetime]) -> str:
    """A cycle, in the shape of the API, its series, and when each of its closings took effect: as a picture."""
    points = [point for point in series["points"] if point["score"] is not None or point["expected"] is not None]
    title = f"{shown(cycle['label'])}: score over time"
    drawing = _drawing(points, closings) if points else nothing_yet
    return picture(title, " ".join(_sentences(cycle, points, closings)), drawing)


def _drawing(points: Sequence[Shape], closings: Sequence[datetime]) -> "Callable[[Axes], None]":
    def draw(axes: "Axes") -> None:
        # Of today there is what it is now, and the same picture all day as long as that stays.
        days = [float((point["at"].date() - _EPOCH.date()).days + 1) for point in points]
        dots = "o" if len(points) == 1 else ""
        axes.plot(days, _floats(points, "expected"), color=INK.drawn, linestyle="--", marker=dots, label="expected")
        scores = _floats(points, "score")
        axes.plot(days, scores, color=VALUE.drawn, linewidth=2, marker=dots, label="score", zorder=4)
        closed = [_number_of(at) for at in closings]
        for n, day in enumerate(closed):
            axes.axvline(day, color=OTHER.drawn, linestyle=":", label="_" if n else "closed")
        axes.plot(closed, [1.0] * len(closed), color=OTHER.drawn, linestyle="", marker="v", label="_")
        axes.set_ylim(-0.03, 1.05)
        dated(axes, min([days[0], *closed]), max([days[-1], *closed]))
        explained(axes)

    return draw


def _number_of(instant: datetime) -> float:
    """Days since 1970, as matplotlib counts them."""
    return (instant - _EPOCH) / timedelta(days=1)


def _floats(points: Sequence[Shape], name: str) -> list[float]:
    return [nan if point[name] is None else float(point[name]) for point in points]


def _sentences(cycle: Shape, points: Sequence[Shape], closings: Sequence[datetime]) -> Iterator[str]:
    """What there is to be seen, in words."""
    if not points:
        yield "No data yet."
    yield f"Score: {_score(cycle['score'])}, {_score(cycle['expected'])} expected."
    yield f"The cycle is {cycle['state']}; it runs from {cycle['starts_on']} to {cycle['ends_on']}."
    if closings:
        yield f"Closed on {', '.join(str(at.date()) for at in closings)}."
    if len(points) > 1:
        first, last = points[0], points[-1]
        until = f"{_score(last['score'])} on {last['at'].date()}"
        yield f"The score went from {_score(first['score'])} on {first['at'].date()} to {until}."


def _score(score: Decimal | None) -> str:
    return "unknown" if score is None else f"{Decimal(score):.2f}"
