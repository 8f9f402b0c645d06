"""What if: the board of a cycle under another policy, or without some events. Nothing is stored.

    board's fields + {assumed: {policy, without}, change}

The events of what the assumption may change are read and folded in memory, without those that are to be left out, and
shown by the functions that show the board; all else is read from the books. What depends on something is left out with
it: without its setting there is no objective and none of its key results, without the check-in its corrections say
nothing, without a point nothing puts it right. Another objective that was carried on from it, or is aligned to it,
stays. `change` is the score less the one that stands; a score that is null counts as 0.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.cycle.events import CyclePlanned
from domain.errors import Fault, Invalid, invalid
from domain.kernel import Fact, Kind, Ref
from domain.key_result.events import KeyResultAdded, KeyResultChanged
from domain.kpi.series import Series
from domain.objective.state import OBJECTIVE
from domain.scoring import POLICIES, ZERO, six
from ledger.sql import load
from projections.board import board_of
from projections.cycles.book import BOOK as CYCLES
from projections.engine import Book, Thing
from projections.explaining.factors import with_fields
from projections.folding import Known, Subset, end, measured, rest
from projections.goals import KEY_RESULTS as KEY_RESULT_ROWS
from projections.goals import cycle_row, cycle_scores, in_cycle
from projections.key_results.book import BOOK as KEY_RESULTS
from projections.objectives.book import BOOK as OBJECTIVES
from projections.output import named
from projections.reading import Reading
from projections.shapes import Row, Shape
from projections.track import Track
from projections.world import Statement, World, attached_to

SQL = load("projections.explaining", "what_if.sql")
MOST = 1_000
"""How many events may be left out at once."""
_JSON = ("measure", "value", "redactions")


def what_if(reading: Reading, cycle: UUID, policy: str | None = None, without: Sequence[int | UUID] = ()) -> Shape:
    """The board of a cycle, assumed to be scored by `policy`, and `without` some events: positions or ids.

    Raises `NotFound`; `Invalid` at `/policy` and `/without/N`.
    """
    row = cycle_row(reading, cycle)
    if policy is not None and policy not in POLICIES:
        raise invalid("/policy", f"must be one of {', '.join(POLICIES)}", slug="unknown_policy")
    if len(without) > MOST:
        raise invalid("/without", f"must have at most {MOST:,} items")
    goals = in_cycle(reading, row)
    parts = reading.rows(KEY_RESULT_ROWS["of_objectives"], objectives=[goal["id"] for goal in goals])
    named = _named(reading, without)
    known = Known(reading)
    pending = _pending(parts) if policy not in {None, row["scoring"]} else []
    _fetch(known, cycle, [*named.values()], pending)
    left_out = _positions(known, cycle, without, named)
    world = _Assumed(reading, known, cycle, policy or row["scoring"], left_out)
    goals = _objectives(reading, world, cycle, goals)
    period = _row(CYCLES, reading, Ref(Kind.CYCLE, cycle), world)
    assert period is not None  # noqa: S101
    found = board_of(reading, period, goals, _key_results(reading, world, cycle, goals, parts))
    stands = six(cycle_scores(reading, [cycle])[cycle])
    assumed = {"policy": period["scoring"], "without": sorted(left_out)}
    return found | {"assumed": assumed, "change": (found["score"] or ZERO) - (stands or ZERO)}


def _fetch(known: Known, cycle: UUID, named: Sequence[Row], pending: Iterable[Ref]) -> None:
    """Reads what the assumption may change: the families of what is named, and of what another policy counts otherwise.

    Without an event of the cycle itself everything may change, without a KPI's points whatever it drives.
    """
    things: set[Ref] = {Ref(Kind.CYCLE, cycle), *pending}
    whole: set[Ref] = set()
    for row in named:
        stream = Ref.parse(row["stream"])
        above = [Ref.parse(parent) for parent in row["parents"]]
        if stream.kind in (Kind.OBJECTIVE, Kind.KEY_RESULT):
            things.add(stream)
        elif stream.kind is Kind.INITIATIVE:
            things.update(above)
        elif stream.kind is Kind.MEASUREMENTS:
            whole.update(ref for ref in above if ref.kind is Kind.KPI)
        elif stream == Ref(Kind.CYCLE, cycle):
            whole.add(stream)
    known.fetch(things, whole)


def _pending(parts: Iterable[Row]) -> list[Ref]:
    """The key results that nobody checked in on and no KPI measured: all that policies disagree about."""
    return [Ref(Kind.KEY_RESULT, row["id"]) for row in parts if row["checked_in_at"] is None and not row["measured"]]


# --- what is left out


def _named(reading: Reading, without: Sequence[int | UUID]) -> dict[int, Row]:
    """The events that are named, each by its place in the list; those that are not known are missing."""
    if not without:
        return {}
    positions = [one if isinstance(one, int) else None for one in without]
    ids = [one if isinstance(one, UUID) else None for one in without]
    return {row["n"]: row for row in reading.rows(SQL["named"], positions=positions, ids=ids)}


def _positions(known: Known, cycle: UUID, without: Sequence[int | UUID], named: Mapping[int, Row]) -> set[int]:
    """The positions of the events to leave out. Raises `Invalid` where one is unknown or of no goal of the cycle."""
    members = {str(ref) for ref in _members(known, cycle)}
    faults = []
    for n, one in enumerate(without):
        row = named.get(n)
        if row is None:
            faults.append(Fault(f"/without/{n}", f"there is no event {one} at these clocks"))
        elif row["stream"] not in members and members.isdisjoint(_above(row)):
            faults.append(Fault(f"/without/{n}", "is no event of this cycle"))
        elif isinstance(_at(known, cycle, row), CyclePlanned):
            faults.append(Fault(f"/without/{n}", "planned the cycle: without it there is nothing to show"))
    if faults:
        raise Invalid(f"{faults[0].pointer.lstrip('/')}: {faults[0].reason}", faults=faults)
    return {row["position"] for row in named.values()}


def _above(row: Row) -> Sequence[str]:
    """Through what an event may be one of the cycle's: an initiative's key result, the KPI of measurements."""
    return row["parents"] if row["stream"].startswith(("initiative/", "measurements/")) else ()


def _at(known: Known, cycle: UUID, row: Row) -> Any:
    ref = Ref(Kind.CYCLE, cycle)
    facts = known.track_of(ref).facts if row["stream"] == str(ref) else ()
    return next((fact.event for fact in facts if fact.position == row["position"]), None)


def _members(known: Known, cycle: UUID) -> Iterator[Ref]:
    """The cycle, its objectives, their key results, and the KPIs that drive those: all there ever were."""
    yield Ref(Kind.CYCLE, cycle)
    for objective in known.in_cycle(cycle):
        yield Ref(Kind.OBJECTIVE, objective)
        for part in known.key_results(objective):
            yield part.ref
            yield from (Ref(Kind.KPI, kpi) for kpi in known.kpis(part.ref.id))


class _Assumed(Subset):
    """The world without some events, and with the cycle under a policy."""

    def __init__(self, reading: Reading, known: Known, cycle: UUID, policy: str, left_out: Collection[int]) -> None:
        super().__init__(known)
        self._cycle = cycle
        self._policy = policy
        self._left_out = left_out
        kpis = [str(Ref(Kind.KPI, kpi)) for kpi in known.measured()] if left_out else []
        self._restated = {row["position"] for row in reading.rows(SQL["restated"], kpis=kpis)} if kpis else set()

    def left(self, track: Track[Any]) -> Track[Any]:
        """What is left of a stream."""
        if not self._left_out and track.ref != Ref(Kind.CYCLE, self._cycle):
            return track
        facts = (self._fact(fact) for fact in track.facts if fact.position not in self._left_out)
        return rest(track, [fact for fact in facts if fact is not None])

    def _fact(self, fact: Fact[Any]) -> Fact[Any] | None:
        """A fact as it is then: nothing is added to an objective, or moved to one, that was never set."""
        event = fact.event
        match event:
            case CyclePlanned() if fact.stream.id == self._cycle:
                return fact._replace(event=event.model_copy(update={"scoring": self._policy}))
            case KeyResultAdded():
                return fact if self._is_there(event.objective) else None
            case KeyResultChanged():
                objective = attached_to(fact)
                if objective is None or self._is_there(objective):
                    return fact
                return with_fields(fact, event.model_fields_set - {"objective"})
            case _:
                return fact

    def _is_there(self, objective: UUID) -> bool:
        return bool(self.track(OBJECTIVE, Ref(Kind.OBJECTIVE, objective)).facts)

    def points(self, kpi: UUID) -> Series:
        """What is left of what was said of a KPI's points."""
        if not self._left_out:
            return self.known.series(kpi)
        return measured(self._said(self.known.statements[kpi.int]))

    def _said(self, statements: Sequence[Statement]) -> Iterator[Statement]:
        days: set[date] = set()
        for one in statements:
            if one.position not in self._left_out and (one.on in days or one.position not in self._restated):
                days.add(one.on)
                yield one


