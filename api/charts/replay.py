"""A whole quarter in one picture: its score against what was expected, and what happened to its goals on the way.

What happened is marked below the curves, a line a kind, each with a sign of its own, so that nothing is told by colour
alone and many marks do not hide the score. The words beside the picture say all of it, as far as they fit.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import nan
from typing import TYPE_CHECKING, Any, NamedTuple

from api.charts.canvas import INK, OTHER, RISK, TARGET, VALUE, Colour, dated, explained, nothing_yet, picture, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Shape = Mapping[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LISTED = 12
"""How many events of a kind the description names; of the others it gives the number."""


class _Kind(NamedTuple):
    """A kind of mark: what it is called, one and many, its sign, its colour, and how low it stands."""

    one: str
    many: str
    sign: str
    colour: Colour
    height: float


KINDS: Mapping[str, _Kind] = {
    "goalpost": _Kind("goalpost moved", "goalposts moved", "D", RISK, -0.10),
    "dropped": _Kind("dropped", "dropped", "x", OTHER, -0.19),
    "correction": _Kind("corrected", "corrected", "o", TARGET, -0.28),
    "closing": _Kind("closed", "closed", "v", INK, 1.0),
}
"""The marks that there are, in the order in which they are told of."""


class Mark(NamedTuple):
    """Something that happened: its kind, one of `KINDS`, when it took effect, and a sentence."""

    kind: str
    at: datetime
    summary: str


def replay_chart(cycle: Shape, series: Shape, marks: Sequence[Mark]) -> str:
    """A cycle, in the shape of the API, its series, and what happened to its goals: as a picture."""
    points = [point for point in series["points"] if point["score"] is not None or point["expected"] is not None]
    title = f"{shown(cycle['label'])}: how it went"
    drawing = _drawing(points, marks) if points else nothing_yet
    return picture(title, " ".join(_sentences(cycle, points, marks)), drawing)


def _drawing(points: Sequence[Shape], marks: Sequence[Mark]) -> "Callable[[Axes], None]":
    def draw(axes: "Axes") -> None:
        days = [float((point["at"].date() - _EPOCH.date()).days + 1) for point in points]
        dots = "o" if len(points) == 1 else ""
        axes.plot(days, _floats(points, "expected"), color=INK.drawn, linestyle="--", marker=dots, label="expected")
        looks: dict[str, Any] = {"color": VALUE.drawn, "linewidth": 2, "drawstyle": "steps-pre"}
        axes.plot(days, _floats(points, "score"), marker=dots, label="score", zorder=4, **looks)
        seen = [day for kind in KINDS for day in _draw_marks(axes, kind, marks)]
        axes.set_ylim(-0.34, 1.05)
        axes.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1])
        dated(axes, min([days[0], *seen]), max([days[-1], *seen]))
        explained(axes)

    return draw


def _draw_marks(axes: "Axes", kind: str, marks: Sequence[Mark]) -> list[float]:
    """Draws the marks of a kind; answers their days. Those of one instant are one mark."""
    days = sorted({(mark.at - _EPOCH) / timedelta(days=1) for mark in marks if mark.kind == kind})
    looks = KINDS[kind]
    if days:
        style: dict[str, Any] = {"color": looks.colour.drawn, "linestyle": "", "markersize": 5, "zorder": 5}
        if looks.sign == "o":
            style["markerfacecolor"] = "none"
        axes.plot(days, [looks.height] * len(days), marker=looks.sign, label=looks.one, **style)
    if kind == "closing":
        for day in days:
            axes.axvline(day, color=looks.colour.drawn, linestyle=":", linewidth=1)
    return days


def _floats(points: Sequence[Shape], name: str) -> list[float]:
    return [nan if point[name] is None else float(point[name]) for point in points]


def _sentences(cycle: Shape, points: Sequence[Shape], marks: Sequence[Mark]) -> Iterator[str]:
    """What there is to be seen, in words."""
    if not points:
        yield "No data yet."
    yield f"The cycle is {cycle['state']}; it runs from {cycle['starts_on']} to {cycle['ends_on']}."
    yield f"Score: {_score(cycle['score'])}, {_score(cycle['expected'])} expected."
    if len(points) > 1:
        first, last = points[0], points[-1]
        until = f"{_score(last['score'])} on {last['at'].date()}"
        yield f"The score went from {_score(first['score'])} on {first['at'].date()} to {until}."
    for kind, looks in KINDS.items():
        some = [mark for mark in marks if mark.kind == kind]
        if some:
            told = [f"{mark.at.date()} {_without_stop(mark.summary)}" for mark in some[:_LISTED]]
            told += [f"and {len(some) - _LISTED} more"] if len(some) > _LISTED else []
            name = looks.one if len(some) == 1 else f"{len(some)} {looks.many}"
            yield f"{name[0].upper()}{name[1:]}: {'; '.join(told)}."


def _without_stop(summary: str) -> str:
    return shown(summary, 160).rstrip(".")


def _score(score: Decimal | None) -> str:
    return "unknown" if score is None else f"{Decimal(score):.2f}"
