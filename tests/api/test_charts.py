"""Pictures: well-formed, the same each time, true to both clocks, and told in words to those who cannot see them."""

import os
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from tests.support.builders import uid
from tests.support.http import Api, done

SVG = "{http://www.w3.org/2000/svg}"
KPI, OTHER = str(uid("share")), str(uid("england"))
CHART = f"/kpis/{KPI}/chart.svg"
POINTS = [{"on": f"2026-0{month}-28", "value": value} for month, value in ((1, 80), (2, 91), (3, 96.5))]
BEGAN = "2026-01-01T00:00:00Z"
TARGET = {"from": "2026-01-01", "target": 95, "at_risk": 90}


@pytest.fixture
def kpi(at_work: Api) -> Api:
    """A KPI with a target, a benchmark that is a KPI, and three points, of which one is restated."""
    name = "On time & <b>safe</b> at $5"
    for id, called in ((KPI, name), (OTHER, "England")):
        fields = {"name": called, "unit": "%", "direction": "increase", "frequency": "monthly"}
        done(at_work.post("/kpis", id=id, effective_at=BEGAN, **fields))
    done(at_work.post(f"/kpis/{KPI}/targets", effective_at=BEGAN, **TARGET))
    done(at_work.post(f"/kpis/{KPI}/benchmarks", name="England <&>", benchmark_kpi=OTHER))
    done(at_work.post(f"/kpis/{OTHER}/measurements", points=POINTS[:1]))
    done(at_work.post(f"/kpis/{KPI}/measurements", points=POINTS))
    done(at_work.post(f"/kpis/{KPI}/measurements/2026-02-28/restate", value=89, reason="counted twice"))
    return at_work


def read(answer) -> ElementTree.Element:
    assert answer.status == 200, answer
    return ElementTree.fromstring(answer.raw)


def words(answer) -> tuple[str, str]:
    root = read(answer)
    return str(root.findtext(f"{SVG}title")), str(root.findtext(f"{SVG}desc"))


def texts(answer) -> list[str]:
    return [str(each.text) for each in read(answer).iter(f"{SVG}text")]


class TestAKpi:
    def test_what_it_is_served_as(self, kpi):
        answer = kpi.get(CHART)
        assert answer.type == "image/svg+xml; charset=utf-8"
        assert (
            answer.headers["Content-Security-Policy"]
            == "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
        )
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert answer.position == kpi.runtime.recorder.head().position
        assert answer.etag.startswith('W/"')

    def test_it_says_in_words_what_it_shows(self, kpi):
        answer = kpi.get(CHART)
        root = read(answer)
        assert (root.get("role"), root.get("aria-labelledby")) == ("img", "title desc")
        title, description = words(answer)
        assert title == "On time & <b>safe</b> at $5 (%)"
        assert description == (
            "Latest value: 96.5 % on 2026-03-28. Target: at least 95 %. At risk up to 90 %. Health: on track. "
            "Trend: improving. Benchmark England <&>: 80 %. 3 points from 2026-01-28 to 2026-03-28. "
            "One point was restated."
        )

    def test_everything_has_a_mark_of_its_own_and_its_name(self, kpi):
        answer = kpi.get(CHART)
        named = {"value", "target", "at risk", "benchmark England <&>", "restated", "value before"}
        assert named < set(texts(answer))
        assert b"stroke-dasharray" in answer.raw

    def test_the_texts_of_users_are_texts(self, kpi):
        assert "On time & <b>safe</b> at $5 (%)" in texts(kpi.get(CHART))

    def test_it_brings_nothing_along_and_asks_for_nothing(self, kpi):
        answer = kpi.get(CHART)
        for name in ("script", "image", "foreignObject", "metadata"):
            assert not list(read(answer).iter(f"{SVG}{name}"))
        links = [value for each in read(answer).iter() for name, value in each.items() if name.endswith("href")]
        assert all(link.startswith("#") for link in links)
        assert b"DOCTYPE" not in answer.raw and answer.raw.count(b"http") == answer.raw.count(b"http://www.w3.org/")

    def test_its_colours_are_those_of_the_page(self, kpi):
        raw = kpi.get(CHART).raw
        assert b"prefers-color-scheme: dark" in raw and b"var(--value, #0072b2)" in raw
        assert b"#0102" not in raw and b"#ffffff" not in raw and b"#000000" not in raw

    def test_the_same_question_has_the_same_bytes(self, kpi):
        first, second = kpi.get(CHART), kpi.get(CHART)
        assert (first.raw, first.etag) == (second.raw, second.etag)

    def test_who_has_it_is_not_sent_it_again(self, kpi):
        etag = kpi.get(CHART).etag
        again = kpi.get(CHART, headers={"If-None-Match": etag})
        assert (again.status, again.raw, again.etag) == (304, b"", etag)
        done(kpi.post(f"/kpis/{KPI}/measurements/2026-03-28/restate", value=97, reason="one more"))
        assert kpi.get(CHART, headers={"If-None-Match": etag}).status == 200

    def test_both_clocks_change_it(self, kpi):
        head = kpi.runtime.recorder.head().position
        then, known = kpi.get(f"{CHART}?valid_at=2026-02-28"), kpi.get(f"{CHART}?as_of={head - 1}")
        assert "Latest value: 89 % on 2026-02-28" in words(then)[1]
        assert "restated" in texts(then)
        assert "restated" not in texts(known)
        assert known.position == head - 1
        before = kpi.get(f"{CHART}?valid_at=2026-02-28&as_of={head - 1}")
        assert "Latest value: 91 % on 2026-02-28" in words(before)[1]

    def test_a_range_is_an_area(self, at_work):
        fields = {"name": "uptime", "direction": "maintain", "frequency": "irregular"}
        done(at_work.post("/kpis", id=KPI, **fields))
        done(at_work.post(f"/kpis/{KPI}/targets", **{"from": "2026-01-01"}, low=90, high=95))
        done(at_work.post(f"/kpis/{KPI}/measurements", points=POINTS))
        answer = at_work.get(CHART)
        assert "target range" in texts(answer) and "target" not in texts(answer)
        assert "Target: between 90 and 95. Health: off track." in words(answer)[1]

    def test_without_a_point_it_says_so(self, at_work):
        done(at_work.post("/kpis", id=KPI, name="churn", direction="decrease", frequency="weekly"))
        answer = at_work.get(CHART)
        assert "no data yet" in texts(answer)
        assert words(answer) == ("churn", "No data yet. No target. Health: no data.")

    @pytest.mark.parametrize("on", ["0001-01-01", "1969-12-31"])
    def test_a_single_point_of_any_day_will_do(self, at_work, on):
        done(at_work.post("/kpis", id=KPI, name="old", direction="increase", frequency="yearly"))
        done(at_work.post(f"/kpis/{KPI}/targets", **{"from": "0001-01-01"}, target="9999999999999999999999999999"))
        done(at_work.post(f"/kpis/{KPI}/measurements", points=[{"on": on, "value": "-0.000000000001"}]))
        assert "value" in texts(at_work.get(CHART))

    def test_a_name_that_was_redacted_is_not_shown(self, kpi):
        event = next(e for e in done(kpi.get("/events?type=kpi.defined"))["items"] if e["subject"] == f"kpi/{KPI}")
        done(kpi.post(f"/events/{event['position']}/redact", field="name", reason="a slip"))
        answer = kpi.get(CHART)
        assert words(answer)[0] == "[redacted] (%)"
        assert b"On time" not in answer.raw

    def test_one_that_is_not_there(self, kpi):
        answer = kpi.get(f"/kpis/{uid('nothing')}/chart.svg")
        assert (answer.status, answer.slug) == (404, "not_found")
        assert kpi.get(f"{CHART}?as_of=1").status == 404

    def test_what_xml_cannot_hold_is_left_out(self, at_work):
        done(at_work.post("/kpis", id=KPI, name="a\x01b\ufffec \U0001f6b2", direction="increase", frequency="weekly"))
        assert words(at_work.get(CHART))[0] == "a b c \U0001f6b2"


