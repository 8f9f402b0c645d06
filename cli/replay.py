"""A quarter as it evolved, in the terminal: a line a frame, a line a week, or the board redrawn day by day.

A line says who did what, when, and how the score moved. A page of weeks says how the quarter went and what moved its
goalposts. `--follow` shows the board at the end of each day, at so many days a second.
"""

import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

import typer
from rich.live import Live
from rich.table import Table
from rich.text import Text

from api.answers import to_json
from api.runtime import Runtime
from api.settings import Settings
from cli.board import render
from cli.opening import catch_up, opened
from cli.terminal import answers, clean, progress
from domain.kernel import Person
from projections import questions
from projections.reading import Reading
from projections.series import Step

Shape: TypeAlias = Mapping[str, Any]

_WIDEST = 140
_NAME = 14
_INTERRUPTED = 130
_COUNTED = ("check_ins", "goalposts", "added", "dropped", "late")
_MARKS = {"check_in": "check_ins", "goalpost": "goalposts", "added": "added", "dropped": "dropped"}


def show(given: Settings, cycle: str, as_of: str | None, valid_at: str | None, *, as_json: bool) -> None:
    """Prints every frame, each as soon as it is there. Raises `NotFound` or `Invalid`."""
    with opened(given) as runtime:
        _caught_up(runtime)
        with runtime.books.reading(as_of, valid_at) as reading:
            id = questions.cycle_named(reading, cycle)
            with closing(questions.frames(reading, id)) as frames:
                if as_json:
                    _print_lines(frames)
                else:
                    _print_frames(frames, runtime.recorder.people())


def show_steps(
    given: Settings, cycle: str, as_of: str | None, valid_at: str | None, step: Step, *, as_json: bool
) -> None:
    """Prints a line a day or week. Raises `NotFound` or `Invalid`."""
    with opened(given) as runtime:
        _caught_up(runtime)
        with runtime.books.reading(as_of, valid_at) as reading:
            steps = list(_steps(reading, questions.cycle_named(reading, cycle), step))
    if as_json:
        _print_lines(steps)
    else:
        _print_steps(steps)


def follow(given: Settings, cycle: str, as_of: str | None, valid_at: str | None, speed: float) -> None:
    """Draws the board at the end of each day in the same place, `speed` days a second. Raises `NotFound`, `Invalid`.

    Every board is asked for anew, at the position that was the last when it began: however slowly it is looked at,
    no snapshot stays open.
    """
    with opened(given) as runtime:
        _caught_up(runtime)
        with runtime.books.reading(as_of, valid_at) as reading:
            id, position = questions.cycle_named(reading, cycle), str(reading.position)
            points = questions.cycle_series(reading, id, "day")["points"]
            now = reading.valid_at
        days = [point["at"] for point in points if point["expected"] is not None] or [now]  # since it was planned
        console = answers()
        if not console.is_terminal:
            days = days[-1:]  # nothing can be redrawn, and nobody watches
        try:
            with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
                for n, at in enumerate(days):
                    if n:
                        time.sleep(1 / speed)
                    live.update(render(_board(runtime, id, position, at)), refresh=True)
        except KeyboardInterrupt:
            raise typer.Exit(_INTERRUPTED) from None


def _board(runtime: Runtime, cycle: UUID, position: str, at: datetime) -> Shape:
    """The board at the end of a day."""
    with runtime.books.reading(position, at.isoformat().replace("+00:00", "Z")) as reading:
        return questions.board(reading, cycle)


def _caught_up(runtime: Runtime) -> None:
    with progress() as step:
        catch_up(runtime, step)


def _print_lines(items: Iterable[Shape]) -> None:
    for item in items:
        sys.stdout.buffer.write(to_json(item) + b"\n")
    sys.stdout.buffer.flush()


# --- frames


def _print_frames(frames: Iterable[Shape], people: Mapping[UUID, Person]) -> None:
    console = answers()
    for frame in frames:
        console.print(_line(frame, people), width=min(console.width, _WIDEST))


