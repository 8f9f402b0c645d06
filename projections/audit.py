"""The history of everything: what happened at both clocks, newest first, filtered, with what each event changed.

    audit(reading, filters, 50, None)       a page
    audit_items(reading, filters, None)     all of it, as it is asked for, in bounded memory

An item is that of a history (`projections.items`). It is about the thing of its event's stream; if it was asked for by
a check-in or a KPI, it is about that, as in their own histories.

What an event changed is seen from the states before and after it in the fold's order, so the streams of a page's
events are folded, all at once. A page ends early, with at least one item, when it would fold more than `MOST_FOLDED`
events or tell of more than `MOST_POINTS` points.

The text search looks through the texts beside the events, newest first. There is no index for it: one event may hold
five megabytes of notes, more than PostgreSQL's full-text search takes (1 MB of words, else the append fails). So a
page looks at `MOST_SEARCHED` positions at most; where it finds less than was asked for, even nothing, `next` goes on.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from domain.catalogue import FOLDS
from domain.kernel import Fact, Kind, Ref
from domain.redaction.events import TextRedacted
from ledger.sql import load
from projections.goalposts import FIELDS
from projections.items import changes_of, facts_of, item, redacted
from projections.kpi_trail import MOST_POINTS, point_changes
from projections.pages import Page, cursor
from projections.reading import Reading
from projections.shapes import Row, Shape

SQL = load("projections", "audit.sql")

AUDIT_FILTERS = (
    *("actor", "on_behalf_of", "kind", "id", "type", "cycle", "late", "goalposts", "q"),
    *("recorded_from", "recorded_to", "effective_from", "effective_to"),
)
MOST_FOLDED = 20_000
"""How many events a page folds before it ends early; a stream that is longer is folded whole, a part in memory."""
MOST_SEARCHED = 200_000
"""How many positions a page of a text search looks at."""
_PAGE = 500
_AT_ONCE = 500
MOST_KEPT = 100_000
"""How many events' changes are kept while all of it is told: in a ledger that is no longer, a stream is folded once."""


def audit(reading: Reading, filters: Mapping[str, Any], limit: int, after: str | None) -> Page:
    """A page of what happened, newest first. Raises `Invalid` for a bad cursor."""
    asked, changes = _asked(reading, filters), _Changes(reading)
    before, found = _before(reading, after), list[Shape]()
    while True:
        items, left = _some(reading, asked, before, limit - len(found), changes)
        found += items
        if left is None or len(found) == limit or not asked["goalposts"]:
            return Page(found, None if left is None else str(left))
        before = left


def audit_items(reading: Reading, filters: Mapping[str, Any], after: str | None) -> Iterator[Shape]:
    """All items after a cursor, made as they are asked for. Raises `Invalid` at the first."""
    asked, changes = _asked(reading, filters), _Changes(reading, keep=MOST_KEPT)
    left: int | None = _before(reading, after)
    while left is not None:
        items, left = _some(reading, asked, left, _PAGE, changes)
        yield from items


def names_of(reading: Reading, members: Sequence[UUID]) -> dict[UUID, str]:
    """What some members are called; the erased, and keys that belong to nobody, are left out."""
    return {row["member"]: row["name"] for row in reading.rows(SQL["names"], members=list(members))}


def _before(reading: Reading, after: str | None) -> int:
    return reading.position + 1 if after is None else cursor(after)


def _asked(reading: Reading, filters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of the query."""
    asked = {name: filters.get(name) for name in AUDIT_FILTERS}
    words = asked.pop("q")
    asked |= {name: bool(asked[name]) for name in ("late", "goalposts")}
    asked["words"] = None if words is None else [f"%{_escaped(word)}%" for word in words.split()]
    asked["streams"] = None
    if asked["id"] is not None:
        kinds = [kind.value for kind in FOLDS]
        asked["streams"] = [row["stream"] for row in reading.rows(SQL["streams_of"], id=asked["id"], kinds=kinds)]
    return asked


def _escaped(word: str) -> str:
    """A word as a pattern of LIKE that finds just that."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _some(
    reading: Reading, asked: Mapping[str, Any], before: int, limit: int, changes: "_Changes"
) -> tuple[list[Shape], int | None]:
    """Up to `limit` items of positions before one, and where to go on, `None` at the end."""
    floor = max(1, before - MOST_SEARCHED) if asked["words"] is not None else 1
    rows = reading.rows(SQL["entries"], **asked, floor=floor, before=before, limit=limit + 1)
    page = _of_page(rows[:limit])
    items = _items(reading, page, changes)
    shown = [_as_asked(items[row["position"]], row, asked) for row in page]
    if asked["goalposts"]:
        shown = [each for each in shown if any(change["field"] in FIELDS for change in each["changes"])]
    if len(rows) > len(page):
        return shown, page[-1]["position"]
    return shown, floor if floor > 1 else None


