"""A board that reads well in 80 columns: objectives in the tree of their alignment, with key results."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

from rich.console import Group, RenderableType
from rich.table import Column, Table
from rich.text import Text

from api.settings import Settings
from cli.opening import catch_up, opened
from cli.terminal import answers, clean, print_json, progress
from domain.values import plain
from projections import questions

Shape: TypeAlias = Mapping[str, Any]

_BAR, _UNIT, _WIDEST = 8, 2, 110
_COLOURS = {"on_track": "green", "at_risk": "yellow", "off_track": "red", "pending": "dim"}
_BANDS = {"green": "green", "yellow": "yellow", "red": "red"}


def show(given: Settings, cycle: str, as_of: str | None, valid_at: str | None, *, as_json: bool) -> None:
    """Prints the board of a cycle. Raises `NotFound` or `Invalid`."""
    with opened(given) as runtime:
        with progress() as step:
            catch_up(runtime, step)
        with runtime.books.reading(as_of, valid_at) as reading:
            board = questions.board(reading, questions.cycle_named(reading, cycle))
    if as_json:
        print_json(board)
    else:
        console = answers()
        console.print(render(board), width=min(console.width, _WIDEST))


def render(board: Shape) -> RenderableType:
    """The board as it is printed."""
    return Group(_heading(board), Text(), _goals(board), *_remarks(board))


def _heading(board: Shape) -> Text:
    cycle, now = board["cycle"], board["as_of"]
    text = Text()
    text.append(clean(cycle["label"]), "bold")
    text.append(f"  {cycle['starts_on']} to {cycle['ends_on']}, {cycle['state']}\n")
    text.append_text(_bar(board["score"], "bold"))
    text.append(f" score, {_score(board['expected'])} expected\n")
    known = f"as of position {now['position']}" + (f", {shown(now['recorded_at'])}" if now["recorded_at"] else "")
    text.append(f"{known}; valid at {shown(board['valid_at'])}", "dim")
    return text


def _goals(board: Shape) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", pad_edge=False, expand=True)
    table.add_column("goal", ratio=1)
    table.add_column("now", justify="right", max_width=16, overflow="ellipsis", no_wrap=True)
    table.add_column("score", width=_BAR + 6, no_wrap=True)
    table.add_column("status", width=10, no_wrap=True)
    for depth, goal in _tree(board["objectives"]):
        is_objective = "key_results" in goal
        title = Text(clean(goal["title"]), "bold" if is_objective else "")
        graded = goal["grade"] is not None
        bar = _bar(goal["grade"] if graded else goal["score"], _BANDS[goal["band"]] if is_objective else "")
        bar.append("*" if graded else "")
        status = Text(goal["status"].replace("_", " "), _COLOURS[goal["status"]])
        status.append("!" if not is_objective and goal["stale"] else "", "red")
        # The title wraps inside its own column, so that the tree can be seen at its left.
        tree = Table.grid(Column(width=2 * depth + 1, justify="right"), Column(ratio=1), padding=(0, 1, 0, 0))
        tree.expand = True
        tree.add_row(Text("■" if is_objective else "·", "dim"), title)
        table.add_row(tree, "" if is_objective else _value(goal), bar, status)
    return table


def _tree(objectives: Sequence[Shape]) -> Iterator[tuple[int, Shape]]:
    """Active objectives and key results with their depth: below what they are aligned to, if that is here."""
    active = [objective for objective in objectives if objective["state"] == "active"]
    here = {goal["id"] for objective in active for goal in (objective, *_parts(objective))}
    below: defaultdict[UUID | None, list[Shape]] = defaultdict(list)
    for objective in active:
        below[objective["aligned_to"] if objective["aligned_to"] in here else None].append(objective)
    shown: set[UUID] = set()

    def walk(objective: Shape, depth: int) -> Iterator[tuple[int, Shape]]:
        if objective["id"] in shown:
            return
        shown.add(objective["id"])
        yield depth, objective
        for part in _parts(objective):
            yield depth + 1, part
            for child in below[part["id"]]:
                yield from walk(child, depth + 2)
        for child in below[objective["id"]]:
            yield from walk(child, depth + 1)

    # The second round is for what would be in a loop: none is ever made, but a past view could be cut so.
    for objective in (*below[None], *active):
        yield from walk(objective, 0)


def _parts(objective: Shape) -> list[Shape]:
    return [part for part in objective["key_results"] if part["state"] == "active"]


def _value(key_result: Shape) -> str:
    """Where a key result stands, and where it should go. Units that need room are left to the title."""
    value, measure = key_result["value"], key_result["measure"]
    unit = clean(measure.get("unit") or "")
    unit = f" {unit}" if len(unit) <= _UNIT else ""
    match measure["type"]:
        case "metric":
            return f"{_plain(value)} → {_plain(measure['target'])}{unit}"
        case "threshold":
            bound = f"{measure['operator']} {_plain(measure['bound'])}" if "bound" in measure else _range(measure)
            return f"{_plain(value)} ({bound}{unit})"
        case "milestones":
            return f"{len(value or ())} of {len(measure['milestones'])}"
        case "boolean":
            return "–" if value is None else "done" if value else "not done"
        case "zones":
            return "–" if value is None else clean(value)
        case _:
            return "–" if value is None else f"{_plain(value)} of {_plain(measure['out_of'])}"


def _range(measure: Shape) -> str:
    return f"{_plain(measure['low'])}–{_plain(measure['high'])}"


def _remarks(board: Shape) -> Iterator[RenderableType]:
    goals = [goal for _, goal in _tree(board["objectives"])]
    dropped = [objective for objective in board["objectives"] if objective["state"] == "dropped"]
    parts = [p for o in board["objectives"] if o["state"] == "active" for p in o["key_results"]]
    lost = sum(part["state"] == "dropped" for part in parts)
    said = []
    if not goals:
        said.append("No objectives at these clocks.")
    if dropped or lost:
        said.append(f"Dropped, and not shown: {len(dropped)} objectives, {lost} key results.")
    if any(goal["grade"] is not None for goal in goals):
        said.append("* a grade given by a person")
    if any(goal.get("stale") for goal in goals):
        said.append("! no check-in for too long")
    said += [f"{clean(inside['label'])}: {_score(inside['score'])}" for inside in board["cycles"]]
    if said:
        yield Text("\n" + "\n".join(said), "dim")


def _bar(score: Any, style: str) -> Text:
    if score is None:
        return Text("░" * _BAR + "    –", "dim")
    full = min(Decimal(1), max(Decimal(0), Decimal(score)))
    count = int((full * _BAR).to_integral_value())
    text = Text("█" * count, style)
    text.append("░" * (_BAR - count), "dim")
    text.append(f" {_score(full)}", style)
    return text


def _score(score: Any) -> str:
    return "–" if score is None else f"{Decimal(score):.2f}"


def _plain(value: Any) -> str:
    return "–" if value is None else plain(Decimal(value))


def shown(at: datetime) -> str:
    """An instant, to the minute."""
    return at.strftime("%Y-%m-%d %H:%M")
