"""The figures as a picture: a panel each, a bar a side with the spread of its rounds."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas

from benchmarks.side_by_side.measure import Figure
from benchmarks.side_by_side.table import told

_COLUMNS = 2
_OURS, _THEIRS = "#1f6f8b", "#b8b8b8"
_BAR, _HEAD, _WIDTH = 0.3, 1.0, 7.0
"""Inches."""


def draw(figures: Sequence[Figure], paths: Sequence[Path]) -> None:
    """Writes it to each of the paths, in the format of its ending."""
    lines = [figures[start : start + _COLUMNS] for start in range(0, len(figures), _COLUMNS)]
    heights = [_HEAD + _BAR * max(len(figure.sides) for figure in line) for line in lines]
    canvas = Canvas(figsize=(_WIDTH * _COLUMNS, sum(heights)), layout="constrained")
    FigureCanvasAgg(canvas)
    panels = canvas.subplots(len(lines), _COLUMNS, squeeze=False, height_ratios=heights)
    for line, row in zip(lines, panels, strict=True):
        for place, figure in zip(row, line, strict=False):
            _panel(place, figure)
        for place in row[len(line) :]:
            place.set_axis_off()
    for path in paths:
        canvas.savefig(path, dpi=120)


def _panel(axes: Axes, figure: Figure) -> None:
    sides = list(figure.sides)
    values = [figure.value(side) or 0 for side in sides]
    spreads = [figure.spread(side) for side in sides]
    errors = [
        [value - low for value, (low, _) in zip(values, spreads, strict=True)],
        [high - value for value, (_, high) in zip(values, spreads, strict=True)],
    ]
    colours = [_OURS if side.startswith("ours") else _THEIRS for side in sides]
    axes.barh(sides, values, xerr=errors, color=colours, error_kw={"elinewidth": 1, "capsize": 2})
    for place, value in enumerate(values):
        axes.text(max(spreads[place][1], value), place, f" {told(value)}", va="center", fontsize=8)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set_title(f"{figure.what}, {figure.unit}{' (less is better)' if figure.less else ''}", fontsize=9, loc="left")
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
