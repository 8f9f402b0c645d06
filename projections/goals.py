"""Objectives and key results as they stand at the two clocks: what every question about goals is made of.

However many goals there are, it takes one query a kind, never one a goal.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from domain import scoring
from domain.errors import NotFound
from ledger.sql import load
from projections import shapes
from projections.reading import Reading
from projections.shapes import Row, Shape

CYCLES = load("projections.cycles", "queries.sql")
OBJECTIVES = load("projections.objectives", "queries.sql")
KEY_RESULTS = load("projections.key_results", "queries.sql")


def cycle_rows(reading: Reading, ids: Iterable[UUID]) -> dict[UUID, Row]:
    """The rows of some cycles that exist at both clocks."""
    rows = reading.rows(CYCLES["at"], ids=list(ids))
    return {row["id"]: row for row in rows}


def cycle_row(reading: Reading, id: UUID) -> Row:
    """One cycle's row. Raises `NotFound`."""
    row = cycle_rows(reading, [id]).get(id)
    if row is None:
        raise NotFound(f"There is no cycle {id}.")
    return row


def cycle_scores(reading: Reading, ids: Iterable[UUID]) -> dict[UUID, Decimal | None]:
    """The scores of some cycles, summed where the rows lie."""
    scores: dict[UUID, Decimal | None] = dict.fromkeys(ids)
    for row in reading.rows(OBJECTIVES["scores"], cycles=list(scores)) if scores else ():
        scores[row["cycle"]] = scoring.ratio(row["above"], row["below"])
    return scores


def cycle_shapes(reading: Reading, rows: Sequence[Row]) -> list[Shape]:
    """Cycles with their scores."""
    scores = cycle_scores(reading, [row["id"] for row in rows])
    return [shapes.cycle(row, scores[row["id"]], reading.valid_at) for row in rows]


def in_cycle(reading: Reading, cycle: Row) -> list[Row]:
    """The rows of a cycle's objectives, dropped ones included, oldest first."""
    return list(reading.rows(OBJECTIVES["in_cycles"], cycles=[cycle["id"]]))


def objective_shapes(
    reading: Reading,
    rows: Sequence[Row],
    cycles: Mapping[UUID, Row] | None = None,
    key_results: Sequence[Row] | None = None,
) -> list[Shape]:
    """Objectives with their key results; `key_results`: the rows of those, if they are not the books'."""
    ids = [row["id"] for row in rows]
    cycles = cycles or cycle_rows(reading, {row["cycle"] for row in rows})
    if key_results is None:
        key_results = reading.rows(KEY_RESULTS["of_objectives"], objectives=ids)
    parts: defaultdict[UUID, list[Row]] = defaultdict(list)
    for part in key_results:
        parts[part["objective"]].append(part)
    times = {id: shapes.when(cycle, reading.valid_at) for id, cycle in cycles.items()}
    carried = {row["old"]: row["new"] for row in reading.rows(OBJECTIVES["carried"], ids=ids)}
    return [shapes.objective(row, parts[row["id"]], carried.get(row["id"]), times[row["cycle"]]) for row in rows]


def key_result_shapes(reading: Reading, rows: Sequence[Row]) -> list[Shape]:
    """Key results, each measured against its own cycle."""
    ids = list({row["objective"] for row in rows})
    owners = {row["id"]: row["cycle"] for row in reading.rows(OBJECTIVES["cycles_of"], ids=ids)}
    cycles = cycle_rows(reading, set(owners.values()))
    times = {id: shapes.when(cycle, reading.valid_at) for id, cycle in cycles.items()}
    return [shapes.key_result(row, times[owners[row["objective"]]]) for row in rows]
