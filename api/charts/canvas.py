"""The paper that charts are drawn on: matplotlib, taught to draw the same bytes each time, and to know day and night.

It is imported when the first picture is asked for, since that takes more than a second, and used by one thread at a
time. Wherever it would read or write files of its user's, it is shown an empty folder instead.

Colours are drawn as stand-ins and replaced by CSS variables, which have one value on light and another on dark paper.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from io import StringIO
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, simplefilter
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 7.2, 3.2
"""Inches, of 72 units each."""

_EPOCH = date(1970, 1, 1)
_FIRST_DAY, _LAST_DAY = ((day - _EPOCH).days for day in (date(1, 1, 2), date(9999, 12, 30)))
"""The calendar's own ends, less a day each for who counts on from there."""


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour by its name in CSS; `drawn` stands for it until the picture is done."""

    drawn: str
    name: str
    light: str
    dark: str

    @property
    def css(self) -> str:
        """What the picture says: the variable, or without one the colour on light paper."""
        return f"var(--{self.name}, {self.light})"


INK = Colour("#010203", "ink", "#444", "#ddd")
FAINT = Colour("#010204", "faint", "#ccc", "#555")
PAPER = Colour("#010205", "paper", "#fff", "#1a1a1a")
# Of the palette of Okabe and Ito, which people with every kind of colour vision can tell apart.
VALUE = Colour("#010206", "value", "#0072b2", "#56b4e9")
TARGET = Colour("#010207", "target", "#00795a", "#2fc99c")
RISK = Colour("#010208", "risk", "#b35400", "#e69f00")
OTHER = Colour("#010209", "other", "#a8537f", "#e39fc6")
COLOURS = (INK, FAINT, PAPER, VALUE, TARGET, RISK, OTHER)

_BY_DRAWN = {colour.drawn: colour for colour in COLOURS}
_DRAWN = re.compile("|".join(_BY_DRAWN))
_TAG = re.compile("<[^<>]+>")
_STYLE = "@media (prefers-color-scheme: dark) {{ svg {{ {} }} }}".format(
    " ".join(f"--{colour.name}: {colour.dark};" for colour in COLOURS)
)

_LOOKS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "quarterdeck",
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "text.color": INK.drawn,
    "text.parse_math": False,
    "axes.edgecolor": FAINT.drawn,
    "axes.labelcolor": INK.drawn,
    "axes.titlecolor": INK.drawn,
    "axes.formatter.useoffset": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK.drawn,
    "ytick.color": INK.drawn,
    "grid.color": FAINT.drawn,
    "grid.linewidth": 0.5,
    "legend.frameon": False,
    "date.epoch": "1970-01-01T00:00:00",
    "timezone": "UTC",
}

_lock = Lock()
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def shown(text: object, most: int = 500) -> str:
    """A text on one line, as XML can hold it; a redacted one as such."""
    if not isinstance(text, str):
        return "[redacted]"
    line = " ".join(_NOT_IN_XML.sub(" ", text).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def picture(title: str, description: str, draw: "Callable[[Axes], None]") -> str:
    """What `draw` draws, as SVG with a title and a description for those who cannot see it."""
    with _lock, catch_warnings():
        simplefilter("ignore")  # a sign that our font lacks is one that the reader's may have
        figure = _figure()
        figure.text(0.02, 0.93, shown(title, 72), fontsize=10)
        axes = figure.add_axes((0.11, 0.24, 0.86, 0.62))
        axes.patch.set_visible(False)
        draw(axes)
        out = StringIO()
        figure.savefig(out, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    return _dressed(out.getvalue(), shown(title), shown(description, 5_000))


def nothing_yet(axes: "Axes") -> None:
    """Says that there is nothing to be seen."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, "no data yet", transform=axes.transAxes, ha="center", va="center", fontsize=12)


def dated(axes: "Axes", first: float, last: float) -> None:
    """A calendar below the picture, from one day to another, in days since 1970."""
    import matplotlib.dates

    dates: Any = matplotlib.dates  # its functions have no types
    margin = max((last - first) * 0.02, 0.5)
    axes.set_xlim(max(first - margin, _FIRST_DAY), min(last + margin, _LAST_DAY))
    locator = dates.AutoDateLocator(minticks=3, maxticks=9)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))
    axes.grid(visible=True, axis="y")
    axes.set_axisbelow(True)
    axes.tick_params(length=0)


def explained(axes: "Axes") -> None:
    """A legend below the picture, of what is in it."""
    handles, labels = axes.get_legend_handles_labels()
    place: Any = {"loc": "upper left", "bbox_to_anchor": (-0.12, -0.15), "ncols": 4, "columnspacing": 1.5}
    axes.legend(handles, labels, fontsize=8, **place)


def _figure() -> "Figure":
    figure: Figure = _matplotlib()(figsize=(WIDTH, HEIGHT))
    figure.patch.set_visible(False)
    return figure


@cache
def _matplotlib() -> "type[Figure]":
    """matplotlib's class of figures, with our looks."""
    with _empty_home():
        import matplotlib.backends.backend_svg
        from matplotlib.figure import Figure

        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_LOOKS)
    return Figure


@contextmanager
def _empty_home() -> Iterator[None]:
    """While it is imported, matplotlib reads settings and writes a list of fonts: here, and not in somebody's home."""
    before = {name: os.environ.get(name) for name in ("MPLCONFIGDIR", "MATPLOTLIBRC", "MPLBACKEND")}
    with TemporaryDirectory(prefix="quarterdeck-") as folder:
        os.environ |= {"MPLCONFIGDIR": folder, "MATPLOTLIBRC": os.devnull, "MPLBACKEND": "svg"}
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


def _dressed(svg: str, title: str, description: str) -> str:
    """The drawing without what other programs would have it say, with words and with our colours."""
    drawing = svg[svg.index(">", svg.index("<svg")) + 1 :]
    # In the tags alone: whoever writes of such a colour in a title means just that.
    drawing = _TAG.sub(lambda tag: _DRAWN.sub(lambda found: _BY_DRAWN[found[0]].css, tag[0]), drawing)
    width, height = WIDTH * 72, HEIGHT * 72
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{width:g}pt" '
        f'height="{height:g}pt" viewBox="0 0 {width:g} {height:g}" role="img" aria-labelledby="title desc">\n'
        f'<title id="title">{escape(title)}</title>\n<desc id="desc">{escape(description)}</desc>\n'
        f"<style>{_STYLE}</style>{drawing}"
    )
