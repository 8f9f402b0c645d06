"""A file that cannot be taken names the line, the field and the reason, and leaves nothing in the ledger."""

import pytest

from domain.errors import Refusal
from ledger.application import Ledger
from ledger.history_file import LONGEST_LINE, HistoryFile, LineNotTaken
from ledger.importing import import_history
from tests.history.lines import GOALS, check_in, key_result, line, objective, plan

METRIC = {"type": "metric", "baseline": 0, "target": 100}


def without(fields, name):
    return {key: value for key, value in fields.items() if key != name}


HEADERS = [
    (b"", "", "is blank"),
    (b"at,actor,command", "", "is not JSON"),
    (b"[]", "", "is not a JSON object"),
    ({"source": "elsewhere"}, "/quarterdeck", 'must be "history/1"'),
    ({"quarterdeck": "history/2", "source": "elsewhere"}, "/quarterdeck", 'must be "history/1"'),
    ({"quarterdeck": ["history/1"], "source": "elsewhere"}, "/quarterdeck", 'must be "history/1"'),
    ({"quarterdeck": "history/1"}, "/source", "is missing"),
    ({"quarterdeck": "history/1", "source": ""}, "/source", "at least 1 character"),
    ({"quarterdeck": "history/1", "source": 7}, "/source", "must be a valid string"),
    ({"quarterdeck": "history/1", "source": "http"}, "/source", "over HTTP"),
    ({"quarterdeck": "history/1", "source": "elsewhere", "note": "x"}, "/note", "does not belong"),
    ({"quarterdeck": "ledger/1", "source": "elsewhere"}, "/source", "does not belong"),
]


@pytest.mark.parametrize(("header", "pointer", "reason"), HEADERS)
def test_a_bad_header_is_refused(write, header, pointer, reason):
    with pytest.raises(LineNotTaken, match=reason) as refused:
        HistoryFile(write(header=header))
    assert refused.value.line == 1
    assert [fault.pointer for fault in refused.value.faults] == [pointer]


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(LineNotTaken, match="line 1: is blank"):
        HistoryFile(tmp_path / "empty")


