"""What is printed: answers on standard output, everything else on standard error."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

Step = Callable[[str, int, int | None], None]
"""Says what is being done, how much of it is done, and of how much; `None` where nobody knows."""


def answers() -> Console:
    """Where answers for people go."""
    return Console(highlight=False)


def asides() -> Console:
    """Where progress and remarks go, so that answers can be piped on."""
    return Console(stderr=True, highlight=False)


def print_json(answer: Any) -> None:
    """One answer, on a line of its own, as the API would give it."""
    from api.answers import to_json

    sys.stdout.buffer.write(to_json(answer) + b"\n")
    sys.stdout.buffer.flush()


@contextmanager
def progress() -> Iterator[Step]:
    """A bar for long work, where somebody is watching."""
    console = asides()
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        tasks: dict[str, TaskID] = {}

        def step(what: str, done: int, of: int | None) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=None)
            for name, task in tasks.items():
                bar.update(task, visible=name == what)
            bar.update(tasks[what], completed=done, total=of)

        yield step


def clean(text: object) -> str:
    """A free text on one line, without what would steer the terminal; a redacted one as such."""
    if not isinstance(text, str):
        return "[redacted]"
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
