"""The program: figures one after the other, a table, the goals, a picture and all numbers as JSON."""

import argparse
import json
import os
import platform
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from benchmarks.side_by_side import (
    appends,
    boards,
    bulk,
    check_ins,
    measurements,
    memory,
    rebuilds,
    start,
)
from benchmarks.side_by_side.bench import Bench, Effort
from benchmarks.side_by_side.checks import check
from benchmarks.side_by_side.environment import ROOT, pins
from benchmarks.side_by_side.measure import Figure
from benchmarks.side_by_side.picture import draw
from benchmarks.side_by_side.postgres import started
from benchmarks.side_by_side.table import figures_table, goals_table

QUICK = Effort(rounds=3, seconds=1.0, projected=1_000, events=20_000)
FULL = Effort(rounds=3, seconds=3.0, projected=5_000, events=1_000_000)

_WIDTH = 160
"""Characters of a table that is written to a file."""

# In this order: `start` ends the stages, so it comes last.
FIGURES: Mapping[str, Callable[[Bench], Iterator[Figure]]] = {
    "appends": appends.figures,
    "bulk": bulk.figures,
    "rebuild": rebuilds.figures,
    "check-ins": check_ins.figures,
    "boards": boards.figures,
    "measurements": measurements.figures,
    "memory": memory.figures,
    "start": start.figures,
}


def main() -> None:
    """The program."""
    given = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended then, too
    effort = FULL if given.full else QUICK
    if given.events:
        effort = replace(effort, events=given.events)
    load_before, begun = os.getloadavg(), datetime.now(UTC)
    figures: list[Figure] = []
    with started() as postgres:
        bench = Bench(postgres, effort)
        try:
            if not given.unchecked:
                check(bench)
            for name in [name for name in FIGURES if not given.only or name in given.only]:
                for figure in FIGURES[name](bench):
                    figures.append(figure)
                    Console(stderr=True, width=_WIDTH).print(figures_table([figure]))
        finally:
            bench.close()
        about = {
            "begun": begun.isoformat(),
            "seconds": (datetime.now(UTC) - begun).total_seconds(),
            "machine": {"cores": os.cpu_count(), "processor": platform.machine(), "load before": load_before},
            "python": platform.python_version(),
            "postgresql": dict(postgres.durability()),
            "peers": pins(),
            "effort": asdict(effort),
            "notes": bench.notes,
        }
    _show(figures, about, given.out)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.side_by_side", description="Figures beside the peers'.")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="rougher, in some minutes (this is the default)")
    size.add_argument("--full", action="store_true", help="longer rounds, a million events")
    parser.add_argument("--events", type=int, help="events of the long ledger [20,000; with --full a million]")
    parser.add_argument("--only", action="append", choices=FIGURES, help="these figures only; may be repeated")
    parser.add_argument("--unchecked", action="store_true", help="do not check first that the peers do what we do")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "side-by-side", help="where picture and JSON go")
    return parser.parse_args()


def _show(figures: Sequence[Figure], about: Mapping[str, object], out: Path) -> None:
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    console.print(figures_table(figures))
    console.print()
    console.print(goals_table(figures))
    out.mkdir(parents=True, exist_ok=True)
    numbers = {"about": about, "figures": [asdict(figure) for figure in figures]}
    (out / "figures.json").write_text(json.dumps(numbers, indent=1, default=list))
    with (out / "table.txt").open("w") as file:
        text = Console(file=file, width=_WIDTH)
        text.print(figures_table(figures))
        text.print()
        text.print(goals_table(figures))
    draw(figures, [out / "figures.svg", out / "figures.png"])
    console.print(f"\nThe picture and all numbers are in {out}.")


if __name__ == "__main__":  # the processes of a rebuild import this, too
    main()