LINES = [
    # Not readable.
    (b"{", "", "is not JSON: "),
    (b"\xff{}", "", "is not UTF-8, from byte 1"),
    (b"7", "", "is not a JSON object"),
    (b"", "", "is blank"),
    (b'{"at": NaN}', "", "has NaN"),
    (b'{"at": -Infinity}', "", "has -Infinity"),
    (b'{"at": 1e99999999999999999999}', "", "out of range"),
    (b'{"at": "2026-01-05T09:00:00Z", "at": "2026-01-06T09:00:00Z"}', "", "has the key 'at' twice"),
    (b"[" * 100_000, "", "is nested too deeply"),
    (b'{"title": "' + b"x" * LONGEST_LINE + b'"}', "", "is longer than 5,000,000 bytes"),
    # What every line has.
    (without(objective(), "at"), "/at", "is missing"),
    (objective(at="2026-01-05"), "/at", "must be an instant"),
    (objective(at="2026-02-30T09:00:00Z"), "/at", "no instant of the calendar"),
    (objective(at="2026-01-05T09:00:00"), "/at", "must be an instant with a time zone"),
    (objective(at=1767603600), "/at", "must be an instant"),
    (objective(at="2999-01-01T00:00:00Z"), "/at", "in the future"),
    (without(objective(), "actor"), "/actor", "is missing"),
    (objective(actor=7), "/actor", "must be a valid string"),
    (objective(actor=""), "/actor", "at least 1 character"),
    (without(objective(), "command"), "/command", "is missing"),
    (objective(command="set_objectives"), "/command", "there is no command 'set_objectives'"),
    (line("create_key", role="admin"), "/command", "there is no command 'create_key'"),
    (objective(effective_at="2026-01-05T09:00:00Z"), "/effective_at", "is said by at already"),
    # Fields.
    (objective(titel="x"), "/titel", "is no field that belongs here"),
    (without(objective(), "title"), "/title", "is missing"),
    (objective(title=7), "/title", "must be a valid string"),
    (objective(title=" "), "/title", "must not be empty"),
    (objective(title="x" * 501), "/title", "at most 500 characters"),
    (objective(title="\ud800"), "/title", "valid string"),
    (objective(title="a\u0000b"), "/title", "U+0000"),
    (objective(weight="NaN"), "/weight", "must be a number"),
    (objective(weight=-1), "/weight", "must be 0 or more"),
    (objective(weight="1" * 29), "/weight", "at most 28 digits"),
    (objective(weight=1.0000000000001), "/weight", "at most 12 decimal places"),
    (objective(commitment="maybe"), "/commitment", "must be 'committed' or 'aspirational'"),
    (objective(tags=["a", 7]), "/tags/1", "must be a valid string"),
    (objective(id=7), "/id", "must be a valid string"),
    (objective(id="x" * 201), "/id", "at most 200 characters"),
    (plan("2026-Q2", starts_on="2026-02-30"), "/starts_on", "no day of the calendar"),
    (plan("2026-Q2", ends_on="2025-01-01"), "/ends_on", "lies before starts_on"),
    (
        key_result("second", measure={**METRIC, "target": 0}),
        "/measure/target",
        "must differ from the baseline",
    ),
    (key_result("second", measure={"type": "metric", "target": 1}), "/measure/baseline", "is missing"),
    (key_result("second", measure={"type": "speed"}), "/measure", "does not match any of the expected tags"),
    (
        key_result("second", measure={"type": "milestones", "milestones": [{"title": "a"}, {}]}),
        "/measure/milestones/1/title",
        "is missing",
    ),
    # Names.
    (objective("second", cycle="2026-Q9"), "/cycle", "no cycle 2026-Q9"),
    (objective("second", team="nobody"), "/team", "no team 'nobody' was made before this line"),
    (objective("second", owner="bob"), "/owner", "no member 'bob'"),
    (objective("second", aligned_to="high"), "/aligned_to", "no objective or key result 'high'"),
    (objective("second", aligned_to=7), "/aligned_to", "must be a valid string"),
    (check_in("profit"), "/key_result", "no key result 'profit'"),
    (line("correct_check_in", check_in="monday", value=1, reason="x"), "/check_in", "no check in 'monday'"),
    (line("open_cycle", cycle="11111111-1111-1111-1111-111111111111"), "/cycle", "no cycle 11111111"),
    # Rules.
    (check_in(value="40 %"), "/value", "must be a number"),
    (without(check_in(done=True), "value"), "/done", "does not suit the measure"),
    (check_in(at="2026-01-01T00:00:00Z"), "/at", "lies before the key result revenue existed"),
    (line("change_objective", objective="grow", weight=2), "/reason", "is needed to change weight"),
    (line("change_objective", objective="grow", aligned_to="revenue"), None, "alignment never forms a loop"),
    (objective("grow", title="another"), None, "The id grow is taken by another objective"),
    (plan(id="again", kind="half"), None, "The label 2026-Q1 is taken"),
    (line("close_cycle", cycle="2026-Q1"), None, "was never opened"),
]


@pytest.mark.parametrize(("bad", "pointer", "reason"), LINES)
def test_a_line_that_cannot_be_taken_stops_the_import(write, untouched, bad, pointer, reason):
    """Wherever it stands: here as line 5, with good ones before and behind it."""
    file = HistoryFile(write(*GOALS, bad, check_in()))
    with pytest.raises(LineNotTaken) as refused:
        import_history(Ledger(untouched), file, lambda *_: None)
    assert refused.value.line == 5
    assert str(refused.value).startswith("line 5: ")
    assert reason in str(refused.value)
    if pointer is not None:
        assert [fault.pointer for fault in refused.value.faults] == [pointer]
    assert untouched.head().position == 0


def test_the_reason_names_things_as_the_file_does(take):
    with pytest.raises(Refusal, match="line 6: The key result revenue was dropped"):
        take(*GOALS, line("drop_key_result", key_result="revenue", reason="no data"), check_in())


def test_of_several_bad_lines_the_first_is_named(take):
    with pytest.raises(LineNotTaken, match="line 3: "):
        take(plan(), b"{", objective(title=""), b"[]")


def test_blank_lines_at_the_end_are_none(take):
    assert take(plan(), b"", b"  ", b"").commands == 1


def test_a_file_may_have_a_byte_order_mark_and_windows_line_ends(take, recorder):
    header = b'\xef\xbb\xbf{"quarterdeck": "history/1", "source": "elsewhere"}\r'
    assert take(plan(), b"", header=header).new == 1
    assert recorder.head().position == 2  # with its actor