def _of_page(rows: Sequence[Row]) -> list[Row]:
    """As many of the rows as one page tells of."""
    page: list[Row] = []
    lengths: dict[str, int] = {}
    points = 0
    for row in rows:
        points += row["points"]
        if not row["stream"].startswith(("measurements/", "event/")):
            lengths[row["stream"]] = row["length"]
        if page and (points > MOST_POINTS or sum(lengths.values()) > MOST_FOLDED):
            break
        page.append(row)
    return page


def _as_asked(shown: Shape, row: Row, asked: Mapping[str, Any]) -> Shape:
    """The item as one of the check-in or the KPI, if it was asked for by that."""
    kind, id = asked["kind"], asked["id"]
    for name in (Kind.CHECK_IN, Kind.KPI):
        about = row[name.value]
        if about is not None and (kind == name or (kind is None and id == about)):
            return {**shown, "kind": name, "id": about}
    return shown


def _items(reading: Reading, page: Sequence[Row], changes: "_Changes") -> dict[int, Shape]:
    """The items of a page, by position."""
    facts = facts_of(reading, "at_positions", positions=[row["position"] for row in page])
    measured = [fact for fact in facts if fact.stream.kind is Kind.MEASUREMENTS]
    found = point_changes(reading, measured)
    found |= changes.of([fact for fact in facts if fact.stream.kind not in (Kind.MEASUREMENTS, Kind.EVENT)])
    return {
        fact.position: redacted(fact) if isinstance(fact.event, TextRedacted) else item(fact, found[fact.position])
        for fact in facts
    }


class _Changes:
    """What events changed, from folding their streams whole, a part in memory.

    `keep`: so many events' changes are kept for the pages to come, which are of older events, of the streams that were
    folded last; a stream with very many is not kept, and folded again.
    """

    def __init__(self, reading: Reading, keep: int = 0) -> None:
        self._reading = reading
        self._keep = keep
        self._kept: OrderedDict[Ref, dict[int, list[Shape]]] = OrderedDict()
        self._size = 0

    def of(self, facts: Sequence[Fact[Any]]) -> dict[int, list[Shape]]:
        """What each fact changed, by position. It is asked once of each, newest first."""
        wanted = {fact.position: fact.stream for fact in facts}
        found = {
            position: self._kept[stream].pop(position)
            for position, stream in wanted.items()
            if position in self._kept.get(stream, ())
        }
        self._size -= len(found)
        for position in found:
            self._kept.move_to_end(wanted[position])
        missing = {stream for position, stream in wanted.items() if position not in found}
        return found | self._folded(missing, wanted) if missing else found

    def _folded(self, streams: set[Ref], wanted: Mapping[int, Ref]) -> dict[int, list[Shape]]:
        found: dict[int, list[Shape]] = {}
        current: Ref | None = None
        state: Any = None
        later: dict[int, list[Shape]] = {}
        oldest = min(wanted)
        for fact in self._facts(streams):
            if fact.stream != current:
                self._put(current, later)
                current, state, later = fact.stream, None, {}
            before, state = state, FOLDS[fact.stream.kind].evolve(state, fact)
            if fact.position in wanted:
                found[fact.position] = changes_of(fact, before, state)
            elif self._keep and fact.position < oldest and len(later) <= self._keep // 4:
                later[fact.position] = changes_of(fact, before, state)
        self._put(current, later)
        return found

    def _facts(self, streams: set[Ref]) -> Iterator[Fact[Any]]:
        asked = {"as_of": self._reading.position, "valid_at": self._reading.valid_at}
        with self._reading.connection.cursor(f"audit_{id(self):x}") as rows:
            rows.itersize = _AT_ONCE
            rows.execute(SQL["folded"], asked | {"streams": [str(stream) for stream in streams]}, binary=True)
            yield from map(self._reading.reader.fact, rows)

    def _put(self, stream: Ref | None, changes: dict[int, list[Shape]]) -> None:
        if stream is None or len(changes) > self._keep // 4:
            return
        self._size += len(changes) - len(self._kept.pop(stream, ()))
        self._kept[stream] = changes
        while self._size > self._keep:
            _, gone = self._kept.popitem(last=False)
            self._size -= len(gone)
