"""A KPI's series: each point with what held on its day and all that was ever known of it, at both clocks."""

import csv
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest

from api import shapes
from tests.support.builders import uid
from tests.support.http import HEAD, Api, done

KPI, CHURN = f"/kpis/{uid('signups')}", f"/kpis/{uid('churn')}"
CSV = {"Accept": "text/csv"}


def points(api: Api, query: str = "") -> list[dict[str, Any]]:
    answer = api.get(f"{KPI}/series{query}")
    shapes.KpiSeries.model_validate_json(answer.raw)
    return done(answer)["points"]


def rows(api: Api, query: str = "") -> list[list[str]]:
    return list(csv.reader(StringIO(api.get(f"{KPI}/series{query}", CSV).raw.decode(), newline=""), strict=True))


def test_without_points_it_is_empty(unchanged: Api):
    assert done(unchanged.get(f"{CHURN}/series")) == {"points": []}
    assert unchanged.get(f"{CHURN}/series", CSV).raw == b"on,value,note,target,low,high,benchmark,restated\r\n"
    assert unchanged.get(f"/kpis/{uid('none')}/series").slug == "not_found"


def test_each_point_is_held_against_the_target_of_its_day(at_work: Api):
    days = [f"2025-{month:02}-15" for month in range(1, 8)]
    done(at_work.post(f"{KPI}/measurements", points=[{"on": day, "value": 1} for day in days]))
    for since, until, target in (
        ("2025-02-15", "2025-04-14", 10), ("2025-04-15", None, 20), ("2025-05-15", "2025-05-15", 30),
        ("2025-07-15", "2025-07-14", 40), ("2025-06-16", None, 50),
    ):  # fmt: skip
        at_work.post(f"{KPI}/targets", **{"from": since, "to": until}, target=target)
    found = {point["on"][:7]: point["target"] and point["target"]["target"] for point in points(at_work)}
    assert found == {
        "2025-01": None, "2025-02": 10, "2025-03": 10, "2025-04": 20, "2025-05": 30, "2025-06": 20,
        "2025-07": 50, "2026-01": 50, "2026-02": 50,
    }  # fmt: skip
    as_it_was = points(at_work, f"?as_of={HEAD + 2}")
    assert [point["target"] and point["target"]["target"] for point in as_it_was[1:5]] == [10, 10, None, None]


def test_each_point_is_compared_with_the_benchmark_of_its_day(at_work: Api):
    done(at_work.post(f"{CHURN}/measurements", points=[{"on": "2026-02-01", "value": 3}]))
    done(at_work.post(f"{KPI}/benchmarks", name="churn", benchmark_kpi=uid("churn")))
    done(at_work.post(f"{KPI}/benchmarks", name="a", value=9))
    january, february = points(at_work)
    assert january["benchmark"] == {"name": "churn", "value": None, "benchmark_kpi": str(uid("churn"))}
    assert february["benchmark"]["value"] == 3
    done(at_work.post(f"{KPI}/benchmarks", name="churn", value="2.5", **{"from": "2026-02-28"}))
    assert [point["benchmark"]["value"] for point in points(at_work)] == [None, Decimal("2.5")]


def test_the_benchmark_is_the_one_whose_name_came_first_of_those_that_hold(at_work: Api):
    done(at_work.post(f"{KPI}/benchmarks", name="b", value=1, to="2026-01-31"))
    done(at_work.post(f"{KPI}/benchmarks", name="a", value=2))
    assert [point["benchmark"]["name"] for point in points(at_work)] == ["b", "a"]


def test_a_restated_point_shows_each_value_and_when_it_was_known(at_work: Api):
    first = done(at_work.get(KPI))["as_of"]
    second = at_work.post(f"{KPI}/measurements/2026-01-31/restate", value="7.5", reason="a late invoice")
    third = at_work.put(f"{KPI}/measurements/2026-01-31", value=6, note="counted by hand")
    january, february = points(at_work)
    assert (january["value"], january["note"]) == (6, "counted by hand")
    assert [(known["value"], known["position"], known["reason"]) for known in january["known"]] == [
        (7, first["position"], None),
        (Decimal("7.5"), second.position, "a late invoice"),
        (6, third.position, None),
    ]
    assert january["known"][1]["recorded_at"] == second.body["as_of"]["recorded_at"]
    assert len(february["known"]) == 1
    before = points(at_work, f"?as_of={second.position}")[0]
    assert (before["value"], before["note"], len(before["known"])) == (Decimal("7.5"), "a slow month", 2)


