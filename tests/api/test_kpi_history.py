"""What happened to a KPI and its measurements, what is advised on KPIs, and who may measure."""

import pytest

from api import shapes
from api.documents import page
from tests.support.builders import uid
from tests.support.http import Api, done

KPI, CHURN = f"/kpis/{uid('signups')}", f"/kpis/{uid('churn')}"
POINTS, POINT = f"{KPI}/measurements", f"{KPI}/measurements/2026-02-28"


def test_the_history_of_a_kpi_has_its_measurements_in_it(at_work: Api):
    done(at_work.post(f"{KPI}/targets", **{"from": "2026-01-01"}, target=9, at_risk=8, reason="the plan"))
    done(at_work.post(f"{KPI}/benchmarks", name="industry", value=5, to="2026-12-31"))
    done(at_work.post(f"{POINT}/restate", value=9, reason="late"))
    done(at_work.put(POINT, value=10))
    answer = at_work.get(f"{KPI}/history")
    page(shapes.HistoryItem).model_validate_json(answer.raw)
    items = answer.body["items"]
    assert [(item["type"], item["summary"]) for item in items] == [
        ("measurements.recorded", "The value for 2026-02-28 was recorded again: 10, not 9."),
        ("measurements.restated", "The value for 2026-02-28 was restated from 8 to 9."),
        ("kpi.benchmark_set", "The benchmark “industry” was set: 5, to 2026-12-31."),
        ("kpi.target_set", "A target was set: 9, at risk from 8, from 2026-01-01."),
        ("measurements.recorded", "2 values were recorded, for days from 2026-01-31 to 2026-02-28."),
        ("kpi.defined", "The KPI “signups” was defined."),
    ]
    assert items[1]["changes"] == [{"field": "2026-02-28", "old": 8, "new": 9}]
    assert items[1]["reason"] == "late"
    assert items[3]["changes"][0]["new"]["from"] == "2026-01-01"
    assert [change["field"] for change in items[4]["changes"]] == ["2026-01-31", "2026-02-28"]
    newest = done(at_work.get(f"{KPI}/history?limit=2"))
    older = done(at_work.get(f"{KPI}/history?limit=2&after={newest['next']}"))
    assert newest["items"] + older["items"] == items[:4]
    assert done(at_work.get(f"{KPI}/history?as_of=15"))["items"] == items[4:]


def test_a_page_of_a_history_does_not_tell_of_too_many_points(at_work: Api, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("projections.kpi_trail.MOST_POINTS", 3)
    done(at_work.post(POINTS, points=[{"on": f"2025-0{month}-01", "value": month} for month in range(1, 6)]))
    newest = done(at_work.get(f"{KPI}/history"))
    assert [len(item["changes"]) for item in newest["items"]] == [5]
    rest = done(at_work.get(f"{KPI}/history?after={newest['next']}"))
    assert [item["type"] for item in rest["items"]] == ["measurements.recorded", "kpi.defined"]
    assert rest["next"] is None


def test_redacted_texts_of_kpis_and_measurements_are_gone(at_work: Api):
    (event, *_) = done(at_work.get("/events?type=measurements.recorded"))["items"]
    done(at_work.post(f"/events/{event['position']}/redact", field="points/0/note", reason="a name"))
    gone = done(at_work.get(f"{POINTS}?limit=1"))["items"][0]["note"]
    assert (gone["redacted"], gone["reason"]) == (True, "a name")
    assert done(at_work.get(f"{KPI}/series"))["points"][0]["note"] == gone
    assert "[redacted]" in at_work.get(f"{KPI}/series", {"Accept": "text/csv"}).raw.decode()
    assert done(at_work.get(f"{KPI}/history?limit=1"))["items"][0]["type"] == "event.text_redacted"


def test_advice_on_kpis(at_work: Api):
    made = done(at_work.post("/kpis", name="new customers", direction="increase", frequency="monthly"))
    assert [words.split(";")[0] for words in made["advice"]] == [
        "The KPI has no target now",
        "The KPI has no benchmark now",
        "The KPI counts what is gained",
    ]
    done(at_work.post(f"{KPI}/targets", **{"from": "2026-01-01"}, target=9))
    again = done(at_work.post(f"{KPI}/targets", **{"from": "2026-03-01"}, target=8))
    assert "The target from 2026-03-01 overlaps one set earlier, from 2026-01-01" in again["advice"][-1]
    assert "overlaps" not in str(done(at_work.patch(KPI, name="x"))["advice"])
    path = f"/objectives/{uid('grow')}/key-results"
    told = done(at_work.post(path, title="x", measure={"type": "boolean"}))["advice"]
    assert "of the type boolean" in told[-1]


def test_advice_on_kpis_that_come_and_go(at_work: Api):
    fields = {"direction": "increase", "frequency": "daily", "team": uid("core")}
    for name in ("one", "two"):
        path = f"/kpis/{done(at_work.post('/kpis', name=name, **fields))['id']}"
        retired = done(at_work.post(f"{path}/retire", reason="x"))
    assert retired["advice"][-1].startswith("2 KPIs of the team were retired within 100 days")
    third = done(at_work.post("/kpis", name="three", **fields))
    assert third["advice"][-1].startswith("2 KPIs of the team")


def test_a_service_measures_and_nothing_else(at_work: Api):
    bob = at_work.as_("service", "bob")
    done(bob.put(POINT, value=9))
    done(bob.send("POST", f"/v1{POINTS}", b"on,value\n2026-03-31,5\n", Content_Type="text/csv"))
    assert bob.patch(KPI, name="x").slug == "forbidden"
    assert bob.put(f"{CHURN}/measurements/2026-03-31", value=1).slug == "forbidden"
    assert at_work.as_("reader").put(POINT, value=1).slug == "forbidden"
