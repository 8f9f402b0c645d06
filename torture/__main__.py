"""Runs it, prints a table, and exits with 1 if anything was lost, doubled or wrong."""

import argparse
import json
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from torture.faults import KINDS
from torture.report import as_json, show
from torture.running import Order, run


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(prog="python -m torture", description="Breaks a server at random, and counts.")
    parser.add_argument("--faults", type=int, default=1000, help="how many")
    parser.add_argument("--seed", type=int, default=1, help="the same seed plans the same faults")
    parser.add_argument("--only", action="append", default=[], choices=sorted(KINDS), help="a kind; may be repeated")
    parser.add_argument("--minutes", type=float, help="begin no further fault after so many")
    parser.add_argument("--clients", type=int, default=6, help="how many write at the same time")
    parser.add_argument("--each", type=int, default=250, help="faults between two checks")
    parser.add_argument("--report", type=Path, help="also write the result there, as JSON")
    parser.add_argument("--keep", action="store_true", help="keep the folder with the servers' logs")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended then, too
    order = Order(given.faults, given.seed, given.only, given.minutes, given.clients, given.each)
    folder = Path(tempfile.mkdtemp(prefix="quarterdeck-torture-"))
    sys.stderr.write(f"Seed {order.seed}; the servers' logs are in {folder}\n")
    bad = True
    try:
        result = run(order, folder, lambda line: print(line, file=sys.stderr, flush=True))
        bad = bool(result.findings)
    finally:
        if not (bad or given.keep):
            shutil.rmtree(folder, ignore_errors=True)
    show(result, Console())
    if given.report is not None:
        given.report.write_text(json.dumps(as_json(result), indent=2) + "\n")
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
