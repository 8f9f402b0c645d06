"""The history of a KPI: its own events and those of its measurements, which lie in a stream a quarter.

There may be very many, and a batch may tell of thousands of points. So only the events of the page are read; the KPI's
own are folded, since they are few, and what a measurement changed is asked of the book.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from domain.errors import NotFound
from domain.kernel import Fact, Kind, Ref
from domain.redaction.events import TextRedacted
from domain.rules import spoken
from ledger.sql import load
from projections.items import SQL, facts_of, item, redacted, told
from projections.pages import Page, cursor
from projections.reading import Reading
from projections.shapes import Shape

KPIS = load("projections.kpis", "queries.sql")
MEASUREMENTS = load("projections.measurements", "queries.sql")

MOST_POINTS = 20_000
"""How many points a page tells of before it ends early; a page has at least one event."""


def history_of_kpi(reading: Reading, ref: Ref, limit: int, after: str | None) -> Page:
    """A page of what happened to a KPI, newest first. Raises `NotFound`."""
    if not reading.rows(KPIS["at"], ids=[ref.id]):
        raise NotFound(f"There is no {spoken(ref.kind)} {ref.id} at these clocks.")
    before = None if after is None else cursor(after)
    found = reading.rows(SQL["history_of_kpi"], stream=str(ref), before=before, limit=limit + 1)
    positions = _of_page(found, limit)
    items = _items(reading, ref, facts_of(reading, "at_positions", positions=positions))
    more = str(positions[-1]) if len(found) > len(positions) else None
    return Page([items[position] for position in positions], more)


def _of_page(found: Sequence[Any], limit: int) -> list[int]:
    positions: list[int] = []
    points = 0
    for row in found[:limit]:
        points += row["points"]
        if positions and points > MOST_POINTS:
            break
        positions.append(row["position"])
    return positions


def _items(reading: Reading, ref: Ref, facts: Sequence[Fact[Any]]) -> dict[int, Shape]:
    """The items of a page, by position."""
    items: list[Shape] = []
    if any(fact.stream == ref for fact in facts):
        items += told(ref, facts_of(reading, "history", stream=str(ref)))
    measured = [fact for fact in facts if fact.stream.kind is Kind.MEASUREMENTS]
    values = point_changes(reading, measured)
    items += [item(fact, values[fact.position]) for fact in measured]
    items += [redacted(fact) for fact in facts if isinstance(fact.event, TextRedacted)]
    return {each["position"]: each for each in items}


def point_changes(reading: Reading, measured: Sequence[Fact[Any]]) -> dict[int, list[Shape]]:
    """What events said of points, by position: a point's field is its day."""
    found: defaultdict[int, list[Shape]] = defaultdict(list)
    if measured:
        streams = list({fact.stream.id for fact in measured})
        positions = [fact.position for fact in measured]
        for row in reading.rows(MEASUREMENTS["changes"], streams=streams, positions=positions):
            change = {"field": row["on"].isoformat(), "old": row["old"], "new": row["new"]}
            found[row["position"]].append(change)
    return found
