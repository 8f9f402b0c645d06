"""The vectors of shared/scoring: cases of `linear-v1` with expected results, each with its source.

They stand beside the checkout, not in it, and are skipped where they are absent.
"""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from domain.measures import VALUE_FIELDS, MeasureInput, stored
from domain.scoring import (
    band,
    clamp,
    expected,
    mean,
    met,
    official,
    pace,
    progress,
    six,
    status,
    weighted,
    worst,
)
from domain.values import Number

FILE = Path(__file__).parents[3] / "shared" / "scoring" / "vectors.json"
READ, NUMBER = TypeAdapter(MeasureInput), TypeAdapter(Number)


def vectors():
    if not FILE.exists():
        reason = "the scoring vectors are not here: ../shared/scoring/vectors.json, seen from the repository"
        return [pytest.param(None, id="absent", marks=pytest.mark.skip(reason=reason))]
    return [pytest.param(vector, id=vector["id"]) for vector in json.loads(FILE.read_text())]


def value_of(given):
    """The value in the measure's own form: a number as a decimal, milestones as a tuple."""
    for name in VALUE_FIELDS:
        if name in given:
            value = given[name]
            if name in ("value", "score"):
                return NUMBER.validate_python(value)
            return tuple(value) if name == "completed" else value
    return None


def key_result(given):
    value = value_of(given)
    moved = progress(stored(READ.validate_python(given["measure"])), value)
    said = status(value is not None, None, "on_track")
    return {"progress": six(moved), "score": six(clamp(moved)), "status": said}


def objective(given):
    parts, statuses = [], []
    for part in given["key_results"]:
        moved = progress(stored(READ.validate_python(part["measure"])), value_of(part))
        parts.append(weighted(NUMBER.validate_python(part["weight"]), official(clamp(moved), None)))
        if parts[-1].weight:
            statuses.append(status(moved is not None, None, "on_track"))
    moved = mean(parts)
    score = clamp(moved)
    return {
        "progress": six(moved),
        "score": six(score),
        "status": worst(statuses),
        "band": band(score),
        "met": met(given.get("commitment", "aspirational"), score),
    }


def pace_of(given):
    days = (date.fromisoformat(given[name]) for name in ("starts_on", "ends_on", "valid_at"))
    due = expected(*days)
    return {"expected": six(due), "pace": pace(due, NUMBER.validate_python(given["score"]))}


def refused(given):
    with pytest.raises(ValidationError):
        READ.validate_python(given["measure"])
    return {"status": 422}  # what every broken schema is answered with


@pytest.mark.parametrize("vector", vectors())
def test_vector(vector):
    answer = {"key_result": key_result, "objective": objective, "pace": pace_of, "refused": refused}
    actual = answer[vector["kind"]](vector["given"])
    numbers = ("progress", "score", "expected")
    wanted = {
        name: Decimal(value) if name in numbers and value is not None else value
        for name, value in vector["expect"].items()
    }
    assert {name: actual[name] for name in wanted} == wanted
