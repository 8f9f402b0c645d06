"""The result as a table for people, and as JSON for programs."""

from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from torture.running import Result

_MOST = 30


def show(result: Result, console: Console) -> None:
    """Prints it."""
    answered = ("one, median", "most", "both, median", "most")
    table = Table("fault", "came about", "not", *answered, box=None, header_style="bold")
    table.columns[0].no_wrap = True
    for column in table.columns[1:]:
        column.justify = "right"
    for name in sorted(result.faults | result.missed):
        table.add_row(name, str(result.faults[name]), str(result.missed[name] or ""), *_seconds(result, name))
    table.add_row("all", str(result.faults.total()), str(result.missed.total() or ""), *_seconds(result, "all"))
    console.print(table)
    for name in result.skipped:
        console.print(f"Skipped: {name}, which is not allowed here (mounting needs root on Linux).")
    console.print("\nSeconds from a fault until one server, or both, acknowledge a write that began after it.")
    commands = ", ".join(f"{number:,} {fate}" for fate, number in result.commands.items())
    console.print(f"Seed {result.order.seed}, {result.seconds:.0f} s, {result.checks} checks.")
    console.print(f"Commands: {commands}; {result.events:,} events.")
    found = result.findings
    console.print(f"Lost: {len(found.lost)}. Doubled: {len(found.doubled)}. Wrong: {len(found.wrong)}.")
    for what in [*found.lost, *found.doubled, *found.wrong][:_MOST]:
        console.print(f"  {what}", markup=False, soft_wrap=True)


def as_json(result: Result) -> dict[str, Any]:
    """All of it; `recoveries` by kind of fault are in seconds (`recovery.Recoveries.summary`)."""
    return asdict(result) | {"faults": dict(result.faults), "missed": dict(result.missed)}


def _seconds(result: Result, name: str) -> list[str]:
    return [f"{seconds:.2f}" for seconds in result.recoveries.get(name, ())]