def test_points_appear_when_they_take_effect(at_work: Api):
    fields = {"name": "old", "direction": "decrease", "frequency": "monthly", "effective_at": "2025-01-01T00:00:00Z"}
    path = f"/kpis/{done(at_work.post('/kpis', **fields))['id']}"
    both = [{"on": "2025-01-31", "value": 1}, {"on": "2025-02-28", "value": 2}]
    done(at_work.post(f"{path}/measurements", points=both))

    def days(clocks: str) -> list[str]:
        return [point["on"] for point in done(at_work.get(f"{path}/series?{clocks}"))["points"]]

    assert days("valid_at=2025-01-31T12:00:00Z") == []
    assert days("valid_at=2025-01-31") == ["2025-01-31"]
    assert days("valid_at=2025-03-01") == ["2025-01-31", "2025-02-28"]
    assert days(f"as_of={HEAD + 1}") == []
    assert at_work.get(f"{path}/series?as_of={HEAD}").slug == "not_found"


def test_large_numbers_are_exact(at_work: Api):
    number = "9" * 28
    done(at_work.put(f"{KPI}/measurements/2026-02-28", value=number))
    done(at_work.post(f"{KPI}/targets", **{"from": "2026-01-01"}, target=number))
    raw = at_work.get(f"{KPI}/series").raw.decode()
    assert raw.count(f':{number},"') >= 3, raw
    assert rows(at_work)[2][1:4] == [number, "", number]


# --- as CSV


def test_as_csv_it_has_a_row_a_point(at_work: Api):
    done(at_work.post(f"{KPI}/targets", **{"from": "2026-02-01"}, target="8.50"))
    done(at_work.post(f"{KPI}/benchmarks", name="best", value=-2))
    done(at_work.post(f"{KPI}/measurements/2026-02-28/restate", value="-1.50", reason="x"))
    assert rows(at_work) == [
        ["on", "value", "note", "target", "low", "high", "benchmark", "restated"],
        ["2026-01-31", "7", "a slow month", "", "", "", "-2", "false"],
        ["2026-02-28", "-1.5", "", "8.5", "", "", "-2", "true"],
    ]
    assert rows(at_work, f"?as_of={HEAD}")[2] == ["2026-02-28", "8", "", "", "", "", "", "false"]


def test_a_range_has_two_columns(at_work: Api):
    fields = {"id": uid("kept"), "name": "kept", "direction": "maintain", "frequency": "daily"}
    path = f"/kpis/{done(at_work.post('/kpis', **fields))['id']}"
    done(at_work.post(f"{path}/targets", **{"from": "2026-01-01"}, low=1, high="2.5"))
    done(at_work.put(f"{path}/measurements/2026-01-31", value=2))
    assert at_work.get(f"{path}/series", CSV).raw.endswith(b"2026-01-31,2,,,1,2.5,,false\r\n")


@pytest.mark.parametrize("note", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =HYPERLINK(1)", "＝1", '=1,"2"\n'])
def test_a_note_is_no_formula(at_work: Api, note: str):
    done(at_work.put(f"{KPI}/measurements/2026-03-31", value=-3, note=note))
    assert rows(at_work)[-1][1:3] == ["-3", "'" + note]
    assert points(at_work)[-1]["note"] == note


def test_a_note_of_words_is_as_it_is(at_work: Api):
    note = 'so, "they" say\r\n-5 % = less; çok iyi'
    done(at_work.put(f"{KPI}/measurements/2026-03-31", value=3, note=note))
    assert rows(at_work)[-1][2] == note


@pytest.mark.parametrize(
    ("accept", "type_"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/json, text/csv;q=0.5", "application/json"),
        ("text/csv;q=0", "application/json"),
        ("text/html", "application/json"),
        ("text/csv", "text/csv; charset=utf-8"),
        ("text/csv, application/json;q=0.9", "text/csv; charset=utf-8"),
    ],
)
def test_the_form_is_what_the_client_prefers(unchanged: Api, accept: str | None, type_: str):
    answer = unchanged.get(f"{KPI}/series", {} if accept is None else {"Accept": accept})
    assert (answer.type, answer.headers["Vary"]) == (type_, "Accept, Accept-Encoding")
    assert (answer.position, answer.etag[:3]) == (HEAD, 'W/"')
    again = unchanged.get(f"{KPI}/series", {"Accept": accept or "*/*", "If-None-Match": answer.etag})
    assert (again.status, again.raw, again.headers["Vary"]) == (304, b"", "Accept, Accept-Encoding")


def test_the_two_forms_have_etags_of_their_own(unchanged: Api):
    assert unchanged.get(f"{KPI}/series").etag != unchanged.get(f"{KPI}/series", CSV).etag
