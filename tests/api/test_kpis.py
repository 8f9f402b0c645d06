"""KPIs over HTTP: what is defined, measured and linked, and how it reads at both clocks."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from api import shapes
from api.documents import page
from tests.support.builders import uid
from tests.support.http import METRIC, Api, done

KPI, CHURN = f"/kpis/{uid('signups')}", f"/kpis/{uid('churn')}"
POINTS, POINT = f"{KPI}/measurements", f"{KPI}/measurements/2026-02-28"


def head(api: Api) -> int:
    return int(done(api.get("/ledger"))["position"])


def before(position: int) -> str:
    return f"as_of={position - 1}"


# --- how a KPI reads


def test_a_kpi_reads_with_what_is_in_effect(at_work: Api):
    for since, target in (("2026-01-01", 100), ("2026-02-01", 5)):
        done(at_work.post(f"{KPI}/targets", **{"from": since, "to": "2026-06-30"}, target=target, at_risk=4))
    done(at_work.post(f"{KPI}/benchmarks", name="industry", value="9.50"))
    at_work.put(f"{KPI}/counter-metrics/{uid('churn')}")
    assert at_work.get(f"{KPI}?valid_at=2020-01-01").slug == "not_found"
    future = done(at_work.get(f"{KPI}?valid_at=2030-01-01"))
    assert (future["target"], future["stale"]) == (None, True)
    assert future["benchmarks"] == [{"name": "industry", "value": Decimal("9.5"), "benchmark_kpi": None}]
    assert (future["latest"], future["health"]) == ({"on": "2026-02-28", "value": 8}, "on_track")
    assert (future["trend"], future["counter_metrics"]) == ("improving", [str(uid("churn"))])
    assert done(at_work.get(CHURN))["counter_metrics"] == [str(uid("signups"))]


def test_a_target_is_that_of_the_day_of_valid_at(at_work: Api):
    fields = {"name": "old", "direction": "maintain", "frequency": "irregular", "effective_at": "2024-01-01T00:00:00Z"}
    path = f"/kpis/{done(at_work.post('/kpis', **fields))['id']}"
    set_at = {"effective_at": "2024-01-01T00:00:00Z"}
    done(at_work.post(f"{path}/targets", **{"from": "2024-01-01", "to": "2024-06-30"}, low=1, high=2, **set_at))
    done(at_work.post(f"{path}/targets", **{"from": "2024-06-01"}, low=3, high=4, **set_at))
    for day, low in (("2024-05-31", 1), ("2024-06-01", 3), ("2024-07-01", 3)):
        assert done(at_work.get(f"{path}?valid_at={day}"))["target"]["low"] == low, day
    assert done(at_work.get(f"{path}?valid_at=2024-07-01&{before(head(at_work))}"))["target"] is None


def test_a_benchmark_that_is_a_kpi_has_the_value_of_its_latest_point(at_work: Api):
    made = done(at_work.post(f"{KPI}/benchmarks", name="churn", benchmark_kpi=uid("churn")))
    assert made["benchmarks"] == [{"name": "churn", "value": None, "benchmark_kpi": str(uid("churn"))}]
    done(at_work.put(f"{CHURN}/measurements/2026-01-31", value=3))
    assert done(at_work.get(KPI))["benchmarks"][0]["value"] == 3
    assert at_work.post(f"{CHURN}/benchmarks", name="x", benchmark_kpi=uid("signups")).slug == "benchmark_loop"


def test_the_etag_is_of_the_kpi_s_own_stream(at_work: Api):
    etag = at_work.get(KPI).etag
    assert at_work.put(POINT, value=9).etag == etag
    changed = at_work.patch(KPI, {"If-Match": etag}, name="Sign-ups")
    assert changed.etag != etag
    for answer in (
        at_work.patch(KPI, {"If-Match": etag}, name="again"),
        at_work.put(POINT, {"If-Match": etag}, value=10),
        at_work.post(f"{POINT}/restate", {"If-Match": etag}, value=10, reason="x"),
    ):
        assert (answer.status, answer.slug) == (412, "stale")
    assert done(at_work.put(POINT, {"If-Match": changed.etag}, value=10))["latest"]["value"] == 10


def test_null_clears_and_the_same_again_is_nothing_new(at_work: Api):
    done(at_work.patch(KPI, unit="users", owner=uid("ada"), tags=["a"]))
    cleared = done(at_work.patch(KPI, unit=None, owner=None, tags=None))
    assert (cleared["unit"], cleared["owner"], cleared["tags"]) == (None, None, [])
    done(at_work.post(f"{KPI}/targets", **{"from": "2026-01-01"}, target=9))
    now = head(at_work)
    for answer in (
        at_work.patch(KPI, name="signups"),
        at_work.post(f"{KPI}/targets", **{"from": "2026-01-01"}, target="9.0"),
        at_work.delete(f"{KPI}/counter-metrics/{uid('churn')}"),
        at_work.post(f"{KPI}/restore", reason="x"),
        at_work.post(POINTS, points=[{"on": "2026-02-28", "value": 8}]),
        at_work.put(POINT, value="8.00", note="another note"),
        at_work.post(f"{POINT}/restate", value=8, reason="x"),
        at_work.delete(f"/key-results/{uid('revenue')}/kpi"),
    ):
        assert (answer.status, answer.position) == (200, now), answer


def test_an_idempotency_key_answers_the_first_answer_again(at_work: Api):
    key = {"Idempotency-Key": "january"}
    first = at_work.put(POINT, key, value=9)
    done(at_work.put(POINT, value=11))
    assert at_work.put(POINT, key, value=9).raw == first.raw
    assert at_work.put(POINT, key, value=10).slug == "idempotency_key_reused"
    assert done(at_work.get(KPI))["latest"]["value"] == 11


# --- refusals


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "slug", "pointers"),
    [
        ("POST", "/kpis", {"name": "x"}, 422, "invalid", ["/direction", "/frequency"]),
        ("POST", "/kpis", {"name": "x", "direction": "up", "frequency": "hourly"}, 422, "invalid",
         ["/direction", "/frequency"]),
        ("PATCH", KPI, {"parent": str(uid("signups"))}, 409, "kpi_loop", []),
        ("PATCH", KPI, {"name": None}, 422, "invalid", ["/name"]),
        ("POST", f"{KPI}/targets", {"target": 1}, 422, "invalid", ["/from"]),
        ("POST", f"{KPI}/targets", {"from": "2026-13-01", "target": 1}, 422, "invalid", ["/from"]),
        ("POST", f"{KPI}/targets", {"from_": "2026-01-01", "target": 1}, 422, "invalid", ["/from", "/from_"]),
        ("POST", f"{KPI}/targets", {"from": "2026-01-01", "to": "2025-01-01", "target": 1}, 422, "invalid", ["/to"]),
        ("POST", f"{KPI}/targets", {"from": "2026-01-01"}, 422, "invalid", ["/target"]),
        ("POST", f"{KPI}/targets", {"from": "2026-01-01", "low": 1, "high": 2}, 422, "invalid",
         ["/low", "/high", "/target"]),
        ("POST", f"{KPI}/targets", {"from": "2026-01-01", "target": 1, "at_risk": 2}, 422, "invalid", ["/at_risk"]),
        ("POST", f"{KPI}/benchmarks", {"name": "x"}, 422, "invalid", ["/value"]),
        ("POST", f"{KPI}/benchmarks", {"name": "x", "benchmark_kpi": str(uid("none"))}, 404, "not_found",
         ["/benchmark_kpi"]),
        ("POST", f"{KPI}/benchmarks", {"name": "x", "benchmark_kpi": str(uid("signups"))}, 409, "benchmark_loop", []),
        ("PUT", f"{KPI}/counter-metrics/{uid('signups')}", {}, 422, "invalid", ["/path/other"]),
        ("PUT", f"{KPI}/counter-metrics/{uid('none')}", {}, 404, "not_found", ["/path/other"]),
        ("POST", POINTS, {"points": []}, 422, "invalid", ["/points"]),
        ("POST", POINTS, {"points": [{"on": "2026-01-31", "value": 1}, {"on": "31.1.2026"}]}, 422, "invalid",
         ["/points/1/on", "/points/1/value"]),
        ("POST", POINTS, {"points": [{"on": "2026-01-31", "value": 1}] * 2}, 422, "invalid", ["/points/1/on"]),
        ("POST", POINTS, {"points": [{"on": "2999-01-31", "value": 1}]}, 422, "effective_in_future",
         ["/points/0/on"]),
        ("POST", f"{POINTS}?source=x", {"source": "y", "points": []}, 422, "invalid", ["/source"]),
        ("PUT", POINT, {}, 422, "invalid", ["/value"]),
        ("PUT", POINT, {"value": "many", "on": "2026-01-31"}, 422, "invalid", ["/on"]),
        ("PUT", POINT, {"value": "many", "note": ""}, 422, "invalid", ["/value", "/note"]),
        ("PUT", f"{POINTS}/2026-02-29", {"value": 1}, 422, "invalid", ["/path/on"]),
        ("PUT", f"{POINTS}/2999-02-28", {"value": 1}, 422, "effective_in_future", ["/path/on"]),
        ("POST", f"{POINT}/restate", {"value": 1}, 422, "invalid", ["/reason"]),
        ("POST", f"{POINTS}/2026-02-27/restate", {"value": 1, "reason": "x"}, 404, "not_found", ["/path/on"]),
        ("PUT", f"/kpis/{uid('none')}/measurements/2026-02-28", {"value": 1}, 404, "not_found", ["/path/kpi"]),
        ("PUT", f"/key-results/{uid('revenue')}/kpi", {}, 422, "invalid", ["/kpi"]),
        ("PUT", f"/key-results/{uid('revenue')}/kpi", {"kpi": str(uid("none"))}, 404, "not_found", ["/kpi"]),
        ("GET", f"/key-results/{uid('none')}/kpi-links", None, 404, "not_found", []),
        ("GET", f"/kpis/{uid('none')}/measurements", None, 404, "not_found", []),
        ("GET", f"{POINTS}?after=12", None, 422, "invalid", ["/query/after"]),
        ("GET", f"{POINTS}?after=2026-02-30", None, 422, "invalid", ["/query/after"]),
        ("GET", f"{POINTS}?from_on=then", None, 422, "invalid", ["/query/from_on"]),
        ("GET", "/kpis?health=fine", None, 422, "invalid", ["/query/health"]),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_named(
    unchanged: Api, method: str, path: str, body: Any, status: int, slug: str, pointers: list[str]
):
    now = head(unchanged)
    answer = unchanged.call(method, path, body)
    assert (answer.status, answer.slug, answer.pointers) == (status, slug, pointers), answer
    assert head(unchanged) == now


def test_a_retired_kpi_takes_no_change_but_its_restoring(at_work: Api):
    assert done(at_work.post(f"{KPI}/retire", reason="nobody looks"))["state"] == "retired"
    for answer in (
        at_work.patch(KPI, name="x"),
        at_work.put(POINT, value=1),
        at_work.post(f"{KPI}/targets", **{"from": "2026-01-01"}, target=1),
        at_work.put(f"/key-results/{uid('revenue')}/kpi", kpi=uid("signups")),
    ):
        assert (answer.status, answer.slug) == (409, "retired")
    assert [kpi["id"] for kpi in done(at_work.get("/kpis?state=retired"))["items"]] == [str(uid("signups"))]
    assert done(at_work.post(f"{KPI}/restore", reason="somebody does"))["state"] == "active"


def test_only_what_fits_is_linked(at_work: Api):
    measure = {"type": "boolean"}
    path = f"/objectives/{uid('grow')}/key-results"
    yes_or_no = done(at_work.post(path, title="done", measure=measure))["id"]
    assert at_work.put(f"/key-results/{yes_or_no}/kpi", kpi=uid("signups")).slug == "not_linkable"
    done(at_work.patch(KPI, unit="users"))
    euros = done(at_work.post(path, title="euros", measure=METRIC | {"unit": "€"}))["id"]
    assert at_work.put(f"/key-results/{euros}/kpi", kpi=uid("signups")).slug == "units_differ"
    done(at_work.post(f"{CHURN}/targets", **{"from": "2026-01-01"}, target=1))
    assert at_work.patch(CHURN, direction="maintain").slug == "target_does_not_suit"


# --- measurements


def test_today_s_point_is_in_effect_at_once_and_tomorrow_s_is_refused(at_work: Api):
    today = datetime.now(UTC).date()
    assert done(at_work.put(f"{POINTS}/{today}", value=12))["latest"] == {"on": str(today), "value": 12}
    tomorrow = today + timedelta(days=2)
    assert at_work.put(f"{POINTS}/{tomorrow}", value=12).slug == "effective_in_future"


def test_measurements_are_listed_by_day(at_work: Api):
    done(at_work.post(POINTS, points=[{"on": "2025-12-31", "value": 6}, {"on": "2026-03-31", "value": 9}]))
    done(at_work.post(f"{POINT}/restate", value="8.5", reason="late"))
    first = done(at_work.get(f"{POINTS}?limit=3"))
    page(shapes.Measurement).model_validate_json(at_work.get(f"{POINTS}?limit=3").raw)
    assert [(item["on"], item["value"]) for item in first["items"]] == [
        ("2025-12-31", 6), ("2026-01-31", 7), ("2026-02-28", Decimal("8.5"))]  # fmt: skip
    assert (first["items"][1]["note"], first["items"][2]["reason"]) == ("a slow month", "late")
    assert [item["restated"] for item in first["items"]] == [False, False, True]
    rest = done(at_work.get(f"{POINTS}?after={first['next']}"))
    assert ([item["on"] for item in rest["items"]], rest["next"]) == (["2026-03-31"], None)
    middle = done(at_work.get(f"{POINTS}?from_on=2026-01-01&to_on=2026-02-28&limit=500"))
    assert [item["on"] for item in middle["items"]] == ["2026-01-31", "2026-02-28"]
    assert [item["value"] for item in done(at_work.get(f"{POINTS}?as_of=15"))["items"]] == [7, 8]
