"""Every read of the contract, once through HTTP, held against its shape; filters, pages, and the two clocks."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import BaseModel

from api import shapes
from api.documents import page, resource
from api.filters import FILTERS
from domain.kernel import Kind
from projections import questions
from tests.support.builders import uid
from tests.support.http import HEAD, METRIC, Api, done

IDS = {
    "cycles": "2026-Q1",
    "teams": uid("core"),
    "members": uid("ada"),
    "objectives": uid("grow"),
    "key-results": uid("revenue"),
    "check-ins": uid("monday"),
    "initiatives": uid("campaign"),
    "kpis": uid("signups"),
}
SHAPES: dict[str, type[BaseModel]] = {
    "cycles": shapes.Cycle,
    "teams": shapes.Team,
    "members": shapes.Member,
    "objectives": shapes.Objective,
    "key-results": shapes.KeyResult,
    "check-ins": shapes.CheckIn,
    "initiatives": shapes.Initiative,
    "kpis": shapes.Kpi,
}
READS: list[tuple[str, type[BaseModel]]] = [
    *((f"/{kind}", page(shape)) for kind, shape in SHAPES.items()),
    *((f"/{kind}/{IDS[kind]}", resource(shape)) for kind, shape in SHAPES.items()),
    *((f"/{kind}/{IDS[kind]}/history", page(shapes.HistoryItem)) for kind in SHAPES),
    (f"/objectives/{uid('grow')}/key-results", page(shapes.KeyResult)),
    (f"/key-results/{uid('revenue')}/check-ins", page(shapes.CheckIn)),
    (f"/key-results/{uid('revenue')}/initiatives", page(shapes.Initiative)),
    (f"/kpis/{uid('signups')}/measurements", page(shapes.Measurement)),
    (f"/kpis/{uid('signups')}/series", shapes.KpiSeries),
    ("/cycles/2026-Q1/board", shapes.Board),
    ("/cycles/2026-Q1/replay", page(shapes.Frame)),
    (f"/teams/{uid('core')}/board?cycle=2026-Q1", shapes.TeamBoard),
    (f"/teams/{uid('core')}/report", shapes.Report),
    ("/events", page(shapes.Event)),
    ("/ledger", shapes.LedgerStatus),
]


def test_every_read_has_its_shape_and_says_what_it_reflects(unchanged: Api):
    for path, shape in READS:
        answer = unchanged.get(path)
        assert answer.status == 200, (path, answer)
        shape.model_validate_json(answer.raw)
        assert answer.position == HEAD, path
        assert answer.headers["Cache-Control"] == "private, no-cache"
        if "as_of" in answer.body:
            assert answer.body["as_of"]["position"] == HEAD
        if "items" in answer.body:
            assert answer.body["items"] and answer.body["next"] is None, path


def test_resources_have_strong_etags_and_all_else_has_weak_ones(unchanged: Api):
    for path, shape in READS:
        answer = unchanged.get(path)
        is_resource = shape in {resource(each) for each in SHAPES.values()}
        assert answer.etag.startswith('"' if is_resource else 'W/"'), path


def test_a_check_in_does_not_change_the_etag_of_its_objective(at_work: Api):
    path = f"/objectives/{uid('grow')}"
    before = at_work.get(path)
    done(at_work.post(f"/key-results/{uid('revenue')}/check-ins", value=70))
    after = at_work.get(path)
    assert (after.etag, after.position) == (before.etag, before.position + 1)
    assert after.body["score"] > before.body["score"]


def test_head_is_get_without_the_body(unchanged: Api):
    head, get = unchanged.call("HEAD", "/cycles"), unchanged.get("/cycles")
    assert (head.status, head.raw, head.etag) == (200, b"", get.etag)
    assert head.headers["Content-Length"] == get.headers["Content-Length"]


def test_filters_are_those_that_the_books_know():
    for kind, filters in FILTERS.items():
        assert set(filters) == {*questions.FILTERS[kind], "external_id"}, kind


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("/objectives?cycle=2026-Q1", 1),
        (f"/objectives?cycle={uid('2026-Q1')}", 1),
        ("/objectives?cycle=2031-Q1", 0),
        (f"/objectives?team={uid('core')}&state=active", 1),
        (f"/objectives?owner={uid('ada')}", 0),
        ("/objectives?state=dropped", 0),
        ("/cycles?label=2026-Q1", 1),
        ("/cycles?state=planned", 0),
        (f"/key-results?objective={uid('grow')}", 1),
        (f"/check-ins?key_result={uid('revenue')}", 1),
        (f"/check-ins?objective={uid('grow')}&state=active", 1),
        ("/check-ins?status=at_risk", 0),
        ("/initiatives?state=active", 1),
        ("/members?kind=service", 0),
        ("/teams?external_id=none", 0),
        ("/kpis?state=active&health=no_data", 2),
        (f"/kpis?team={uid('core')}&direction=increase", 1),
        (f"/kpis?owner={uid('ada')}", 0),
        ("/kpis?unit=users", 0),
        ("/kpis?tag=none", 0),
        (f"/kpis?parent={uid('churn')}", 0),
        ("/kpis?perspective=customer", 0),
        ("/kpis?indicator=lead", 0),
        (f"/key-results?kpi={uid('signups')}", 0),
        ("/events?type=cycle.opened", 1),
        (f"/events?stream=objective/{uid('grow')}", 1),
        (f"/events?actor={uid('ada')}", 0),
        ("/events?effective_to=2020-01-01", 0),
        ("/events?recorded_from=2020-01-01&recorded_to=2099-01-01T00:00:00Z", HEAD),
    ],
)
def test_lists_are_filtered(unchanged: Api, query: str, found: int):
    assert len(done(unchanged.get(query))["items"]) == found


def test_what_a_caller_calls_its_own_is_found_by_that(at_work: Api):
    done(at_work.post("/teams", name="Web", external_id="hr-17"))
    assert [team["name"] for team in done(at_work.get("/teams?external_id=hr-17"))["items"]] == ["Web"]
    assert at_work.post("/teams", name="Another", external_id="hr-17").slug == "external_id_taken"


def test_pages_follow_one_another_oldest_first(unchanged: Api):
    first = done(unchanged.get("/events?limit=5"))
    second = done(unchanged.get(f"/events?limit=500&after={first['next']}"))
    assert [event["position"] for event in first["items"] + second["items"]] == list(range(1, HEAD + 1))
    one = done(unchanged.get("/members?limit=2"))
    two = done(unchanged.get(f"/members?limit=2&after={one['next']}"))
    assert [member["name"] for member in one["items"] + two["items"]] == ["ada", "bob", "cyd"]
    assert two["next"] is None
    newest = done(unchanged.get(f"/key-results/{uid('revenue')}/history?limit=1"))
    assert newest["items"][0]["type"] == "key_result.checked_in"
    older = done(unchanged.get(f"/key-results/{uid('revenue')}/history?after={newest['next']}"))
    assert [item["type"] for item in older["items"]] == ["key_result.added"]


def test_the_two_clocks_show_what_was_known_and_what_was_in_effect(unchanged: Api):
    objective = f"/objectives/{uid('grow')}"
    assert unchanged.get(f"{objective}?as_of=8").slug == "not_found"  # set at 9
    assert done(unchanged.get(f"{objective}?as_of=10"))["score"] == 0
    assert done(unchanged.get(f"{objective}?as_of=11"))["score"] == done(unchanged.get(objective))["score"]
    assert done(unchanged.get("/objectives?as_of=8"))["items"] == []
    assert unchanged.get(f"{objective}?valid_at=2020-01-01").slug == "not_found"
    assert done(unchanged.get("/cycles/2026-Q1/board?as_of=7&valid_at=2030-01-01"))["expected"] == 1
    today = datetime.now(UTC).date()
    assert unchanged.get(f"{objective}?as_of={today}").position == HEAD
    assert done(unchanged.get(f"/objectives?as_of={today - timedelta(days=1)}"))["items"] == []
    assert unchanged.get("/ledger?as_of=3").body["position"] == 3


@pytest.mark.parametrize(
    ("query", "slug", "pointer"),
    [
        (f"as_of={HEAD + 1}", "as_of_beyond_head", "/query/as_of"),
        ("as_of=2999-01-01", "as_of_in_future", "/query/as_of"),
        ("as_of=yesterday", "invalid", "/query/as_of"),
        ("valid_at=2026-02-30", "invalid", "/query/valid_at"),
        ("valid_at=12", "invalid", "/query/valid_at"),
        ("limit=0", "invalid", "/query/limit"),
        ("limit=501", "invalid", "/query/limit"),
        ("after=abc", "invalid", "/query/after"),
        ("state=lost", "invalid", "/query/state"),
        ("team=core", "invalid", "/query/team"),
        ("cycle=%00", "invalid", "/query/cycle"),
        ("colour=red", "invalid", "/query/colour"),
        ("state=active&state=dropped", "invalid", "/query/state"),
    ],
)
def test_a_parameter_that_cannot_be_is_named(unchanged: Api, query: str, slug: str, pointer: str):
    answer = unchanged.get(f"/objectives?{query}")
    assert (answer.status, answer.slug, answer.pointers) == (422, slug, [pointer])


@pytest.mark.parametrize("path", [path for path, _ in READS if any(str(id) in path for id in IDS.values())])
def test_what_is_not_there_is_404(unchanged: Api, path: str):
    for id in IDS.values():
        path = path.replace(str(id), "2031-Q1" if id == "2026-Q1" else str(uid("nobody")))
    assert unchanged.get(path).slug == "not_found"


def test_min_position_waits_and_gives_up_with_503(unchanged: Api, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("projections.reading.PATIENCE", 0.1)
    assert unchanged.get("/cycles", {"Min-Position": str(HEAD)}).status == 200
    behind = unchanged.get("/cycles", {"Min-Position": str(HEAD + 1)})
    assert (behind.status, behind.slug, behind.headers["Retry-After"]) == (503, "books_behind", "1")
    assert unchanged.get("/cycles", {"Min-Position": "-1"}).pointers == ["/header/min-position"]


def test_a_team_reports_on_a_period(at_work: Api):
    report, path = f"/teams/{uid('core')}/report", f"/key-results/{uid('revenue')}"
    done(at_work.post(f"{path}/check-ins", value=60, progress="two *big* customers", plans="three more"))
    week = done(at_work.get(report))
    assert [said["value"] for said in week["check_ins"]] == [40, 60]
    assert week["from"] is None
    since = done(at_work.get(f"{report}?from={HEAD}"))
    assert [said["value"] for said in since["check_ins"]] == [60]
    assert [(moved["title"], float(moved["old"]), float(moved["new"])) for moved in since["moved"]] == [
        ("grow", 0.4, 0.6)
    ]
    assert [said["value"] for said in done(at_work.get(f"{report}?to=12&from=0"))["check_ins"]] == [40]
    markdown = at_work.get(report, {"Accept": "text/markdown, application/json;q=0.5"})
    assert markdown.type == "text/markdown; charset=utf-8"
    assert r"- **revenue**: two \*big\* customers" in markdown.raw.decode()
    assert "Accept" in markdown.headers["Vary"].split(", ")
    assert at_work.get(f"{report}?from=13&to=12").pointers == ["/query/from"]
    assert at_work.get(f"{report}?from=99").pointers == ["/query/from"]
    assert at_work.get(f"{report}?to_valid=then").pointers == ["/query/to_valid"]
    assert at_work.get(f"{report}?from_valid=2030-01-01").pointers == ["/query/from_valid"]


def test_a_new_key_result_is_read_at_once(at_work: Api):
    """Reads of one's own writes: thirty times, without a pause between write and read."""
    for n in range(30):
        made = done(at_work.post(f"/objectives/{uid('grow')}/key-results", title=f"number {n}", measure=METRIC))
        listed = done(at_work.get(f"/objectives/{uid('grow')}/key-results"))
        assert listed["items"][-1]["id"] == made["id"]


def test_filters_of_every_kind_are_real(unchanged: Api):
    """Each filter is one that the list takes: a value of its type is no error."""
    examples = {"label": "x", "external_id": "x", "tag": "x", "sprint": "x", "parent": uid("none"),
                "cycle": "2026-Q1", "kind": {Kind.CYCLE: "year", Kind.MEMBER: "person"},
                "status": "on_track", "commitment": "committed", "unit": "x", "health": "on_track",
                "perspective": "learning", "indicator": "lag", "direction": "maintain",
                "state": {Kind.CYCLE: "open", Kind.INITIATIVE: "done", Kind.TEAM: "disbanded",
                          Kind.MEMBER: "erased", Kind.CHECK_IN: "retracted"}}  # fmt: skip
    for kind, filters in FILTERS.items():
        path = {Kind.KEY_RESULT: "key-results", Kind.CHECK_IN: "check-ins"}.get(kind, f"{kind.value}s")
        for name in filters:
            value = examples.get(name, uid("none"))
            value = value.get(kind, "active") if isinstance(value, dict) else value
            assert unchanged.get(f"/{path}?{name}={value}").status == 200, (path, name)
