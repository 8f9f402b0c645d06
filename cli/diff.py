"""What differs in a cycle between two points in time: what was added, what was removed, what reads otherwise."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any, TypeAlias
from uuid import UUID

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from api.settings import Settings
from cli.board import shown
from cli.opening import catch_up, opened
from cli.terminal import answers, clean, print_json, progress
from domain.kernel import Kind
from domain.values import plain
from projections import questions
from projections.ends import Ends, between
from projections.reading import Reading
from projections.resources import QUERIES, shaped

Shape: TypeAlias = Mapping[str, Any]
Clocks: TypeAlias = tuple[str | None, str | None, str | None, str | None]
"""`from`, `to`, `from_valid`, `to_valid`."""

_MOST = 60
"""Characters of a value that are shown."""


def show(given: Settings, cycle: str, clocks: Clocks, *, as_json: bool) -> None:
    """Prints the difference. Raises `NotFound` or `Invalid`."""
    with opened(given) as runtime:
        with progress() as step:
            catch_up(runtime, step)
        with between(runtime.books, *clocks) as ends:
            found = questions.cycle_diff(ends, questions.cycle_named(ends.new, cycle))
            names = {} if as_json else _names(ends, found)
    if as_json:
        print_json(found)
    else:
        _print(found, names)


def _print(found: Shape, names: Mapping[UUID, str]) -> None:
    console = answers()
    for name in ("from", "to"):
        end = found[name]
        known = f"as of position {end['as_of']['position']}, valid at {shown(end['valid_at'])}"
        console.print(Text(f"{name:>4} {known}", "dim"))
    old, new = found["score"]["old"], found["score"]["new"]
    score = Text(f"score {_score(old)}", "bold")
    score.append(" unchanged" if old == new else f" → {_score(new)}")
    if old is not None and new is not None and old != new:
        score.append(f" {new - old:+f}".replace("-", "−"), "green" if new > old else "red")
    console.print(score)
    _list(console, "+", "green", found["added"], names)
    _list(console, "−", "red", found["removed"], names)
    for _, changes in groupby(found["changed"], lambda change: change["id"]):
        lines = list(changes)
        console.print(Text(f"~ {_called(lines[0], names)}", "yellow"))
        for change in lines:
            line = f"{change['field'].replace('_', ' ')}: {_value(change['old'])} → {_value(change['new'])}"
            console.print(Padding(Text(line), (0, 0, 0, 4), expand=False))
    if not (found["added"] or found["removed"] or found["changed"]):
        console.print("Nothing differs.")


def _list(console: Console, sign: str, style: str, things: Iterable[Shape], names: Mapping[UUID, str]) -> None:
    for thing in things:
        console.print(Text(f"{sign} {_called(thing, names)}", style))


def _called(thing: Shape, names: Mapping[UUID, str]) -> str:
    return f"{thing['kind'].replace('_', ' ')} {names.get(thing['id'], str(thing['id']))}"


def _value(value: Any) -> str:
    """A value on one line; of a measure and the like, the fields that are set."""
    match value:
        case None:
            said = "–"
        case Decimal():
            said = plain(value)
        case bool():
            said = "yes" if value else "no"
        case datetime():
            said = shown(value)
        case dict() if value.get("redacted") is True:
            said = "[redacted]"
        case dict():
            said = ", ".join(f"{name} {_value(each)}" for name, each in value.items() if each is not None)
        case list() | tuple():
            said = ", ".join(map(_value, value)) or "–"
        case _:
            said = clean(str(value))
    return said if len(said) <= _MOST else f"{said[: _MOST - 1]}…"


def _score(score: Decimal | None) -> str:
    return "–" if score is None else plain(score)


_NAMED: Mapping[Kind, Callable[[Shape], str]] = {
    Kind.CYCLE: lambda cycle: clean(cycle["label"]),
    Kind.OBJECTIVE: lambda objective: f"“{clean(objective['title'])}”",
    Kind.KEY_RESULT: lambda key_result: f"“{clean(key_result['title'])}”",
    Kind.INITIATIVE: lambda initiative: f"“{clean(initiative['title'])}”",
    Kind.CHECK_IN: lambda check_in: f"of {shown(check_in['effective_at'])}: {_value(check_in['value'])}",
}


def _names(ends: Ends, found: Shape) -> dict[UUID, str]:
    """What everything in the difference is called: as it was, if it was removed, else as it is."""
    names = _names_at(ends.old, found["removed"])
    return names | _names_at(ends.new, [*found["added"], *found["changed"]])


def _names_at(reading: Reading, things: Sequence[Shape]) -> dict[UUID, str]:
    names: dict[UUID, str] = {}
    for kind, name in _NAMED.items():
        ids = list({thing["id"] for thing in things if thing["kind"] == kind})
        rows = reading.rows(QUERIES[kind]["at"], ids=ids) if ids else []
        names |= {shape["id"]: name(shape) for shape in shaped(reading, kind, rows)} if rows else {}
    return names
