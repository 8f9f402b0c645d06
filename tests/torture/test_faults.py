"""A bounded part of `make torture`: two servers under load, broken in every way that needs no privileges.

Nothing that was acknowledged is lost, nothing is there twice, and the books and proofs are what the events say.
"""

import json
from pathlib import Path

import pytest
from rich.console import Console

from torture.faults import KINDS
from torture.report import as_json, show
from torture.running import Order, run

PRIVILEGED = {"disk_full"}


@pytest.mark.slow
def test_nothing_is_lost_doubled_or_wrong_whatever_breaks(disk_folder: Path):
    """One fault of each kind, or two of the most frequent. Which, and in which order, is fixed; when, is not."""
    only = sorted(KINDS.keys() - PRIVILEGED)
    result = run(Order(faults=len(only), seed=6, only=only, clients=4, pause=0.05), disk_folder, print)
    show(result, Console())  # what pytest shows if it fails
    assert (result.findings.lost, result.findings.doubled, result.findings.wrong) == ([], [], [])
    assert result.faults.total() > len(only) * 0.8
    assert result.commands["acknowledged"] > len(only)
    assert result.checks == 1
    assert json.loads(json.dumps(as_json(result)))["order"]["seed"] == 6
