"""The figures as a table for a terminal, and the goals below it."""

from collections.abc import Sequence

from rich.table import Table

from benchmarks.side_by_side.measure import Figure, Goal, Measured

_PERCENTILES: tuple[Measured, ...] = ("p50", "p95", "p99")


def figures_table(figures: Sequence[Figure]) -> Table:
    """A row a side: median and spread of its rounds, percentiles of single answers, how the first side compares."""
    table = Table(box=None, header_style="bold")
    for name in ("what", "who"):
        table.add_column(name)
    for name in ("median", "spread", "unit", *(f"{name} ms" for name in _PERCENTILES), "first is"):
        table.add_column(name, justify="left" if name == "unit" else "right", no_wrap=True)
    for figure in figures:
        first = next(iter(figure.sides), "")
        for side in figure.sides:
            table.add_row(figure.what if side == first else "", side, *_cells(figure, side, first))
    return table


def _cells(figure: Figure, side: str, first: str) -> list[str]:
    low, high = figure.spread(side)
    advantage = None if side == first else figure.advantage(first, side)
    return [
        told(figure.value(side)),
        f"{told(low)}–{told(high)}",
        figure.unit,
        *(told(figure.value(side, name)) for name in _PERCENTILES),
        "" if advantage is None else f"{told(advantage)} ×",
    ]


def goals_table(figures: Sequence[Figure]) -> Table:
    """A row a goal: what was wanted, what was reached."""
    table = Table("goal", "wanted", "reached", "", box=None, header_style="bold")
    for figure in figures:
        for goal in figure.goals:
            table.add_row(f"{figure.what}: {goal.text}", *_reached(figure, goal))
    return table


def _reached(figure: Figure, goal: Goal) -> tuple[str, str, str]:
    unit = "×" if goal.than is not None else figure.unit if goal.of == "value" else "ms"
    wanted, reached = f"{told(goal.factor)} {unit}", figure.reached(goal)
    if reached is None:
        return wanted, "not measured", ""
    return wanted, f"{told(reached[0])} {unit}", "yes" if reached[1] else "NO"


def told(number: float | None) -> str:
    """A number as it is read: three digits or all before the point; nothing for none."""
    if number is None:
        return ""
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.1f}" if abs(number) >= 10 else f"{number:.2f}"
