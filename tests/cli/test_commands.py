"""Importing, exporting and boards in the terminal, and how a command ends that cannot do what it was asked."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from rich.console import Console

from cli.board import render
from tests.cli.conftest import refused
from tests.history.conftest import written
from tests.history.lines import GOALS, check_in, id_of, line, objective, plan
from tests.support.postgres import Postgres


class TestTheProgram:
    def test_help_is_quick(self):
        """It imports nothing that takes time; a test of a clock would say less."""
        script = "import sys, cli.main; print(sorted({m.split('.')[0] for m in sys.modules}))"
        out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
        slow = {
            "api",
            "ledger",
            "projections",
            "domain",
            "psycopg",
            "fastapi",
            "pydantic",
            "httpx",
            "uvicorn",
        }
        assert slow.isdisjoint(eval(out))

    def test_help_names_every_command(self, program):
        ended = program("--help")
        assert ended.code == 0
        for command in (
            "serve",
            "import",
            "export",
            "board",
            "kpis",
            "replay",
            "diff",
            "rebuild",
            "keys",
            "members",
            "migrate",
            "demo",
        ):
            assert command in ended.out

    @pytest.mark.parametrize(
        "arguments", [("boards",), ("board",), ("board", "x", "--as-off", "1"), ("serve", "--port", "99999")]
    )
    def test_what_it_does_not_understand_is_2(self, program, arguments):
        ended = program(*arguments)
        assert ended.code == 2
        assert "Traceback" not in ended.err


class TestImport:
    def test_it_says_what_came_of_it(self, quarterdeck, history):
        ended = quarterdeck("import", history)
        assert (ended.code, ended.err) == (0, "")
        assert "5 of 5 commands made 6 events in " in ended.out
        assert "5 were there already" in quarterdeck("import", history).out

    def test_in_json(self, quarterdeck, history):
        answer = quarterdeck("import", history, "--json").json
        assert answer.pop("seconds") > 0
        assert answer == {
            "file": str(history),
            "format": "history/1",
            "source": "elsewhere",
            "commands": 5,
            "new": 5,
            "already_there": 0,
            "refused": 0,
            "refused_file": None,
            "events": 6,
            "seals": 0,
            "position": 6,
        }

    def test_closes_are_sealed(self, quarterdeck, tmp_path):
        close = line("close_cycle", cycle="2026-Q1", at="2026-04-05T00:00:00Z")
        path = written(tmp_path / "closed", *GOALS, line("open_cycle", cycle="2026-Q1"), close)
        assert "1 close was sealed" in quarterdeck("import", path).out

    def test_a_bad_line_is_named_and_nothing_is_kept(self, quarterdeck, tmp_path):
        path = written(tmp_path / "bad.jsonl", *GOALS, objective("second", titel="x"))
        refused(quarterdeck("import", path), str(path), "line 5: /titel: is no field that belongs here")
        assert quarterdeck("export").out == '{"quarterdeck":"ledger/1"}\n'

    def test_keeping_going_sets_aside_what_cannot_be_taken(self, quarterdeck, tmp_path):
        path = written(tmp_path / "some.history.jsonl", *GOALS, b"{", check_in(value="x"), check_in())
        ended = quarterdeck("import", path, "--keep-going")
        assert ended.code == 3
        assert "2 were refused, see some.history.refused.jsonl" in ended.out
        bad, worse = [json.loads(line) for line in (tmp_path / "some.history.refused.jsonl").read_text().splitlines()]
        assert (bad["line"], bad["refused"]) == (5, "{")
        assert worse["line"] == 6
        assert worse["errors"] == [{"pointer": "/value", "detail": "must be a number, such as 12.5"}]
        assert json.loads(worse["refused"])["value"] == "x"

    def test_the_refused_lines_go_where_they_are_told_to(self, quarterdeck, tmp_path):
        path = written(tmp_path / "some.jsonl", plan(), b"{")
        ended = quarterdeck("import", path, "--keep-going", "--refused", "aside", "--json")
        assert (ended.code, ended.json["refused"], ended.json["refused_file"]) == (3, 1, "aside")
        assert len((tmp_path / "aside").read_text().splitlines()) == 1

    def test_without_a_refused_line_there_is_no_such_file(self, quarterdeck, history, tmp_path):
        assert quarterdeck("import", history, "--keep-going").code == 0
        assert list(tmp_path.glob("*refused*")) == []

    def test_several_files_are_taken_in_order(self, quarterdeck, history, tmp_path):
        other = {"quarterdeck": "history/1", "source": "other"}
        more = written(tmp_path / "more", check_in(str(id_of("key_result", "revenue"))), header=other)
        assert quarterdeck("import", history, more).code == 0

    @pytest.mark.parametrize(("name", "why"), [("missing", "No such file or directory"), (".", "Is a directory")])
    def test_a_file_that_cannot_be_read(self, quarterdeck, name, why):
        refused(quarterdeck("import", name), name, why)

    def test_a_file_of_people_is_no_history(self, quarterdeck, tmp_path):
        path = written(tmp_path / "people", header={"quarterdeck": "people/1"})
        refused(quarterdeck("import", path), "is people/1, not history/1 or ledger/1")

    def test_nor_a_history_a_file_of_people(self, quarterdeck, history):
        refused(quarterdeck("import", history, "--people", history), "is history/1, not people/1")


class TestExport:
    def test_to_standard_output(self, filled):
        """One event a line; the header has the proof of them (docs/proofs.md)."""
        header, *events = filled("export").out.splitlines()
        assert (json.loads(header)["quarterdeck"], list(json.loads(header))) == (
            "ledger/1",
            ["quarterdeck", "checkpoint"],
        )
        assert [json.loads(event)["position"] for event in events] == [1, 2, 3, 4, 5, 6]

    def test_to_a_file_with_the_people_apart(self, filled, tmp_path):
        ended = filled("export", "--out", "ledger.jsonl", "--people", "people.jsonl")
        assert (ended.code, ended.out) == (0, "")
        assert "6 events were written to ledger.jsonl" in ended.err
        assert (tmp_path / "ledger.jsonl").read_text() == filled("export").out
        assert json.loads((tmp_path / "people.jsonl").read_text().splitlines()[1])["name"] == "ada"
        assert (tmp_path / "people.jsonl").stat().st_mode & 0o777 == 0o600

    def test_an_export_is_restored(self, filled, postgres: Postgres, tmp_path):
        filled("export", "--out", "ledger.jsonl")
        name = postgres.migrated_database()
        ended = filled("import", "ledger.jsonl", "--database-url", postgres.url_of(name))
        assert "ledger.jsonl: 6 events and 0 people restored" in ended.out
        url = ("--database-url", postgres.url_of(name))
        # All but the checkpoint in the header, which names whose ledger it is.
        assert filled("export", *url).out.splitlines()[1:] == filled("export").out.splitlines()[1:]
        assert (
            filled("board", "2026-Q1", "--json", *url).json["score"]
            == filled("board", "2026-Q1", "--json").json["score"]
        )
        postgres.drop(name)

    def test_not_over_another_ledger(self, filled, tmp_path):
        filled("export", "--out", "ledger.jsonl")
        written(tmp_path / "more", plan("2026-Q2"), header={"quarterdeck": "history/1", "source": "other"})
        filled("import", "more")
        lines = (tmp_path / "ledger.jsonl").read_text().splitlines(keepends=True)
        (tmp_path / "part").write_text("".join(lines[:3]))
        assert filled("import", "part", "--json").json["already_there"] == 2
        (tmp_path / "other").write_text(lines[0])
        assert filled("import", "other", "--json").json["events"] == 0

    def test_where_it_cannot_write(self, filled):
        refused(filled("export", "--out", "nowhere/ledger.jsonl"), "nowhere", "No such file or directory")


class TestBoard:
    def test_it_fits_eighty_columns(self, filled):
        ended = filled("board", "2026-Q1")
        assert ended.code == 0
        assert max(map(len, ended.out.splitlines())) <= 80
        assert "2026-Q1  2026-01-01 to 2026-03-31, open" in ended.out
        assert "■ grow" in ended.out
        assert "40 → 100" in ended.out
        assert "███░░░░░ 0.40" in ended.out

    def test_as_it_was(self, filled):
        then = filled("board", "2026-Q1", "--json", "--valid-at", "2026-01-31").json
        assert (then["score"], then["valid_at"]) == (0, "2026-01-31T23:59:59.999999Z")
        known = filled("board", "2026-Q1", "--json", "--as-of", "4").json
        assert (known["score"], known["as_of"]["position"]) == (0, 4)

    def test_by_its_id(self, filled):
        assert filled("board", str(id_of("cycle", "2026-Q1")), "--json").json["cycle"]["label"] == "2026-Q1"

    @pytest.mark.parametrize(
        ("arguments", "why"),
        [
            (("2026-Q9",), "There is no cycle 2026-Q9."),
            ((str(uuid4()),), "There is no cycle"),
            (("2026-Q1", "--as-of", "999"), "lies beyond the ledger's head"),
            (("2026-Q1", "--as-of", "yesterday"), "must be a position, an instant"),
            (("2026-Q1", "--valid-at", "2026-02-30"), "not in the calendar"),
        ],
    )
    def test_what_is_not_there(self, filled, arguments, why):
        refused(filled("board", *arguments), why)


def test_nothing_in_a_title_steers_the_terminal():
    """Nor does a redacted one break the board."""
    cycle = {"label": "x\x1b[2J", "starts_on": "2026-01-01", "ends_on": "2026-03-31", "state": "open"}
    title = {"redacted": True, "at": "2026-01-01T00:00:00Z", "reason": "x"}
    goal = {
        "id": 1,
        "title": title,
        "state": "active",
        "score": 0,
        "grade": None,
        "band": "red",
        "status": "pending",
    }
    goal |= {"aligned_to": None, "key_results": []}
    bad = goal | {"id": 2, "title": "a\x1b]0;owned\x07\nb [bold]c"}
    now = datetime(2026, 1, 1, tzinfo=UTC)
    board = {"cycle": cycle, "as_of": {"position": 1, "recorded_at": now}, "valid_at": now, "score": None}
    board |= {"expected": 0, "objectives": [goal, bad], "cycles": []}
    console = Console(width=80, record=True)
    console.print(render(board))
    text = console.export_text()
    assert "[redacted]" in text
    assert "a ]0;owned b [bold]c" in text
    assert "\x1b" not in text and "\x07" not in text
