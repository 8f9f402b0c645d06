"""A quarter as it evolved, in the terminal; and what differs between two points in it."""

import json
import os
import pty
import signal
import subprocess
import sys
from decimal import Decimal

import pytest

from tests.cli.conftest import ledger_of, refused
from tests.history.lines import GOALS, check_in, line, objective

MEASURE = {"type": "metric", "baseline": 0, "target": 200}


@pytest.fixture(scope="module")
def ledger(postgres, tmp_path_factory):
    """A quarter with two check-ins, a moved goalpost, an objective that was dropped, and a late report."""
    lines = (
        *GOALS,
        line("open_cycle", cycle="2026-Q1"),
        objective("sell [bold]\x1b[2J"),
        check_in(at="2026-02-01T09:00:00Z", value=40),
        check_in(at="2026-02-20T09:00:00Z", value=60),
        line("change_key_result", key_result="revenue", at="2026-03-03T09:00:00Z", measure=MEASURE, reason="too easy"),
        line("drop_objective", objective="sell [bold]\x1b[2J", at="2026-03-04T09:00:00Z", reason="no time"),
        check_in(at="2026-04-06T09:00:00Z", value=70),
        line("close_cycle", cycle="2026-Q1", at="2026-04-08T09:00:00Z"),
    )
    with ledger_of(postgres, tmp_path_factory.mktemp("quarter"), lines) as url:
        yield url


@pytest.fixture
def quarter(program, monkeypatch, ledger):
    """The program, on that."""
    monkeypatch.setenv("QUARTERDECK_DATABASE_URL", ledger)
    return program


def frames(ended):
    assert ended.code == 0, ended
    return [json.loads(each, parse_float=Decimal) for each in ended.out.splitlines()]


class TestReplay:
    def test_a_line_a_frame_says_who_did_what_when_and_how_the_score_moved(self, quarter):
        ended = quarter("replay", "2026-Q1")
        rows = [" ".join(row.split()) for row in ended.out.splitlines()]
        assert rows[0].startswith("2026-01-05 ada The cycle 2026-Q1 was planned")
        assert "2026-02-01 ada “revenue”: a check-in said 0.000 → 0.400 +0.400" in rows
        assert any(
            row.startswith("2026-03-03 ada “revenue”: ") and row.endswith("0.600 → 0.300 −0.300") for row in rows
        )
        assert max(map(len, ended.out.splitlines())) <= 80
        assert ended.err == ""

    def test_nothing_in_a_text_steers_the_terminal(self, quarter):
        out = quarter("replay", "2026-Q1").out
        assert "\x1b" not in out and "sell [bold]" in out

    def test_in_json_it_is_the_frames_one_a_line(self, quarter):
        found = frames(quarter("replay", "2026-Q1", "--json"))
        assert found[0]["score_before"] is None and found[-1]["type"] == "cycle.sealed"
        assert [one["score_after"] for one in found[:-1]] == [other["score_before"] for other in found[1:]]

    def test_as_it_was(self, quarter):
        found = frames(quarter("replay", "2026-Q1", "--json", "--valid-at", "2026-02-10"))
        assert (found[-1]["type"], found[-1]["score_after"]) == ("key_result.checked_in", Decimal("0.4"))
        assert len(frames(quarter("replay", "2026-Q1", "--json", "--as-of", "5"))) == 4

    def test_a_line_a_week(self, quarter):
        rows = frames(quarter("replay", "2026-Q1", "--step", "week", "--json"))
        assert [row["at"][:10] for row in rows[:2]] == ["2026-01-01", "2026-01-08"]
        assert rows[-1]["at"].startswith("2026-04-08")
        counts = {name: sum(row[name] for row in rows) for name in ("check_ins", "goalposts", "added", "dropped")}
        assert counts == {"check_ins": 3, "goalposts": 1, "added": 3, "dropped": 1}
        march = next(row for row in rows if row["at"].startswith("2026-03-05"))
        assert (march["score"], march["goalposts"], march["dropped"]) == (Decimal("0.3"), 1, 1)
        assert sum(row["late"] for row in rows) == len(frames(quarter("replay", "2026-Q1", "--json")))
        shown = quarter("replay", "2026-Q1", "--step", "week").out
        assert "2026-03-05  0.300  −0.300     0.708" in shown
        assert "late: recorded after" in shown

    def test_followed_where_nobody_watches_it_is_the_last_board(self, quarter):
        ended = quarter("replay", "2026-Q1", "--follow", "--speed", "0.01")
        assert ended.code == 0
        assert ended.out.count("2026-01-01 to 2026-03-31, closed") == 1

    @pytest.mark.parametrize(
        ("arguments", "why"),
        [
            (("2026-Q9",), "There is no cycle 2026-Q9."),
            (("2026-Q1", "--json", "--valid-at", "2025-01-01"), "There is no cycle"),
            (("2026-Q1", "--as-of", "999"), "lies beyond the ledger's head"),
            (("2026-Q9", "--step", "week"), "There is no cycle 2026-Q9."),
            (("2026-Q9", "--follow"), "There is no cycle 2026-Q9."),
        ],
    )
    def test_what_is_not_there(self, quarter, arguments, why):
        refused(quarter("replay", *arguments), why)

    @pytest.mark.parametrize("flags", [("--follow", "--json"), ("--follow", "--step", "week"), ("--step", "year")])
    def test_what_does_not_go_together(self, program, flags):
        assert program("replay", "2026-Q1", *flags).code == 2


