"""KPIs in the terminal: where each stands, on both clocks, in words and signs as well as in colours."""

from decimal import Decimal

import pytest

from cli.kpis import line as sparkline
from tests.cli.conftest import ledger_of, refused
from tests.history.conftest import written
from tests.history.lines import line

TODAY = "2026-11-20"
LATER = "2026-04-01T09:00:00Z"


def kpi(id: str, **fields):
    wanted = {"id": id, "name": id, "direction": "increase", "frequency": "monthly", **fields}
    return line("define_kpi", **wanted)


def points(id: str, *values, at=LATER, **fields):
    said = [{"on": f"2026-0{month}-28", "value": value} for month, value in enumerate(values, 1)]
    return line("record_measurements", at=at, kpi=id, points=said, **fields)


LINES = (
    line("form_team", id="core", name="Core"),
    kpi("sales", unit="%", team="core"),
    line("set_kpi_target", kpi="sales", **{"from": "2026-01-01"}, target=95, at_risk=90),
    kpi("uptime", direction="maintain", unit="hours", frequency="irregular"),
    line("set_kpi_target", kpi="uptime", **{"from": "2026-01-01"}, low=90, high="95.5"),
    kpi("old"),
    points("sales", 80, 85, 96),
    points("uptime", 91, 99),
    line("retire_kpi", at=LATER, kpi="old", reason="nobody looks"),
)


@pytest.fixture(scope="module")
def ledger(postgres, tmp_path_factory):
    """A ledger with three KPIs, of which one is retired; then a point is restated."""
    restated = line("restate_measurement", at=LATER, kpi="sales", on="2026-03-28", value=91, reason="counted twice")
    with ledger_of(postgres, tmp_path_factory.mktemp("kpis"), LINES, (*LINES, restated)) as url:
        yield url


@pytest.fixture
def measured(program, monkeypatch, ledger):
    """The program, on that."""
    monkeypatch.setenv("QUARTERDECK_DATABASE_URL", ledger)
    return program


class TestShown:
    def test_each_with_its_value_target_health_and_line(self, measured):
        out = measured("kpis").out
        assert "3 KPIs   ▲ 1 at risk   ✖ 1 off track" in out
        rows = {row.split()[0].rstrip(","): row for row in out.splitlines() if row}
        for part in ("91 %", "2026-03-28", "≥ 95 %", "▲ at risk", "↗", "▁▄█"):
            assert part in rows["sales"]
        for part in ("uptime, hours", "99", "2026-02-28", "90–95.5", "✖ off track", "↘", "▁█"):
            assert part in rows["uptime"]
        assert "retired" in rows["old"]
        assert list(rows).index("old") > list(rows).index("uptime")
        assert "! the next point is overdue" in out

    def test_it_fits_into_80_columns(self, measured):
        assert all(len(row) <= 80 for row in measured("kpis").out.splitlines())

    @pytest.mark.parametrize(
        ("flags", "names"),
        [
            (("--state", "retired"), ["old"]),
            (("--state", "active"), ["sales", "uptime"]),
            (("--team", "Core"), ["sales"]),
            (("--team", "core", "--state", "retired"), []),
        ],
    )
    def test_some_of_them(self, measured, flags, names):
        assert [item["name"] for item in measured("kpis", *flags, "--json").json["items"]] == names

    def test_a_team_that_is_not_there(self, measured):
        refused(measured("kpis", "--team", "nobody"), "There is no team nobody")

    def test_an_empty_ledger_has_none(self, quarterdeck):
        out = quarterdeck("kpis").out
        assert "0 KPIs" in out and "No KPIs at these clocks." in out
        assert quarterdeck("kpis", "--json").json["items"] == []

    def test_teams_tell_kpis_of_one_name_apart(self, quarterdeck, tmp_path):
        lines = [
            row
            for team in ("North", "South")
            for row in (line("form_team", id=team, name=team), kpi(team, name="churn", team=team))
        ]
        assert quarterdeck("import", written(tmp_path / "some", *lines)).code == 0
        out = quarterdeck("kpis").out
        assert "churn, North" in out and "churn, South" in out

    def test_what_would_steer_the_terminal_does_not(self, quarterdeck, tmp_path):
        assert quarterdeck("import", written(tmp_path / "some", kpi("a", name="\x1b[31m[b]red"))).code == 0
        out = quarterdeck("kpis").out
        assert "[31m[b]red" in out and "\x1b" not in out


class TestOnBothClocks:
    def test_as_it_was_known(self, measured):
        known = measured("kpis", "--as-of", str(head(measured) - 1), "--json").json
        assert known["as_of"]["position"] == head(measured) - 1
        assert latest(known, "sales") == ("2026-03-28", 96, "on_track")
        assert latest(measured("kpis", "--json").json, "sales") == ("2026-03-28", 91, "at_risk")

    def test_as_it_stood(self, measured):
        stood = measured("kpis", "--valid-at", "2026-02-28", "--json").json
        assert latest(stood, "sales") == ("2026-02-28", 85, "off_track")
        assert [point["value"] for point in stood["items"][0]["recent"]] == [80, 85]
        assert stood["items"][2]["state"] == "active"

    def test_before_there_was_any(self, measured):
        assert measured("kpis", "--valid-at", "2025-12-31", "--json").json["items"] == []
        assert measured("kpis", "--as-of", "0", "--json").json["items"] == []

    def test_a_clock_that_is_none(self, measured):
        refused(measured("kpis", "--as-of", "soon"), "as_of")


def head(program):
    return program("kpis", "--json").json["as_of"]["position"]


def latest(answer, name):
    (item,) = (item for item in answer["items"] if item["name"] == name)
    return item["latest"]["on"], item["latest"]["value"], item["health"]


@pytest.mark.parametrize(
    ("values", "drawn"), [([], ""), ([5], "▄"), ([5, 5], "▄▄"), ([0, 7], "▁█"), ([-1, "-0.5", 0], "▁▄█")]
)
def test_a_line_goes_from_the_least_to_the_greatest(values, drawn):
    assert sparkline([Decimal(value) for value in values]) == drawn
