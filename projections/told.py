"""What a write answers that follows from the one event of it: nothing is read for that."""

from typing import Any

from domain.kernel import Fact
from domain.key_result.events import CheckedIn
from projections import shapes
from projections.check_ins.book import CheckIns, row_of
from projections.forms import exact
from projections.shapes import Shape


def check_in_told(fact: Fact[Any]) -> Shape:
    """A check-in as it reads at its own position and at its own instant, when nothing else is said of it yet.

    It is what `find` answers at these clocks, once the books are there. The fact is of a `CheckedIn`.
    """
    event: CheckedIn = fact.event
    row = dict(zip(CheckIns.columns, row_of(fact, event), strict=True))
    if row["value"] is not None:
        row["value"] = exact(row["value"])
    shown = shapes.check_in({**row, "id": event.check_in, "recorded_at": fact.recorded_at})
    return {**shown, "as_of": {"position": fact.position, "recorded_at": fact.recorded_at}}
