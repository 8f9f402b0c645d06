"""The two clocks as clients write them, and what an answer says it reflects."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import Invalid, NotFound
from domain.kernel import Kind
from projections import questions
from tests.support.books import projecting


@pytest.fixture
def books(company):
    with projecting(company.database, company.recorder) as (projector, books):
        projector.start()
        books.wait_for(company.recorder.head().position, 20)
        yield books


def refusal(books, **clocks):
    with pytest.raises(Invalid) as refused, books.reading(**clocks):
        pass
    return refused.value.slug, refused.value.faults[0].pointer


def test_without_clocks_an_answer_reflects_where_the_books_are(company, books):
    with books.reading() as reading:
        assert reading.position == company.recorder.head().position
        assert reading.recorded_at == company.recorder.head().recorded_at
        assert reading.valid_at >= reading.recorded_at


def test_as_of_a_position_an_instant_or_a_date(company, books):
    fact = company.recorder.read_after(2, 1)[0]
    with books.reading("3") as reading:
        assert reading.stamp() == {"position": 3, "recorded_at": fact.recorded_at}
    instant = (fact.recorded_at + timedelta(microseconds=0)).isoformat()
    with books.reading(instant) as reading:
        assert reading.position == 3
    with books.reading((fact.recorded_at - timedelta(microseconds=1)).isoformat()) as reading:
        assert reading.position == 2
    with books.reading(datetime.now(UTC).date().isoformat()) as reading:
        assert reading.position == company.recorder.head().position


def test_before_the_first_event_all_is_empty(company, books):
    for as_of in ("0", "2001-01-01", "2001-01-01T00:00:00Z"):
        with books.reading(as_of) as reading:
            assert reading.stamp() == {"position": 0, "recorded_at": None}
            assert questions.listing(reading, Kind.CYCLE, {}, 10, None).items == []
            with pytest.raises(NotFound):
                reading.cycle_named("2026-Q1")


def test_what_lies_ahead_or_means_nothing_is_refused(books):
    assert refusal(books, as_of="99999") == ("as_of_beyond_head", "/as_of")
    assert refusal(books, as_of="2999-01-01") == ("as_of_in_future", "/as_of")
    assert refusal(books, as_of="2999-01-01T00:00:00Z") == ("as_of_in_future", "/as_of")
    for nonsense in ("yesterday", "", "-1", "2026-02-30", "2026-01-01T00:00:00", "1.5", "１"):
        assert refusal(books, as_of=nonsense) == ("invalid", "/as_of")
    for nonsense in ("12", "2026-13-01", "now", "2026-01-01T25:00:00Z"):
        assert refusal(books, valid_at=nonsense) == ("invalid", "/valid_at")


def test_a_date_means_its_last_microsecond(books):
    with books.reading(valid_at="2026-03-31") as reading:
        assert reading.valid_at == datetime(2026, 3, 31, 23, 59, 59, 999999, tzinfo=UTC)


def test_a_future_valid_at_shows_how_things_will_stand(company, books):
    company.check_in(10)
    with books.reading(valid_at="2999-01-01", min_position=company.recorder.head().position) as reading:
        board = questions.board(reading, reading.cycle_named("2026-Q1"))
    (key_result,) = board["objectives"][0]["key_results"]
    assert (board["expected"], key_result["pace"], key_result["stale"]) == (1, "off_track", True)


def test_lists_go_on_where_they_ended_and_filter_by_what_they_show(company, books):
    for name in ("a", "b", "c"):
        company.do("set_objective", id=str(company.uid(name)), cycle="2026-Q1", title=name, external_id=name)
    books.wait_for(company.recorder.head().position, 20)
    with books.reading() as reading:
        first = questions.listing(reading, Kind.OBJECTIVE, {}, 3, None)
        rest = questions.listing(reading, Kind.OBJECTIVE, {}, 3, first.next)
        assert [o["title"] for o in first.items + rest.items] == ["Grow", "a", "b", "c"]
        assert rest.next is None
        teams = questions.listing(reading, Kind.OBJECTIVE, {"team": company.uid("core")}, 3, None)
        assert [o["title"] for o in teams.items] == ["Grow"]
        named = questions.listing(reading, Kind.OBJECTIVE, {"external_id": "b"}, 3, None)
        assert [o["title"] for o in named.items] == ["b"]
        with pytest.raises(Invalid):
            questions.listing(reading, Kind.OBJECTIVE, {}, 3, "nonsense")


def test_a_teams_board_sums_its_own_and_those_below(company, books):
    below = str(company.uid("web"))
    company.do("form_team", id=below, name="Web", parent=str(company.uid("core")))
    company.do("set_objective", id=str(company.uid("site")), cycle="2026-Q1", title="Site", team=below)
    company.do("grade_objective", objective=str(company.uid("site")), score=1)
    company.check_in(50)
    books.wait_for(company.recorder.head().position, 20)
    with books.reading() as reading:
        board = questions.team_board(reading, company.uid("core"), reading.cycle_named("2026-Q1"))
    assert (board["score"], board["subtree_score"]) == (0.5, 0.75)
    assert [o["title"] for o in board["objectives"]] == ["Grow", "Site"]


def test_a_report_tells_what_was_said_what_moved_and_what_is_silent(company, books):
    before = company.recorder.head().position
    company.check_in(50, progress="two customers", problems="*rain*")
    books.wait_for(company.recorder.head().position, 20)
    with books.reading(str(before)) as earlier, books.reading(valid_at="2026-12-31") as later:
        team = company.uid("core")
        report = questions.team_report(earlier, later, team, recorded_after=before, since=None)
    assert [said["progress"] for said in report["check_ins"]] == ["two customers"]
    assert [(moved["title"], moved["old"], moved["new"]) for moved in report["moved"]] == [("Grow", 0, 0.5)]
    assert [silent["title"] for silent in report["stale"]] == ["Revenue"]
    text = questions.report_markdown(report)
    assert "- **Revenue**: \\*rain\\*" in text
    assert "- Grow: 0 % → 50 %" in text
