"""One resource, or a page of them, at the two clocks."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, LiteralString
from uuid import UUID

from domain.errors import NotFound
from domain.kernel import Kind, Ref
from domain.rules import spoken
from ledger.sql import load
from projections import shapes
from projections.goals import CYCLES, KEY_RESULTS, OBJECTIVES, cycle_shapes, key_result_shapes, objective_shapes
from projections.kpi_shapes import KPIS, kpi_shapes
from projections.pages import Page, cursor
from projections.reading import SQL, Reading
from projections.shapes import Row, Shape
from projections.trail import event_with_id

TEAMS = load("projections.teams", "queries.sql")
MEMBERS = load("projections.members", "queries.sql")
CHECK_INS = load("projections.check_ins", "queries.sql")
INITIATIVES = load("projections.initiatives", "queries.sql")

QUERIES: dict[Kind, Mapping[str, LiteralString]] = {
    Kind.CYCLE: CYCLES,
    Kind.TEAM: TEAMS,
    Kind.MEMBER: MEMBERS,
    Kind.OBJECTIVE: OBJECTIVES,
    Kind.KEY_RESULT: KEY_RESULTS,
    Kind.CHECK_IN: CHECK_INS,
    Kind.INITIATIVE: INITIATIVES,
    Kind.KPI: KPIS,
}

FILTERS: dict[Kind, tuple[str, ...]] = {
    Kind.CYCLE: ("label", "kind", "state", "parent"),
    Kind.TEAM: ("state", "parent"),
    Kind.MEMBER: ("state", "kind"),
    Kind.OBJECTIVE: (
        "cycle",
        "team",
        "owner",
        "state",
        "commitment",
        "aligned_to",
        "carried_from",
        "tag",
    ),
    Kind.KEY_RESULT: ("objective", "team", "owner", "state", "tag", "kpi"),
    Kind.CHECK_IN: ("key_result", "objective", "actor", "state", "status"),
    Kind.INITIATIVE: ("key_result", "state", "sprint"),
    Kind.KPI: (
        *("team", "owner", "state", "parent", "perspective", "indicator", "direction", "unit", "tag"),
        "health",
    ),
}
"""What lists are filtered by, exactly; `external_id` besides, for every kind."""


def find(reading: Reading, ref: Ref, *, personal: bool = False) -> Shape:
    """One resource, with `as_of`. Raises `NotFound`. `personal`: the e-mail address of a member is shown."""
    if ref.kind is Kind.EVENT:
        return event_with_id(reading, ref.id)
    rows = reading.rows(QUERIES[ref.kind]["at"], ids=[ref.id])
    if not rows:
        raise NotFound(f"There is no {spoken(ref.kind)} {ref.id} at these clocks.")
    return {**shaped(reading, ref.kind, rows, personal=personal)[0], "as_of": reading.stamp()}


def listing(
    reading: Reading,
    kind: Kind,
    filters: Mapping[str, Any],
    limit: int,
    after: str | None,
    *,
    personal: bool = False,
) -> Page:
    """A page of a kind, oldest first. Unset filters are `None` or left out. Raises `Invalid` for a bad cursor."""
    wanted = {name: filters.get(name) for name in FILTERS[kind]}
    ids = None
    if filters.get("external_id") is not None:
        ids = external(reading, kind, filters["external_id"])
    rows = reading.rows(QUERIES[kind]["page"], **wanted, ids=ids, after=cursor(after), limit=limit + 1)
    more = str(rows[limit - 1]["born"]) if len(rows) > limit else None
    return Page(shaped(reading, kind, rows[:limit], personal=personal), more)


def external(reading: Reading, kind: Kind, external_id: str) -> list[UUID]:
    """The things of a kind that carry a caller's id, whatever its source."""
    query = SQL["named_check_ins"] if kind is Kind.CHECK_IN else SQL["named"]
    rows = reading.rows(query, external_id=external_id, kind=kind.value)
    return [next(iter(row.values())) for row in rows]


def shaped(reading: Reading, kind: Kind, rows: Sequence[Row], *, personal: bool = False) -> list[Shape]:
    """Rows of a kind as answers show them."""
    if kind is Kind.MEMBER:
        return _members(reading, rows, personal=personal)
    return _SHAPED[kind](reading, rows)


def _members(reading: Reading, rows: Sequence[Row], *, personal: bool) -> list[Shape]:
    people = {row["member"]: row for row in reading.rows(SQL["people"], members=[row["id"] for row in rows])}
    teams: dict[str, list[Shape]] = {}
    for team in reading.rows(TEAMS["tree"]) if rows else ():
        for each in team["members"]:
            teams.setdefault(each["member"], []).append({"team": team["id"], "role": each["role"]})
    return [shapes.member(row, people.get(row["id"]), teams.get(str(row["id"]), ()), personal=personal) for row in rows]


_SHAPED: dict[Kind, Callable[[Reading, Sequence[Row]], list[Shape]]] = {
    Kind.CYCLE: cycle_shapes,
    Kind.TEAM: lambda _, rows: [shapes.team(row) for row in rows],
    Kind.OBJECTIVE: objective_shapes,
    Kind.KEY_RESULT: key_result_shapes,
    Kind.CHECK_IN: lambda _, rows: [shapes.check_in(row) for row in rows],
    Kind.INITIATIVE: lambda _, rows: [shapes.initiative(row) for row in rows],
    Kind.KPI: kpi_shapes,
}


def etag(reading: Reading, ref: Ref) -> int:
    """The position of the last event of the resource's own stream; of a check-in, of the last about it."""
    if ref.kind is Kind.CHECK_IN:
        rows = reading.rows(CHECK_INS["at"], ids=[ref.id])
        if not rows:
            raise NotFound(f"There is no check-in {ref.id} at these clocks.")
        stream = str(Ref(Kind.KEY_RESULT, rows[0]["key_result"]))
        found = reading.value(SQL["last_of_check_in"], stream=stream, check_in=str(ref.id))
    else:
        found = reading.value(SQL["last_of_stream"], stream=str(ref))
    if found is None:
        raise NotFound(f"There is no {spoken(ref.kind)} {ref.id} at these clocks.")
    return int(found)


_BY_ITSELF = {Kind.TEAM, Kind.CHECK_IN, Kind.INITIATIVE}
"""Kinds of which every field follows from the events that the ETag counts, whatever else happens."""


def is_settled(reading: Reading, ref: Ref, etag: int, *, fixed: bool) -> bool:
    """Whether whoever has the resource with this ETag, by the same address, has it as it reads now.

    So it is where nothing but its own events tells what it says, or where both clocks are `fixed`: then what others
    said is told as well. Either way, not where a text was redacted, or a member erased, since the event that the ETag
    names.
    """
    if not (ref.kind in _BY_ITSELF or fixed):
        return False
    if ref.kind is Kind.CHECK_IN:
        rows = reading.rows(CHECK_INS["at"], ids=[ref.id])
        own = str(Ref(Kind.KEY_RESULT, rows[0]["key_result"])) if rows else None
    else:
        own = str(ref)
    blanked = reading.value(SQL["last_blanked"], stream=own if ref.kind in _BY_ITSELF else None)
    return int(blanked) < etag


def stands(reading: Reading) -> tuple[int, int, int]:
    """Where the books and the ledger are in this snapshot, and how many people have a name."""
    (row,) = reading.rows(SQL["stands"])
    return row["books"] or 0, row["head"], row["people"]
