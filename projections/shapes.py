"""Rows as answers show them (contract, section 5, "Shapes"): unknown is null, never left out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain import scoring
from domain.scoring import six

Row = Mapping[str, Any]
Shape = dict[str, Any]


@dataclass(frozen=True, slots=True)
class When:
    """A cycle's row and an instant, and what should be done by then: what pace and stale depend on."""

    cycle: Row
    at: datetime
    expected: Decimal


def when(cycle: Row, at: datetime) -> When:
    """A cycle at an instant."""
    return When(cycle, at, scoring.expected(cycle["starts_on"], cycle["ends_on"], at.date()))


def text(row: Row, name: str) -> Any:
    """A text of a row, or what stands where it was redacted."""
    redactions = row["redactions"]
    return row[name] if redactions is None or name not in redactions else redactions[name]


def cycle(row: Row, score: Decimal | None, at: datetime) -> Shape:
    """A cycle with its score."""
    return {
        "id": row["id"],
        "external_id": row["external_id"],
        "label": row["label"],
        "kind": row["kind"],
        "starts_on": row["starts_on"],
        "ends_on": row["ends_on"],
        "parent": row["parent"],
        "scoring": row["scoring"],
        "check_in_every_days": row["check_in_every_days"],
        "state": row["state"],
        "score": six(score),
        "expected": six(when(row, at).expected),
    }


def team(row: Row) -> Shape:
    """A team with its members."""
    return {
        "id": row["id"],
        "external_id": row["external_id"],
        "name": text(row, "name"),
        "parent": row["parent"],
        "state": row["state"],
        "members": row["members"],
    }


def member(row: Row, person: Row | None, teams: Sequence[Shape], *, personal: bool) -> Shape:
    """A member; the e-mail address only for who may see it."""
    return {
        "id": row["id"],
        "external_id": person["external_id"] if person else None,
        "name": person["name"] if person else None,
        "email": person["email"] if person and personal else None,
        "kind": row["kind"],
        "state": row["state"],
        "teams": list(teams),
    }


def key_result(row: Row, when: When) -> Shape:
    """A key result with its scores."""
    pace, checked_in_at = scoring.pace(when.expected, row["score"]), row["checked_in_at"]
    return {
        "id": row["id"],
        "external_id": row["external_id"],
        "objective": row["objective"],
        "title": text(row, "title"),
        "owner": row["owner"],
        "team": row["team"],
        "tags": row["tags"],
        "weight": row["weight"],
        "measure": row["measure"],
        "carried_from": row["carried_from"],
        "state": row["state"],
        "value": row["value"],
        "progress": six(row["progress"]),
        "score": six(row["score"]),
        "grade": row["grade"],
        "status": scoring.status(checked_in_at is not None or row["measured"], row["said"], pace),
        "pace": pace,
        "confidence": row["confidence"],
        "checked_in_at": checked_in_at,
        "stale": scoring.stale(
            cycle_open=when.cycle["state"] == "open" and row["state"] == "active",
            every_days=when.cycle["check_in_every_days"],
            checked_in_at=checked_in_at,
            began_at=row["began_at"],
            starts_on=when.cycle["starts_on"],
            at=when.at,
        ),
        "kpi": row["kpi"],
    }


def objective(row: Row, key_results: Sequence[Row], carried_to: UUID | None, when: When) -> Shape:
    """An objective with all its key results; the statement and the status are made of the active ones."""
    parts = [key_result(each, when) for each in key_results]
    active = [part for part in parts if part["state"] == "active"]
    measured = row["progress"] is not None
    title = text(row, "title")
    return {
        "id": row["id"],
        "external_id": row["external_id"],
        "cycle": row["cycle"],
        "title": title,
        "description": text(row, "description"),
        "statement": statement(title, [part["title"] for part in active]),
        "team": row["team"],
        "owner": row["owner"],
        "tags": row["tags"],
        "commitment": row["commitment"],
        "weight": row["weight"],
        "aligned_to": row["aligned_to"],
        "carried_from": row["carried_from"],
        "carried_to": carried_to,
        "state": row["state"],
        "progress": six(row["progress"]),
        "score": six(row["score"]),
        "grade": row["grade"],
        "reflection": text(row, "reflection"),
        "band": row["band"],
        "met": row["met"],
        "status": scoring.worst(part["status"] for part in active) if measured else "pending",
        "key_results": parts,
    }


def statement(title: Any, key_results: Sequence[Any]) -> str:
    """“We will TITLE, as measured by KEY RESULT, … and KEY RESULT.”"""
    parts = [_words(each) for each in key_results]
    if not parts:
        return f"We will {_words(title)}."
    listed = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return f"We will {_words(title)}, as measured by {listed}."


def _words(text: Any) -> str:
    return text.rstrip(" .") if isinstance(text, str) else "[redacted]"


def check_in(row: Row) -> Shape:
    """A check-in as it reads at the two clocks."""
    return {
        "id": row["id"],
        "external_id": row["external_id"],
        "key_result": row["key_result"],
        "value": row["value"],
        "confidence": row["confidence"],
        "status": row["status"],
        "note": text(row, "note"),
        "progress": text(row, "progress"),
        "plans": text(row, "plans"),
        "problems": text(row, "problems"),
        "state": row["state"],
        "effective_at": row["effective_at"],
        "recorded_at": row["recorded_at"],
        "actor": row["actor"],
    }


def initiative(row: Row) -> Shape:
    """An initiative."""
    return {
        "id": row["id"],
        "external_id": row["external_id"],
        "key_result": row["key_result"],
        "title": text(row, "title"),
        "url": text(row, "url"),
        "sprint": row["sprint"],
        "hypothesis": text(row, "hypothesis"),
        "state": row["state"],
        "learning": text(row, "learning"),
    }


def cycle_score(objectives: Iterable[Row]) -> Decimal | None:
    """Σ weight × official score ÷ Σ weight over the active objectives that measure something."""
    return scoring.mean(part for row in objectives if (part := counted(row)) is not None)


def counted(objective: Row) -> scoring.Weighted | None:
    """What an objective adds to the score of its cycle."""
    if objective["state"] != "active" or (objective["progress"] is None and objective["grade"] is None):
        return None
    return scoring.weighted(objective["weight"], scoring.official(objective["score"], objective["grade"]))