class TestFollowing:
    """In a terminal of its own, as a person would have it."""

    def test_the_board_is_redrawn_until_the_end(self, quarter):
        code, out = _in_terminal(["replay", "2026-Q1", "--follow", "--speed", "1000"])
        assert code == 0
        assert out.count("2026-01-01 to 2026-03-31") > 10
        assert "0.40" in out and "0.35" in out

    def test_it_is_interrupted_without_a_word(self, quarter):
        code, out = _in_terminal(["replay", "2026-Q1", "--follow", "--speed", "0.01"], interrupt_at=b"expected")
        assert code == 130
        assert "Traceback" not in out and "Aborted" not in out


def _in_terminal(arguments, interrupt_at=None):
    """Runs the program with a terminal for its output: how it ended, and what it drew."""
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "80", "LINES": "30"}
    # Whoever runs the tests in the background has them ignore interrupts, and so what they start.
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code = f"{heed}; from cli.main import main; main({arguments!r})"
    with subprocess.Popen([sys.executable, "-c", code], stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        out = b""
        while True:
            try:
                some = os.read(ours, 65536)
            except OSError:  # its side was closed
                some = b""
            if not some:
                break
            out += some
            if interrupt_at is not None and interrupt_at in out:
                process.send_signal(signal.SIGINT)
                interrupt_at = None
    os.close(ours)
    return process.returncode, out.decode()


class TestDiff:
    def test_what_was_added_and_what_reads_otherwise(self, quarter):
        clocks = ("--from-valid", "2026-02-10", "--to-valid", "2026-03-31")
        out = quarter("diff", "2026-Q1", *clocks).out
        assert "score 0.4 → 0.3 −0.1" in out
        assert "+ check in of 2026-02-20 09:00: 60" in out
        assert "~ key result “revenue”\n" in out
        assert "    measure: type metric, " in out and "target 200" in out
        assert "    state: active → dropped" in out
        answer = quarter("diff", "2026-Q1", *clocks, "--json").json
        assert answer["score"] == {"old": Decimal("0.4"), "new": Decimal("0.3")}
        assert list(answer) == ["from", "to", "score", "added", "removed", "changed"]

    def test_between_two_positions(self, quarter):
        out = quarter("diff", "2026-Q1", "--from", "6", "--to", "7").out
        assert "from as of position 6" in out and "to as of position 7" in out
        assert "score – → 0.4" in out or "score 0 → 0.4" in out

    def test_nothing(self, quarter):
        assert quarter("diff", "2026-Q1").out.endswith("Nothing differs.\n")

    @pytest.mark.parametrize(
        ("arguments", "why"),
        [
            (("2026-Q9",), "There is no cycle 2026-Q9."),
            (("2026-Q1", "--from", "7", "--to", "6"), "lies after to"),
            (("2026-Q1", "--from-valid", "2025-01-01"), "At `from`"),
        ],
    )
    def test_what_cannot_be_compared(self, quarter, arguments, why):
        refused(quarter("diff", *arguments), why)
