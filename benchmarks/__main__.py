"""Runs them and prints one table."""

import argparse
import sys
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from benchmarks import appends, boards, fresh, goals, imports, kpis, large, live, million, proofs, rebuilds
from benchmarks.measuring import FULL, QUICK, Effort, Figure
from benchmarks.server import started


def main() -> None:
    """The program."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Figures beside the library's.")
    parser.add_argument("--quick", action="store_true", help="rougher, in a minute")
    parser.add_argument("--fresh", action="store_true", help="also make run from a fresh clone")
    parser.add_argument("--commands", type=int, help="only an import of so many commands, such as 1000000")
    given = parser.parse_args()
    table = Table("what", "ours", "library", "ratio", box=None, header_style="bold")
    for column in table.columns[1:]:
        column.justify = "right"
    effort = QUICK if given.quick else FULL
    for figure in _imported(given.commands) if given.commands else _figures(effort, with_fresh=given.fresh):
        sys.stderr.write(f"{figure.what}: {_told(figure.ours, figure.unit)}\n")
        theirs = "" if figure.theirs is None else _told(figure.theirs, figure.unit)
        ratio = "" if figure.ratio is None else f"{figure.ratio:.1f} ×"
        table.add_row(figure.what, _told(figure.ours, figure.unit), theirs, ratio)
    Console().print(table)


def _figures(effort: Effort, *, with_fresh: bool) -> Iterator[Figure]:
    with started() as server:
        yield from appends.figures(server, effort)
        yield from live.figures(server, effort)
        yield from imports.figures(server)
        with server.ledger() as runtime:
            count = goals.fill(runtime.ledger, effort.check_ins)
            runtime.books.wait_for(count, timeout=600)
            yield from rebuilds.figures(server, runtime, effort)
            yield from boards.figures(runtime)
        yield from kpis.figures(server, effort)
        yield from large.figures(server, effort)
        yield from proofs.figures(server, effort)
    if with_fresh:
        yield from fresh.figures()


def _imported(commands: int) -> Iterator[Figure]:
    with started() as server:
        yield from million.figures(server, commands)


def _told(number: float, unit: str) -> str:
    return f"{number:,.0f} {unit}" if number >= 100 else f"{number:,.2f} {unit}"


if __name__ == "__main__":  # the processes of a rebuild import this, too
    main()
