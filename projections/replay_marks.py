"""What in a replay is worth a mark: goalposts moved, what was added and dropped, corrections, closings, check-ins."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from domain.kernel import Kind
from domain.scoring import start_of
from projections.shapes import Row

_GOALPOSTS = {"measure", "weight", "commitment", "starts_on", "ends_on"}
_CHANGES = {"cycle.rescheduled", "objective.changed", "key_result.changed"}
_MARKS = {
    "objective.set": "added",
    "objective.restored": "added",
    "key_result.added": "added",
    "key_result.restored": "added",
    "objective.dropped": "dropped",
    "key_result.dropped": "dropped",
    "key_result.checked_in": "check_in",
    "key_result.check_in_corrected": "correction",
    "key_result.check_in_retracted": "correction",
    "measurements.restated": "correction",
    "cycle.closed": "closing",
}


class Marks:
    """Tells of each frame of a cycle, in their order from the first on, what marks it has.

    A goalpost is moved by a change of measure, weight, commitment or dates once the cycle has started, by its first
    day as it stood just before.
    """

    def __init__(self, cycle: UUID) -> None:
        self._cycle = cycle
        self._starts_on: date | None = None

    def of(self, frame: Row) -> Iterator[str]:
        """`goalpost`, `added`, `dropped`, `correction`, `closing`, `check_in`: each at most once."""
        starts_on = self._starts_on
        changes = [change for change in frame["changes"] if change["kind"] != Kind.CHECK_IN]
        for change in changes:
            if change["kind"] is Kind.CYCLE and change["field"] == "starts_on":
                self._starts_on = change["new"]
        if frame["type"] in _CHANGES and starts_on is not None and frame["effective_at"] >= start_of(starts_on):
            yield from ["goalpost"] * any(change["field"] in _GOALPOSTS for change in changes)
        if frame["type"] == "objective.moved":
            yield "added" if any(c["field"] == "cycle" and c["new"] == self._cycle for c in changes) else "dropped"
        elif frame["type"] == "measurements.recorded":
            yield from ["correction"] * any(c["kind"] is Kind.KPI and c["old"] is not None for c in changes)
        elif frame["type"] in _MARKS:
            yield _MARKS[frame["type"]]