def _line(frame: Shape, people: Mapping[UUID, Person]) -> Table:
    """`2018-07-02  Ada  “Revenue”: a check-in said value 40.  0.120 → 0.160 +0.040`"""
    line = Table.grid(padding=(0, 2, 0, 0), expand=True)
    line.add_column(width=10, no_wrap=True)
    line.add_column(width=_NAME, no_wrap=True, overflow="ellipsis")
    line.add_column(ratio=1)
    line.add_column(width=20, no_wrap=True)
    at = Text(str(frame["effective_at"].date()), "dim")
    line.add_row(at, _name(frame["actor"], people), Text(clean(frame["summary"])), _move(frame))
    return line


def _name(actor: UUID, people: Mapping[UUID, Person]) -> Text:
    """Who it was; of somebody without a name, the beginning of the id."""
    person = people.get(actor)
    if person is None or person.name is None:
        return Text(str(actor)[:8], "dim")
    return Text(clean(person.name))


def _move(frame: Shape) -> Text:
    before, after = frame["score_before"], frame["score_after"]
    if before == after:
        return Text(_score(after), "dim")
    text = Text(f"{_score(before)} → {_score(after)}")
    if before is not None and after is not None:
        text.append(f" {_difference(before, after)}", _colour(before, after))
    return text


def _score(score: Decimal | None) -> str:
    return "–" if score is None else f"{score:.3f}"


def _difference(before: Decimal, after: Decimal) -> str:
    return f"{after - before:+.3f}".replace("-", "−")


def _colour(before: Decimal, after: Decimal) -> str:
    return "green" if after > before else "red"


# --- steps


def _steps(reading: Reading, cycle: UUID, step: Step) -> Iterator[Shape]:
    """How the cycle stood at the end of each step, and what had happened since the one before.

    The first counts everything before the cycle began; what came after the last close gets a line of its own.
    """
    points = questions.cycle_series(reading, cycle, step)["points"]
    marks = questions.Marks(cycle)
    with closing(questions.frames(reading, cycle)) as frames:
        frame = next(frames, None)
        for point in points:
            counts: Counter[str] = Counter()
            while frame is not None and frame["effective_at"] <= point["at"]:
                counts.update(_counted(frame, marks, point["at"]))
                frame = next(frames, None)
            yield {"at": point["at"], **_standing(point), **{name: counts[name] for name in _COUNTED}}
        rest = [] if frame is None else [frame, *frames]
    if rest:
        counts = Counter(name for each in rest for name in _counted(each, marks, reading.valid_at))
        standing = {"score": rest[-1]["score_after"], "expected": points[-1]["expected"] if points else None}
        yield {"at": rest[-1]["effective_at"], **standing, **{name: counts[name] for name in _COUNTED}}


def _counted(frame: Shape, marks: questions.Marks, end: datetime) -> Iterator[str]:
    """What of the things that are counted a frame is. Late: it was recorded after the step that it took effect in."""
    yield from (_MARKS[mark] for mark in marks.of(frame) if mark in _MARKS)
    if frame["recorded_at"] > end:
        yield "late"


def _standing(point: Shape) -> Shape:
    return {name: point[name] for name in ("score", "expected")}


def _print_steps(steps: Sequence[Shape]) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("until")
    for name in ("score", "", "expected", *_COUNTED):
        table.add_column(name.replace("_", "-"), justify="right")
    before: Decimal | None = None
    for step in steps:
        score = step["score"]
        moved = Text()
        if before is not None and score is not None and before != score:
            moved = Text(_difference(before, score), _colour(before, score))
        counts = [Text(str(step[name]), "" if step[name] else "dim") for name in _COUNTED]
        table.add_row(str(step["at"].date()), _score(score), moved, _score(step["expected"]), *counts)
        before = score
    console = answers()
    console.print(table)
    if any(step["late"] for step in steps):
        console.print("late: recorded after the step in which it took effect", style="dim")
