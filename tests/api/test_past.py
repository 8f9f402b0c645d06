"""Past quarters over HTTP: seals, scores over time, and what differs between two views."""

from datetime import UTC, datetime

import pytest
from pydantic import BaseModel

from api import shapes
from tests.support.builders import uid
from tests.support.http import HEAD, METRIC, Api, done

CYCLE, TEAM, OBJECTIVE = "/cycles/2026-Q1", f"/teams/{uid('core')}", f"/objectives/{uid('grow')}"
KEY_RESULT = f"/key-results/{uid('revenue')}"
READS: list[tuple[str, type[BaseModel]]] = [
    (f"{CYCLE}/seals", shapes.Seals),
    (f"{CYCLE}/series", shapes.Series),
    (f"{CYCLE}/series?step=week", shapes.Series),
    (f"{CYCLE}/series?objective={uid('grow')}", shapes.Series),
    (f"{CYCLE}/series?team={uid('core')}", shapes.Series),
    (f"{TEAM}/series", shapes.TeamSeries),
    (f"{TEAM}/series?kind=quarter", shapes.TeamSeries),
    (f"{CYCLE}/diff?from=10", shapes.Diff),
    (f"{OBJECTIVE}/diff?from=10", shapes.Diff),
    (f"{TEAM}/diff?cycle=2026-Q1&from=10", shapes.TeamDiff),
]


@pytest.fixture
def closed(at_work: Api) -> Api:
    """The quarter was closed with 40, reopened, the 40 corrected to 80, closed again, and reopened once more."""
    done(at_work.post(f"{CYCLE}/close"))
    done(at_work.post(f"{CYCLE}/reopen", reason="a slip"))
    done(at_work.post(f"/check-ins/{uid('monday')}/correct", value=80, reason="a slip"))
    done(at_work.post(f"{CYCLE}/close"))
    done(at_work.post(f"{CYCLE}/reopen", reason="once more"))
    return at_work


def test_every_read_has_its_shape_says_what_it_reflects_and_is_304_the_next_time(closed: Api):
    for path, shape in READS:
        answer = closed.get(path)
        assert answer.status == 200, (path, answer)
        shape.model_validate_json(answer.raw)
        head = closed.runtime.recorder.head().position
        assert answer.position == head
        assert answer.etag.startswith('W/"')
        again = closed.get(path, {"If-None-Match": answer.etag})
        assert (again.status, again.raw, again.etag, again.position) == (304, b"", answer.etag, head), path


