"""The made-up company: believable, the same each time, and written once only."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from cli.demo.company import PEOPLE, TEAMS
from cli.demo.first import FIRST
from cli.demo.kpis import KPIS
from cli.demo.script import quarters, script
from cli.demo.second import SECOND
from cli.demo.third import THIRD
from tests.history.conftest import written
from tests.history.lines import plan

QUARTERS = (FIRST, SECOND, THIRD)
TODAY = "2026-11-20"


def days() -> list[date]:
    """The days around which a calendar is difficult."""
    return [date(2026, 10, 1), date(2026, 12, 31), date(2026, 1, 1), date(2024, 2, 29), date(2026, 6, 30)]


class TestTheScript:
    @pytest.mark.parametrize(
        ("day", "labels"),
        [
            ("2026-11-20", ["2026-Q2", "2026-Q3", "2026-Q4"]),
            ("2026-01-01", ["2025-Q3", "2025-Q4", "2026-Q1"]),
            ("2026-06-30", ["2025-Q4", "2026-Q1", "2026-Q2"]),
            ("2026-07-01", ["2026-Q1", "2026-Q2", "2026-Q3"]),
        ],
    )
    def test_it_ends_in_the_quarter_of_the_day(self, day, labels):
        found = quarters(date.fromisoformat(day))
        assert [label for label, _, _ in found] == labels
        assert found[2][1] <= date.fromisoformat(day) <= found[2][2]
        assert found[0][2] + timedelta(days=1) == found[1][1]

    @pytest.mark.parametrize("day", days())
    def test_nothing_lies_on_the_day_or_after_it(self, day):
        end = datetime(day.year, day.month, day.day, tzinfo=UTC)
        assert all(request.body["effective_at"] <= request.at < end for request in script(day))

    def test_it_is_the_same_each_time(self):
        assert script(date(2026, 11, 20)) == script(date(2026, 11, 20))

    def test_every_request_has_a_name_of_its_own(self):
        names = [request.name for request in script(date(2026, 12, 31))]
        assert len(names) == len(set(names))

    @pytest.mark.parametrize("quarter", QUARTERS, ids=lambda quarter: quarter.name)
    def test_every_goal_goes_by_one_key(self, quarter):
        keys = [key for goal in quarter.goals for key in (goal.key, *(part.key for part in goal.parts))]
        assert len(keys) == len(set(keys))

    @pytest.mark.parametrize("quarter", QUARTERS, ids=lambda quarter: quarter.name)
    def test_it_follows_the_advice_of_the_field(self, quarter):
        assert 8 <= len(quarter.goals) <= 12
        assert all(2 <= len(goal.parts) <= 4 for goal in quarter.goals)
        assert max(Counter(goal.team for goal in quarter.goals).values()) <= 5

    @pytest.mark.parametrize("day", days())
    def test_every_point_is_told_of_when_its_period_is_over(self, day):
        for request in script(day):
            for point in request.body.get("points", ()):
                assert point["on"] < request.at.date()

    def test_points_come_in_every_quarter_each_day_once_and_some_of_them_late(self):
        requests = [request for request in script(date(2026, 11, 20)) if "points" in request.body]
        told = [(request, request.path, point["on"]) for request in requests for point in request.body["points"]]
        assert len({(path, on) for _, path, on in told}) == len(told)
        assert {(on.month - 1) // 3 + 1 for _, _, on in told if on >= date(2026, 4, 1)} == {2, 3, 4}
        assert sum((request.at.date() - on).days > 5 for request, _, on in told) > 5

    def test_it_follows_what_can_be_followed(self):
        assert {kpi.direction for kpi in KPIS} == {"increase", "decrease", "maintain"}
        assert {kpi.frequency for kpi in KPIS} == {"weekly", "monthly", "quarterly"}
        assert len({kpi.key for kpi in KPIS}) == len(KPIS)

    def test_it_has_all_that_can_be_measured_and_said(self):
        parts = [part for quarter in QUARTERS for goal in quarter.goals for part in goal.parts]
        types = {part.measure["type"] for part in parts if part.measure}
        assert types == {"metric", "threshold", "milestones", "boolean", "zones", "graded"}
        said = {field for part in parts for words in part.words.values() for field in words}
        assert {"note", "progress", "plans", "problems", "confidence", "status"} <= said
        assert (len(TEAMS), len(PEOPLE)) == (5, 9)


class TestTheLedger:
    @pytest.mark.slow
    def test_two_quarters_are_closed_and_the_third_runs(self, quarterdeck):
        answer = quarterdeck("demo", "--today", TODAY, "--json").json
        assert (answer["today"], answer["cycles"]) == (TODAY, ["2026-Q2", "2026-Q3", "2026-Q4"])
        boards = [quarterdeck("board", label, "--json").json for label in answer["cycles"]]
        assert [board["cycle"]["state"] for board in boards] == ["closed", "closed", "open"]
        assert all(board["score"] > 0 for board in boards)
        (carried,) = (goal for goal in boards[2]["objectives"] if goal["carried_from"])
        assert (carried["title"], len(carried["key_results"])) == ("Every lock opens the first time", 3)
        assert all(part["value"] is not None for part in carried["key_results"])
        types = Counter(line["type"] for line in self.events(quarterdeck))
        assert (types["cycle.closed"], types["cycle.sealed"], types["cycle.reopened"]) == (3, 3, 1)
        assert types["key_result.checked_in"] > 300
        assert types["measurements.recorded"] > 100
        for once in (
            "objective.graded",
            "objective.changed",
            "key_result.changed",
            "key_result.dropped",
            "key_result.graded",
            "key_result.check_in_corrected",
            "key_result.check_in_retracted",
            "initiative.started",
            "initiative.changed",
            *("kpi.defined", "kpi.target_set", "kpi.benchmark_set", "kpi.paired", "kpi.retired"),
            *("measurements.restated", "key_result.kpi_linked", "key_result.kpi_unlinked"),
        ):
            assert types[once] > 0
        self.its_kpis_stand_as_told(quarterdeck)
        self.twice_changes_nothing(quarterdeck, answer["events"])
        self.another_day_is_another_demo(quarterdeck)

    def its_kpis_stand_as_told(self, quarterdeck):
        items = {item["name"]: item for item in quarterdeck("kpis", "--json").json["items"]}
        assert len(items) == 8
        assert {item["health"] for item in items.values()} == {"on_track", "at_risk", "off_track"}
        customers = items["Active customers"]
        assert customers["counter_metrics"] == [items["Churn"]["id"]]
        assert (customers["target"]["target"], len(customers["recent"])) == (620, 12)
        second = items["Fleet uptime, second city"]
        (benchmark,) = second["benchmarks"]
        assert benchmark["benchmark_kpi"] == second["parent"] == items["Fleet uptime"]["id"]
        assert benchmark["value"] == items["Fleet uptime"]["latest"]["value"]
        assert items["App downloads"]["state"] == "retired"
        assert (len(items["Fleet uptime"]["key_results"]), items["Time to first reply"]["key_results"]) == (1, [])
        then = quarterdeck("kpis", "--valid-at", "2026-06-30", "--json").json["items"]
        assert [item["latest"]["value"] for item in then if item["name"] == "Churn"] == [Decimal("3.6")]

    def twice_changes_nothing(self, quarterdeck, events):
        """Also on another day, since the demo ends when it ended."""
        assert quarterdeck("demo", "--json").json == {
            "today": TODAY,
            "events": 0,
            "cycles": ["2026-Q2", "2026-Q3", "2026-Q4"],
        }
        assert len(self.events(quarterdeck)) == events

    def another_day_is_another_demo(self, quarterdeck):
        ended = quarterdeck("demo", "--today", "2026-11-19")
        assert (ended.code, ended.out) == (1, "")
        assert f"The demo in this ledger ends on {TODAY}" in ended.err

    @staticmethod
    def events(quarterdeck):
        import json

        return [json.loads(line) for line in quarterdeck("export").out.splitlines()[1:]]

    def test_any_day_will_do(self, quarterdeck):
        """Also the first one of a quarter, when the last one has only just ended: see `test_beside_a_server`."""
        answer = quarterdeck("demo", "--today", "2024-02-29", "--json").json
        first, second, third = (quarterdeck("board", label, "--json").json for label in answer["cycles"])
        assert (first["cycle"]["state"], second["cycle"]["state"]) == ("closed", "closed")
        assert len(third["objectives"]) == len(THIRD.goals)

    def test_a_ledger_in_use_is_left_alone(self, quarterdeck, tmp_path):
        """Nothing can be taken out of a ledger."""
        assert quarterdeck("import", written(tmp_path / "some", plan())).code == 0
        ended = quarterdeck("demo")
        assert (ended.code, ended.out) == (1, "")
        assert "The demo goes into an empty ledger only" in ended.err

    @pytest.mark.parametrize(("day", "why"), [("soon", "must be a date"), ("2999-01-01", "lies in the future")])
    def test_what_is_no_day(self, quarterdeck, day, why):
        ended = quarterdeck("demo", "--today", day)
        assert (ended.code, ended.out) == (1, "")
        assert why in ended.err
