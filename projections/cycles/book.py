"""The writer of the book of cycles."""

from domain.cycle.state import CYCLE, Cycle
from projections.output import Row
from projections.simple import StreamBook

COLUMNS = (
    "label",
    "kind",
    "starts_on",
    "ends_on",
    "parent",
    "scoring",
    "check_in_every_days",
    "external_id",
    "state",
)


def show(cycle: Cycle) -> Row:
    """A cycle as a row."""
    return (
        cycle.label,
        cycle.kind,
        cycle.starts_on,
        cycle.ends_on,
        cycle.parent,
        cycle.scoring,
        cycle.check_in_every_days,
        cycle.external_id,
        cycle.state,
    )


BOOK = StreamBook("cycles", 1, CYCLE, COLUMNS, show)
