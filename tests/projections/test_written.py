"""Boards that are written as JSON and remembered say what the rows say, whatever has changed in between."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from api.answers import to_json
from projections import questions
from projections.reading import Books
from projections.rebuild import rebuild
from tests.support.books import projecting
from tests.support.statements import COUNTED, sent


@pytest.fixture
def live(company):
    """A company whose year began early, its books, and a function that brings them to the head."""
    early = {"effective_at": "2026-01-01T00:00:00Z"}
    year = {"kind": "year", "starts_on": "2026-01-01", "ends_on": "2026-12-31"}
    company.do("plan_cycle", label="2026", **year, **early)
    company.do("open_cycle", cycle="2026", **early)
    for name in ("win", "keep"):
        company.do("set_objective", id=company.uid(name), cycle="2026", title=name, **early)
    of_win = {"objective": company.uid("win"), "measure": {"type": "metric", "baseline": 0, "target": 100}}
    company.do("add_key_result", id=company.uid("sales"), title="Sales", **of_win, **early)
    say(company, value=10, confidence=5, effective_at="2026-01-10T00:00:00Z")
    with projecting(company.database, company.recorder) as (projector, books):
        projector.catch_up()
        yield company, books, projector.catch_up


def say(company: Any, **said: Any) -> None:
    company.do("check_in", key_result=company.uid("sales"), **said)


def change(company: Any, **fields: Any) -> None:
    company.do("change_key_result", key_result=company.uid("sales"), **fields)


def written(books: Books, as_of: str | None = None, valid_at: str = "2027-06-01") -> bytes:
    """The board as it is sent, which is the one made of the rows; at a day that comes, so that no clock is in it."""
    with books.reading(as_of, valid_at) as reading:
        cycle = reading.cycle_named("2026")
        board = to_json(questions.written_board(reading, cycle).content)
        assert board == to_json(questions.board(reading, cycle))
        return board


BOOLEAN = {"type": "boolean"}
LATE = {"effective_at": "2026-01-05T00:00:00Z"}
CHANGES: dict[str, Callable[[Any], Any]] = {
    "the same value, with another confidence": lambda c: say(c, value=10, confidence=7),
    "the same again": lambda c: say(c, value=10, confidence=7),
    "words alone": lambda c: say(c, status="off_track"),
    "another title": lambda c: change(c, title="Revenue"),
    "tags, before the check-ins": lambda c: change(c, tags=["a"], **LATE),
    "a check-in before the others": lambda c: say(c, confidence=1, **LATE),
    "another key result": lambda c: c.do("add_key_result", objective=c.uid("win"), title="x", measure=BOOLEAN),
    "one beside it": lambda c: c.do(
        "add_key_result", id=c.uid("new"), objective=c.uid("keep"), title="y", measure=BOOLEAN
    ),
    "one less": lambda c: change(c, objective=c.uid("keep")),
    "a check-in on the one beside it": lambda c: c.do("check_in", key_result=c.uid("new"), done=True),
    "and back": lambda c: change(c, objective=c.uid("win")),
    "dropped": lambda c: c.do("drop_key_result", key_result=c.uid("sales"), reason="no"),
    "restored": lambda c: c.do("restore_key_result", key_result=c.uid("sales"), reason="yes"),
    "other dates of the cycle": lambda c: c.do("reschedule_cycle", cycle="2026", starts_on="2026-01-20", reason="no"),
}


def test_what_is_remembered_is_not_shown_once_a_key_result_has_changed(live):
    """Each change is on the board at once, and on no board of before; a rebuild makes the same rows."""
    company, books, catch_up = live
    boards = []
    for make in CHANGES.values():
        boards.append((str(company.recorder.head().position), written(books)))
        make(company)
        catch_up()
    boards.append((str(company.recorder.head().position), written(books)))
    for position, board in boards:
        assert _goals(written(books, position)) == _goals(board)
    assert rebuild(company.database, company.recorder, verify=True).differences == {}


def _goals(board: bytes) -> bytes:
    return board[board.index(b'"objectives":') :]


def test_an_objective_that_was_shown_is_stale_from_when_its_key_result_is(live):
    """Whichever of the instants is asked for first."""
    company, books, _ = live
    said = partial(written, books, str(company.recorder.head().position))
    for _ in range(2):
        for at, stale in (("2026-01-24T00:00:00Z", False), ("2026-01-24T00:00:00.000001Z", True)):
            assert (b'"stale":true' in said(at)) is stale


def test_a_check_in_that_moves_no_score_makes_a_version_of_its_objective(live):
    company, _, catch_up = live
    say(company, value=10, confidence=7)
    catch_up()
    with company.database.connection() as connection:
        rows = connection.execute(
            "SELECT score::text, known_to FROM objective_versions WHERE id = %s ORDER BY position", [company.uid("win")]
        ).fetchall()
    assert rows == [("0", None), ("0", None), ("0.1", None), ("0.1", None)]


@COUNTED
def test_a_board_that_was_shown_looks_no_key_result_up(live):
    """Two statements fewer: the texts of objectives, and those of their key results."""
    _, books, _ = live
    with books.reading() as reading:
        ask = partial(questions.written_board, reading, reading.cycle_named("2026"))
        assert sent(reading, ask) - sent(reading, ask) == 2


def test_nothing_is_remembered_of_books_of_an_older_program(live):
    """They answer until they are rebuilt; a version of an objective in them may outlive those of its key results."""
    company, books, catch_up = live
    say(company, value=10, confidence=7)
    catch_up()
    with company.database.connection() as connection:
        connection.execute("UPDATE books SET version = 2 WHERE name = 'objectives'")
        connection.execute("DELETE FROM objective_versions WHERE position = %s", [company.recorder.head().position])
    boards = [written(books, str(company.recorder.head().position - back)) for back in (0, 1)]
    assert [b'"confidence":7' in board for board in boards] == [True, False]


def test_a_text_that_was_redacted_leaves_boards_that_were_shown(live):
    """That of a key result alone, now and as of before; and a rebuild makes the same rows."""
    company, books, catch_up = live
    change(company, title="Beat the others")
    position = company.recorder.head().position
    catch_up()
    clocks = None, str(position)
    assert all(b"Beat the others" in written(books, as_of) for as_of in clocks)
    company.do("redact_text", position=position, field="title", reason="private")
    catch_up()
    assert not any(b"Beat the others" in written(books, as_of) for as_of in clocks)
    assert rebuild(company.database, company.recorder, verify=True).differences == {}