def test_they_wait_for_a_position_like_every_read(closed: Api, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("projections.reading.PATIENCE", 0.1)
    ahead = {"Min-Position": str(closed.runtime.recorder.head().position + 1)}
    assert closed.get(f"{CYCLE}/diff?from=10", ahead).slug == "books_behind"


@pytest.mark.parametrize("path", [path for path, _ in READS])
def test_what_is_not_there_is_404(unchanged: Api, path: str):
    for one, none in (("2026-Q1", "2031-Q1"), (uid("core"), uid("nobody")), (uid("grow"), uid("nothing"))):
        if str(one) in path:
            assert unchanged.get(path.replace(str(one), str(none))).slug == "not_found", (path, one)
    if "/diff" not in path:
        joined = "&" if "?" in path else "?"
        assert unchanged.get(f"{path}{joined}as_of=3").slug == "not_found"
        assert unchanged.get(f"{path}{joined}valid_at=2020-01-01").slug == "not_found"


def test_past_answers_stay_as_they_are_to_the_byte(closed: Api):
    head, now = closed.runtime.recorder.head().position, datetime.now(UTC).isoformat().replace("+00:00", "Z")
    clocks = f"as_of={head}&valid_at={now}"
    asked = [f"{path}{'&' if '?' in path else '?'}{clocks}" for path, _ in READS]
    before = [closed.get(path).raw for path in asked]
    done(closed.post(f"{KEY_RESULT}/check-ins", value=99))
    done(closed.post(f"/check-ins/{uid('monday')}/retract", reason="nonsense"))
    done(closed.post(f"{CYCLE}/close"))
    assert [closed.get(path).raw for path in asked] == before


class TestSeals:
    def test_every_closing_stands_beside_what_is_known_now(self, closed: Api):
        first, second = done(closed.get(f"{CYCLE}/seals"))["items"]
        assert first["position"] == HEAD + 1 < second["position"]
        assert [float(seal["score"]) for seal in (first, second)] == [0.4, 0.8]
        assert [float(seal["restated_score"]) for seal in (first, second)] == [0.8, 0.8]
        assert first["objectives"] == [
            {
                "id": str(uid("grow")),
                "score": first["score"],
                "grade": None,
                "key_results": [{"id": str(uid("revenue")), "value": 40, "score": first["score"], "grade": None}],
            }
        ]
        assert {name: float(part) for name, part in first["parts"].items() if part} == {"correction": 0.4}
        assert float(first["change"]) == 0.4
        (then,) = done(closed.get(f"{CYCLE}/seals?as_of={first['position'] + 1}"))["items"]
        assert (then["score"], then["restated_score"]) == (first["score"], first["score"])
        assert done(closed.get(f"{CYCLE}/seals?as_of={first['position']}"))["items"] == []

    def test_the_sealed_score_is_the_board_s_at_the_close(self, closed: Api):
        for seal in done(closed.get(f"{CYCLE}/seals"))["items"]:
            board = done(closed.get(f"{CYCLE}/board?as_of={seal['position']}&valid_at={seal['sealed_at']}"))
            assert board["score"] == seal["score"]
            live = done(closed.get(f"{CYCLE}/board?valid_at={seal['sealed_at']}"))
            assert live["score"] == seal["restated_score"]


class TestSeries:
    def test_each_point_is_the_board_s_score_then(self, closed: Api):
        points = done(closed.get(f"{CYCLE}/series?step=week"))["points"]
        for point in (points[0], points[len(points) // 2], points[-1]):
            answer = closed.get(f"{CYCLE}/board?valid_at={point['at']}")
            if answer.status == 404:
                assert (point["score"], point["expected"], point["objectives"]) == (None, None, {})
            else:
                goals = {goal["id"]: goal["score"] for goal in answer.body["objectives"]}
                assert (point["score"], point["expected"], point["objectives"]) == (
                    answer.body["score"],
                    answer.body["expected"],
                    goals,
                )
        assert points[-1]["objectives"] == {str(uid("grow")): points[-1]["score"]}

    def test_it_starts_with_the_cycle_a_point_a_step(self, unchanged: Api):
        daily, weekly = (done(unchanged.get(f"{CYCLE}/series?step={step}"))["points"] for step in ("day", "week"))
        assert daily[0] == weekly[0]
        assert [point["at"][:10] for point in weekly[:3]] == ["2026-01-01", "2026-01-08", "2026-01-15"]
        assert [point["at"][:10] for point in daily[:2]] == ["2026-01-01", "2026-01-02"]
        assert daily == done(unchanged.get(f"{CYCLE}/series?valid_at={daily[-1]['at']}"))["points"]

    def test_of_an_objective_it_has_the_key_results_and_of_a_team_the_subtree(self, unchanged: Api):
        last = done(unchanged.get(f"{CYCLE}/series?objective={uid('grow')}"))["points"][-1]
        assert float(last["key_results"][str(uid("revenue"))]) == 0.4
        last = done(unchanged.get(f"{CYCLE}/series?team={uid('core')}"))["points"][-1]
        assert float(last["subtree_score"]) == 0.4

    @pytest.mark.parametrize(
        ("query", "slug", "pointer"),
        [
            ("step=month", "invalid", "/query/step"),
            ("step=", "invalid", "/query/step"),
            ("objective=grow", "invalid", "/query/objective"),
            (f"objective={uid('grow')}&team={uid('core')}", "invalid", "/query/team"),
            (f"as_of={HEAD + 1}", "as_of_beyond_head", "/query/as_of"),
            ("from=1", "invalid", "/query/from"),
        ],
    )
    def test_what_cannot_be_is_named(self, unchanged: Api, query: str, slug: str, pointer: str):
        answer = unchanged.get(f"{CYCLE}/series?{query}")
        assert (answer.status, answer.slug, answer.pointers) == (422, slug, [pointer])

    def test_more_than_5000_points_are_refused(self, at_work: Api):
        dates = {"kind": "custom", "starts_on": "1990-01-01", "ends_on": "2020-01-01"}
        done(at_work.post("/cycles", label="long", **dates))
        answer = at_work.get("/cycles/long/series?step=day")
        assert (answer.status, answer.slug, answer.pointers) == (422, "too_many_points", ["/query/step"])
        assert len(done(at_work.get("/cycles/long/series?step=week"))["points"]) == 1567

    def test_a_cycle_that_was_never_started_is_refused(self, at_work: Api):
        dates = {"kind": "quarter", "starts_on": "2999-01-01", "ends_on": "2999-03-31"}
        done(at_work.post("/cycles", label="2999-Q1", **dates))
        answer = at_work.get("/cycles/2999-Q1/series?step=week")
        assert (answer.status, answer.slug, answer.pointers) == (422, "cycle_not_started", [])
        assert done(at_work.get("/cycles/2999-Q1/seals"))["items"] == []


class TestTeamSeries:
    def test_the_quarter_history_of_a_team(self, closed: Api):
        (item,) = done(closed.get(f"{TEAM}/series?kind=quarter"))["items"]
        sealed = done(closed.get(f"{CYCLE}/seals"))["items"][-1]
        assert (item["cycle"], item["label"], item["state"]) == (str(uid("2026-Q1")), "2026-Q1", "open")
        assert (item["position"], item["sealed_at"]) == (sealed["position"], sealed["sealed_at"])
        for name in ("sealed_score", "sealed_subtree_score", "score", "subtree_score"):
            assert float(item[name]) == 0.8
        assert done(closed.get(f"{TEAM}/series?kind=year"))["items"] == []
        assert closed.get(f"{TEAM}/series?kind=week").pointers == ["/query/kind"]


class TestDiff:
    def test_what_a_correction_changed(self, closed: Api):
        """Between two positions at one instant: nothing new happened, something else is known to have happened."""
        seal = done(closed.get(f"{CYCLE}/seals"))["items"][0]
        at = seal["sealed_at"]
        diff = done(closed.get(f"{CYCLE}/diff?from={seal['position']}&from_valid={at}&to_valid={at}"))
        assert diff["from"] == {"as_of": {"position": seal["position"], "recorded_at": at}, "valid_at": at}
        assert diff["to"]["as_of"]["position"] == closed.runtime.recorder.head().position
        assert {name: float(score) for name, score in diff["score"].items()} == {"old": 0.4, "new": 0.8}
        assert (diff["added"], diff["removed"]) == ([], [])
        changed = [(change["kind"], change["field"]) for change in diff["changed"]]
        assert changed[0] == ("cycle", "score")
        assert ("check_in", "state") in changed
        assert {"kind": "key_result", "id": str(uid("revenue")), "field": "value", "old": 40, "new": 80} in (
            diff["changed"]
        )

    def test_what_is_new_is_shown_whole(self, at_work: Api):
        part = done(at_work.post(f"{OBJECTIVE}/key-results", title="more", measure=METRIC))
        diff = done(at_work.get(f"{CYCLE}/diff?from={HEAD}"))
        (added,) = diff["added"]
        shown = done(at_work.get(f"/key-results/{part['id']}"))
        assert (added["kind"], added["id"]) == ("key_result", part["id"])
        assert added["value"] == {name: value for name, value in shown.items() if name != "as_of"}
        for path in (f"{OBJECTIVE}/diff?", f"{TEAM}/diff?cycle=2026-Q1&"):
            again = done(at_work.get(f"{path}from={HEAD}"))
            assert (again["added"], again["removed"]) == (diff["added"], [])

    def test_without_ends_nothing_differs(self, unchanged: Api):
        diff = done(unchanged.get(f"{CYCLE}/diff"))
        assert (diff["from"], diff["changed"]) == (diff["to"], [])

    def test_what_is_said_of_no_end_goes_for_both(self, closed: Api):
        """`as_of` and `valid_at` are the clocks of an end that has none of its own."""
        diff = done(closed.get(f"{CYCLE}/diff?as_of={HEAD}&from=10&valid_at=2030-01-01"))
        assert [diff[end]["as_of"]["position"] for end in ("from", "to")] == [10, HEAD]
        assert {diff[end]["valid_at"][:10] for end in ("from", "to")} == {"2030-01-01"}
        assert [added["kind"] for added in diff["added"]] == ["check_in", "initiative"]

    @pytest.mark.parametrize(
        ("query", "slug", "pointer"),
        [
            ("from=11&to=10", "from_after_to", "/query/from"),
            ("from_valid=2026-02-02&to_valid=2026-02-01", "from_after_to", "/query/from_valid"),
            (f"from={HEAD + 1}", "as_of_beyond_head", "/query/from"),
            (f"to={HEAD + 1}", "as_of_beyond_head", "/query/to"),
            (f"as_of={HEAD + 1}", "as_of_beyond_head", "/query/as_of"),
            ("from=2999-01-01", "as_of_in_future", "/query/from"),
            ("from=", "invalid", "/query/from"),
            ("from_valid=then", "invalid", "/query/from_valid"),
            ("to_valid=2026-02-30", "invalid", "/query/to_valid"),
            ("valid_at=then", "invalid", "/query/valid_at"),
            ("since=1", "invalid", "/query/since"),
        ],
    )
    def test_ends_that_cannot_be_are_named(self, unchanged: Api, query: str, slug: str, pointer: str):
        for path in (f"{CYCLE}/diff?", f"{OBJECTIVE}/diff?", f"{TEAM}/diff?cycle=2026-Q1&"):
            answer = unchanged.get(f"{path}{query}")
            assert (answer.status, answer.slug, answer.pointers) == (422, slug, [pointer]), path

    @pytest.mark.parametrize(
        ("query", "end"),
        [
            ("from=3", "from"),
            ("from=2020-01-01", "from"),
            ("from_valid=2020-01-01", "from"),
            ("from=1&to=3", "from"),
        ],
    )
    def test_an_end_at_which_it_was_not_there_is_named(self, unchanged: Api, query: str, end: str):
        for path in (f"{CYCLE}/diff?", f"{OBJECTIVE}/diff?", f"{TEAM}/diff?cycle={uid('2026-Q1')}&"):
            answer = unchanged.get(f"{path}{query}")
            assert (answer.status, answer.slug, answer.pointers) == (404, "not_found", [f"/query/{end}"]), answer
            assert f"`{end}`" in answer.body["detail"]
        unknown = unchanged.get("/cycles/2031-Q1/diff")
        assert (unknown.status, unknown.pointers) == (404, ["/query/from"])
