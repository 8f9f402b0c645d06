"""The status report of a team for a period: progress, plans and problems of its check-ins, what moved, what is stale.

The period lies between two readings, on either clock or on both: check-ins recorded up to the later one's position
and in effect up to its instant; and, where the period has a beginning on a clock, after that.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.kernel import BEGINNING
from domain.scoring import official, six
from projections import shapes
from projections.board import below, team_row
from projections.goals import CYCLES, OBJECTIVES, objective_shapes
from projections.reading import Reading
from projections.resources import CHECK_INS
from projections.shapes import Row, Shape


def team_report(
    earlier: Reading, later: Reading, team: UUID, *, recorded_after: int | None, since: datetime | None
) -> Shape:
    """The report on the team and the teams below it. `since`: in effect after it; `None`: from the beginning."""
    row = team_row(later, team)
    cycles = _open_cycles(later)
    then = {each["id"]: each for each in _objectives(earlier, team, [c["id"] for c in cycles])}
    now = _objectives(later, team, [c["id"] for c in cycles])
    key_results = {part["id"]: part for objective in now for part in objective["key_results"]}
    said = later.rows(
        CHECK_INS["of_period"],
        key_results=list(key_results),
        **{"from": recorded_after or 0, "from_valid": since or BEGINNING},
    )
    return {
        "team": shapes.team(row),
        "from": None if recorded_after is None else earlier.stamp(),
        "to": later.stamp(),
        "from_valid": since,
        "to_valid": later.valid_at,
        "as_of": later.stamp(),
        "check_ins": [_said(each, key_results[each["key_result"]]) for each in said],
        "moved": [moved for objective in now if (moved := _moved(then.get(objective["id"]), objective))],
        "stale": [_silent(part) for part in key_results.values() if part["stale"]],
    }


def _open_cycles(reading: Reading) -> list[Row]:
    wanted = dict.fromkeys(("label", "kind", "parent", "state"))
    rows = reading.rows(CYCLES["page"], **wanted, ids=None, after=0, limit=10_000)
    return [row for row in rows if row["state"] != "planned"]


def _objectives(reading: Reading, team: UUID, cycles: list[UUID]) -> list[Shape]:
    subtree = set(below(reading, team))
    rows = [row for row in reading.rows(OBJECTIVES["in_cycles"], cycles=cycles) if row["team"] in subtree]
    return [shape for shape in objective_shapes(reading, rows) if shape["state"] == "active"]


def _said(row: Row, key_result: Shape) -> Shape:
    return {**shapes.check_in(row), "title": key_result["title"], "objective": key_result["objective"]}


def _silent(key_result: Shape) -> Shape:
    return {name: key_result[name] for name in ("id", "title", "objective", "checked_in_at")}


def _moved(then: Shape | None, now: Shape) -> Shape | None:
    old = official(then["score"], then["grade"]) if then else None
    new = official(now["score"], now["grade"])
    if old == new or (then is None and new == 0):
        return None
    return {"id": now["id"], "title": now["title"], "cycle": now["cycle"], "old": six(old), "new": six(new)}


def report_markdown(report: Shape) -> str:
    """The report to send round."""
    lines = [f"# Status of {_words(report['team']['name'])}", "", f"As of {_day(report['to_valid'])}.", ""]
    for heading, name in (("Progress", "progress"), ("Plans", "plans"), ("Problems", "problems"), ("Notes", "note")):
        said = [f"- **{_words(each['title'])}**: {_words(each[name])}" for each in report["check_ins"] if each[name]]
        lines += [f"## {heading}", "", *(said or ["Nothing was said."]), ""]
    moved = [f"- {_words(m['title'])}: {_per_cent(m['old'])} → {_per_cent(m['new'])}" for m in report["moved"]]
    lines += ["## What moved", "", *(moved or ["Nothing moved."]), ""]
    silent = [f"- {_words(s['title'])} (last check-in: {_day(s['checked_in_at'])})" for s in report["stale"]]
    lines += ["## What is stale", "", *(silent or ["Nothing is stale."]), ""]
    return "\n".join(lines)


def _words(text: Any) -> str:
    """A text on one line, with what Markdown would read as markup made plain."""
    if not isinstance(text, str):
        return "[redacted]"
    escaped = "".join(f"\\{char}" if char in "\\`*_[]<>#|" else char for char in text)
    return " ".join(escaped.split())


def _day(at: datetime | None) -> str:
    return at.date().isoformat() if at else "never"


def _per_cent(score: Decimal | None) -> str:
    return "–" if score is None else f"{round(score * 100)} %"