class TestACycle:
    def test_it_says_in_words_what_it_shows(self, unchanged):
        title, description = words(unchanged.get("/cycles/2026-Q1/chart.svg"))
        assert title == "2026-Q1: score over time"
        assert description.startswith("Score: 0.40, ")
        assert "The cycle is open; it runs from 2026-01-01 to 2026-12-31." in description

    def test_score_and_what_was_expected_are_told_apart(self, unchanged):
        assert {"score", "expected"} < set(texts(unchanged.get("/cycles/2026-Q1/chart.svg")))

    def test_its_closing_is_marked(self, at_work):
        done(at_work.post("/cycles/2026-Q1/close"))
        answer = at_work.get("/cycles/2026-Q1/chart.svg")
        assert "closed" in texts(answer) and "Closed on " in words(answer)[1]
        before = at_work.get(f"/cycles/2026-Q1/chart.svg?as_of={at_work.runtime.recorder.head().position - 2}")
        assert "closed" not in texts(before)

    def test_the_same_question_has_the_same_bytes(self, unchanged):
        path = f"/cycles/{uid('2026-Q1')}/chart.svg"
        first = unchanged.get(path)
        assert first.raw == unchanged.get(path).raw
        assert unchanged.get(path, headers={"If-None-Match": first.etag}).status == 304

    def test_before_it_began_there_is_nothing(self, at_work):
        fields = {"label": "2999-Q1", "kind": "quarter", "starts_on": "2999-01-01", "ends_on": "2999-03-31"}
        done(at_work.post("/cycles", **fields))
        answer = at_work.get("/cycles/2999-Q1/chart.svg")
        assert "no data yet" in texts(answer)
        assert words(answer)[1].startswith("No data yet. Score: ")

    def test_one_that_is_not_there(self, unchanged):
        assert unchanged.get("/cycles/1999-Q1/chart.svg").slug == "not_found"


def test_nothing_is_written_into_anybodys_home(tmp_path):
    """matplotlib would keep settings and a list of fonts there."""
    code = "from api.charts.canvas import nothing_yet, picture; import sys; assert 'matplotlib' not in sys.modules; "
    code += "picture('a', 'b', nothing_yet)"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "MPL"))}
    environment |= {"HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True)
    assert list(tmp_path.iterdir()) == []