# --- rows, as the books have them


def _objectives(reading: Reading, world: _Assumed, cycle: UUID, stand: Sequence[Row]) -> list[Row]:
    """The cycle's objectives, in the order in which they came into it; those that were not fetched as they stand."""
    fetched = world.known.in_cycle(cycle)
    rows = [row for row in stand if row["id"] not in fetched]
    for id in fetched:
        row = _row(OBJECTIVES, reading, Ref(Kind.OBJECTIVE, id), world)
        if row is not None and row["cycle"] == cycle:
            rows.append(row)
    return _in_order(reading, rows, [Ref(Kind.CYCLE, cycle)])


def _key_results(
    reading: Reading, world: _Assumed, cycle: UUID, goals: Sequence[Row], stand: Sequence[Row]
) -> list[Row]:
    """The key results of some objectives, in the order in which they came to any of them."""
    of = {goal["id"] for goal in goals}
    fetched = {part.ref for id in world.known.in_cycle(cycle) for part in world.known.key_results(id)}
    rows = [row for row in stand if Ref(Kind.KEY_RESULT, row["id"]) not in fetched]
    for ref in fetched:
        row = _row(KEY_RESULTS, reading, ref, world)
        if row is not None and row["objective"] in of:
            rows.append(row)
    return _in_order(reading, rows, [Ref(Kind.OBJECTIVE, id) for id in of])


def _in_order(reading: Reading, rows: Sequence[Row], parents: Sequence[Ref]) -> list[Row]:
    """Rows by the position at which they were first attached to one of the parents: as the board has them."""
    came = {row["id"]: row["position"] for row in reading.rows(SQL["came"], parents=[str(ref) for ref in parents])}
    return sorted(rows, key=lambda row: (came[row["id"]], row["id"]))


def _row(book: Book, reading: Reading, ref: Ref, world: World) -> Row | None:
    """A thing's row as it would be read from the book's table."""
    found = book.row(Thing(ref.id, ref), end(reading.valid_at), world)
    if found is None:
        return None
    row = named(book.columns, found) | {"id": ref.id}
    return row | {name: _stored(row[name]) for name in _JSON if row.get(name) is not None}


def _stored(text: str) -> Any:
    """What comes back of a `jsonb` column: exact numbers, and the keys of an object by length, then by name."""
    return _ordered(json.loads(text, parse_float=Decimal))


def _ordered(value: Any) -> Any:
    match value:
        case dict():
            names = sorted(value, key=lambda name: (len(name.encode()), name.encode()))
            return {name: _ordered(value[name]) for name in names}
        case list():
            return [_ordered(each) for each in value]
        case _:
            return value
