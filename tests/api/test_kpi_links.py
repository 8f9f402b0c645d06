"""Key results that a KPI drives: late points, restatements and the ends of links, at both clocks."""

from decimal import Decimal
from typing import Any

import pytest

from api import shapes
from api.documents import page
from tests.support.builders import uid
from tests.support.http import METRIC, Api, done

LATE = {"effective_at": "2025-09-01T00:00:00Z"}
DRIVEN = f"/key-results/{uid('driven')}"


def before(position: int) -> str:
    return f"as_of={position - 1}"


@pytest.fixture
def driven(at_work: Api) -> Api:
    """In 2025-Q4, and since its first day, the KPI signups drives the key result driven, 0 to 100, of the goal more."""
    quarter = {"label": "2025-Q4", "kind": "quarter", "starts_on": "2025-10-01", "ends_on": "2025-12-31"}
    done(at_work.post("/cycles", id=uid("2025-Q4"), **quarter, **LATE))
    done(at_work.post("/cycles/2025-Q4/open", **LATE))
    done(at_work.post("/objectives", id=uid("more"), cycle="2025-Q4", title="more", **LATE))
    fields = {"id": uid("driven"), "title": "driven", "measure": METRIC, **LATE}
    done(at_work.post(f"/objectives/{uid('more')}/key-results", **fields))
    done(at_work.post("/kpis", id=uid("trials"), name="trials", direction="increase", frequency="monthly", **LATE))
    done(at_work.put(f"{DRIVEN}/kpi", kpi=uid("trials"), effective_at="2025-10-01T00:00:00Z", reason="it is the same"))
    done(at_work.post(f"/kpis/{uid('trials')}/measurements", points=[{"on": "2025-10-31", "value": 20}]))
    return at_work


def score(api: Api, clocks: str) -> Any:
    return done(api.get(f"/cycles/2025-Q4/board?{clocks}"))["score"]


def test_a_late_point_scores_the_past_anew_but_only_as_of_its_recording(driven: Api):
    assert score(driven, "valid_at=2025-12-15") == Decimal("0.2")
    answer = driven.put(f"/kpis/{uid('trials')}/measurements/2025-11-30", value=60)
    then = before(answer.position)
    for day, known, now in (
        ("2025-10-15", 0, 0), ("2025-10-31", "0.2", "0.2"), ("2025-11-29", "0.2", "0.2"),
        ("2025-11-30", "0.2", "0.6"), ("2025-12-31", "0.2", "0.6"),
    ):  # fmt: skip
        assert score(driven, f"valid_at={day}&{then}") == Decimal(known), day
        assert score(driven, f"valid_at={day}") == Decimal(now), day


def test_a_restatement_counts_from_when_its_point_did(driven: Api):
    path = f"/kpis/{uid('trials')}/measurements/2025-10-31/restate"
    answer = driven.post(path, value=30, reason="ten were forgotten")
    assert answer.body["latest"] == {"on": "2025-10-31", "value": 30}
    assert score(driven, "valid_at=2025-11-15") == Decimal("0.3")
    assert score(driven, f"valid_at=2025-11-15&{before(answer.position)}") == Decimal("0.2")


def test_points_after_the_cycle_do_not_count(driven: Api):
    done(driven.put(f"/kpis/{uid('trials')}/measurements/2026-01-01", value=90))
    assert done(driven.get(DRIVEN))["value"] == 20


def test_while_linked_a_check_in_gives_no_value(driven: Api):
    assert driven.post(f"{DRIVEN}/check-ins", value=50).slug == "kpi_linked"
    done(driven.post(f"{DRIVEN}/check-ins", status="at_risk", note="in words"))
    linked = done(driven.get(DRIVEN))
    assert (linked["value"], linked["status"], linked["kpi"]) == (20, "at_risk", str(uid("trials")))
    assert done(driven.get(f"/kpis/{uid('trials')}"))["key_results"] == [str(uid("driven"))]
    assert [each["id"] for each in done(driven.get(f"/key-results?kpi={uid('trials')}"))["items"]] == [
        str(uid("driven"))
    ]


def test_after_unlinking_the_value_stays_with_later_restatements_of_it(driven: Api):
    gone = done(driven.delete(f"{DRIVEN}/kpi?reason=another%20measure"))
    assert (gone["kpi"], gone["value"]) == (None, 20)
    done(driven.put(f"/kpis/{uid('trials')}/measurements/2025-10-31", value=25))
    assert done(driven.get(DRIVEN))["value"] == 25
    assert done(driven.get(f"/kpis/{uid('trials')}"))["key_results"] == []
    done(driven.post(f"{DRIVEN}/check-ins", value=70))
    assert done(driven.get(DRIVEN))["value"] == 70


def test_every_link_there_ever_was(driven: Api):
    assert done(driven.get(f"/key-results/{uid('revenue')}/kpi-links")) == {"items": [], "next": None}
    done(driven.put(f"{DRIVEN}/kpi", kpi=uid("signups"), reason="a better one"))
    answer = driven.get(f"{DRIVEN}/kpi-links")
    page(shapes.KpiLink).model_validate_json(answer.raw)
    first, second = answer.body["items"]
    assert (first["kpi"], first["from"], first["reason"], first["ended_reason"]) == (
        str(uid("trials")), "2025-10-01T00:00:00Z", "it is the same", "a better one")  # fmt: skip
    assert (second["kpi"], second["to"], second["ended_by"]) == (str(uid("signups")), None, None)
    assert first["to"] < second["from"]
    assert done(driven.get(f"{DRIVEN}/kpi-links?valid_at=2025-09-30"))["items"] == []
    assert done(driven.get(f"{DRIVEN}/kpi-links?valid_at=2025-10-01"))["items"] == [
        first | {"to": None, "ended_by": None, "ended_reason": None}
    ]


def test_a_link_s_history_says_which_kpi(driven: Api):
    done(driven.delete(f"{DRIVEN}/kpi"))
    ended, began, _ = done(driven.get(f"{DRIVEN}/history"))["items"]
    trials = str(uid("trials"))
    assert (began["changes"], ended["changes"]) == (
        [{"field": "kpi", "old": None, "new": trials}],
        [{"field": "kpi", "old": trials, "new": None}],
    )
