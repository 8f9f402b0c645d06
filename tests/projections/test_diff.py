"""A difference between two views is exactly what makes the one out of the other, whichever clock lies between."""

import random
from datetime import timedelta

import hypothesis
import pytest

from domain.errors import Invalid, NotFound
from domain.kernel import Kind, Ref
from ledger.database import Database
from projections import questions
from projections.ends import Ends, between
from tests.support import naive
from tests.support.actions import ANYTHING
from tests.support.books import projecting, recording, restore
from tests.support.histories import KPI_BEGINNING, bounded, histories, instants, play, things
from tests.support.kpi_actions import KPIS

seeds = hypothesis.strategies.integers(0, 2**32).map(random.Random)
with_kpis = histories(actions=[*ANYTHING, *KPIS * 2], more=KPI_BEGINNING)


def written(instant):
    return instant.isoformat().replace("+00:00", "Z")


def flat(reading, objectives, first=()):
    """Every thing of a view by kind and id, laid out by asking for each one by itself."""
    found = dict(first)
    for objective in objectives:
        found["objective", objective["id"]] = {k: v for k, v in objective.items() if k != "key_results"}
        for part in objective["key_results"]:
            found["key_result", part["id"]] = part
            for kind in (Kind.CHECK_IN, Kind.INITIATIVE):
                page = questions.listing(reading, kind, {"key_result": part["id"]}, 500, None)
                found |= {(kind.value, item["id"]): item for item in page.items}
    return found


def of_cycle(reading, cycle):
    board = questions.board(reading, cycle)
    return flat(reading, board["objectives"], {("cycle", cycle): board["cycle"]}), board["score"]


def applied(diff, old):
    """The view that the difference makes of the old one."""
    new = {thing: dict(value) for thing, value in old.items()}
    for gone in diff["removed"]:
        del new[gone["kind"], gone["id"]]
    for change in diff["changed"]:
        thing = new[change["kind"], change["id"]]
        assert thing[change["field"]] == change["old"]
        thing[change["field"]] = change["new"]
    for added in diff["added"]:
        assert (added["kind"], added["id"]) not in new
        new[added["kind"], added["id"]] = added["value"]
    return new


def told(things):
    return {(thing["kind"], thing["id"]) for thing in things}


@hypothesis.settings(bounded, max_examples=8)
@hypothesis.given(history=histories() | with_kpis, dice=seeds)
def test_the_old_board_and_the_difference_make_the_new_board(postgres, history, dice):
    ledger = play(history)
    name = postgres.migrated_database()
    try:
        with Database(postgres.url_of(name)) as database, recording(database) as recorder:
            restore(recorder, ledger.facts)
            with projecting(database, recorder) as (projector, books):
                projector.catch_up()
                for _ in range(6):
                    _check(books, ledger, dice)
    finally:
        postgres.drop(name)


def _check(books, ledger, dice):
    cycle = dice.choice(things(ledger, Kind.CYCLE)).id
    positions = sorted(dice.randint(1, len(ledger.facts)) for _ in range(2))
    valid = sorted(dice.choice(instants(ledger)) for _ in range(2))
    shown = [naive.board(ledger.facts, cycle, p, t) for p, t in zip(positions, valid, strict=True)]
    with between(books, *map(str, positions), *map(written, valid)) as ends:
        if shown[0] is None:
            with pytest.raises(NotFound) as missing:
                questions.cycle_diff(ends, cycle)
            assert [fault.pointer for fault in missing.value.faults] == ["/from"]
            return
        assert shown[1] is not None
        diff = questions.cycle_diff(ends, cycle)
        (old, _), (new, _) = (of_cycle(reading, cycle) for reading in ends)
        assert diff["score"] == {"old": shown[0]["score"], "new": shown[1]["score"]}
        assert applied(diff, old) == new
        assert [diff[end]["as_of"]["position"] for end in ("from", "to")] == positions
        assert [diff[end]["valid_at"] for end in ("from", "to")] == valid
        back = questions.cycle_diff(Ends(ends.new, ends.old), cycle)
        assert (told(back["removed"]), told(back["added"])) == (told(diff["added"]), told(diff["removed"]))
        assert applied(back, new) == old
        _check_orders(diff, list(old), list(new))
        objective = next((id for kind, id in old if kind == "objective" and (kind, id) in new), None)
        if objective is not None:
            _check_objective(ends, objective, shown)
        team = dice.choice(things(ledger, Kind.TEAM)).id
        _check_team(ends, team, cycle)


def _check_orders(diff, old, new):
    """Things stand in the board's order, a check-in behind its key result, and fields in their shape's."""
    groups = [[t for t in things if t[0] not in ("check_in", "initiative")] for things in (old, new)]
    for named, order in ((diff["removed"], groups[0]), (diff["added"], groups[1]), (diff["changed"], groups[1])):
        listed = [(each["kind"], each["id"]) for each in named]
        assert [t for t in dict.fromkeys(listed) if t in order] == [t for t in order if t in set(listed)]


def _check_objective(ends, objective, shown):
    diff = questions.objective_diff(ends, objective)
    views = [flat(r, [questions.find(r, Ref(Kind.OBJECTIVE, objective))]) for r in ends]
    for view in views:
        del view["objective", objective]["as_of"]
    assert applied(diff, views[0]) == views[1]
    assert diff["score"]["old"] == shown[0]["objectives"][objective]["score"]
    assert diff["score"]["new"] == shown[1]["objectives"][objective]["score"]


def _check_team(ends, team, cycle):
    try:
        boards = [questions.team_board(reading, team, cycle) for reading in ends]
    except NotFound:
        with pytest.raises(NotFound):
            questions.team_diff(ends, team, cycle)
        return
    diff = questions.team_diff(ends, team, cycle)
    views = [
        flat(reading, board["objectives"], {("team", team): board["team"], ("cycle", cycle): board["cycle"]})
        for reading, board in zip(ends, boards, strict=True)
    ]
    assert applied(diff, views[0]) == views[1]
    for name in ("score", "subtree_score"):
        assert diff[name] == {"old": boards[0][name], "new": boards[1][name]}


@pytest.fixture
def books(company):
    with projecting(company.database, company.recorder) as (projector, books):
        projector.start()
        yield books


def diff_of(company, books, since, until=None, **valid):
    until = until or company.recorder.head().position
    books.wait_for(company.recorder.head().position)
    with between(books, str(since), str(until), valid.get("from_valid"), valid.get("to_valid")) as ends:
        return questions.cycle_diff(ends, ends.new.cycle_named("2026-Q1"))


def test_the_same_ends_differ_in_nothing(company, books):
    company.check_in(40)
    head = company.recorder.head().position
    now = written(company.recorder.head().recorded_at)
    diff = diff_of(company, books, head, head, from_valid=now, to_valid=now)
    assert (diff["added"], diff["removed"], diff["changed"]) == ([], [], [])
    assert diff["from"] == diff["to"]


def test_a_check_in_is_added_and_changes_what_is_computed_of_it(company, books):
    before = company.recorder.head()
    then = written(before.recorded_at)
    said = company.check_in(40, status="on_track", effective_at=then)
    diff = diff_of(company, books, before.position, from_valid=then, to_valid=then)
    assert [(added["kind"], added["id"]) for added in diff["added"]] == [("check_in", said.subject.id)]
    assert diff["added"][0]["value"]["value"] == 40
    changed = [(change["kind"], change["field"]) for change in diff["changed"]]
    assert changed[0] == ("cycle", "score")
    fields = ["value", "progress", "score", "status", "checked_in_at"]
    seen = [field for kind, field in changed if kind == "key_result"]
    assert [field for field in seen if field in fields] == fields
    assert diff["score"] == {"old": 0, "new": diff["changed"][0]["new"]}


def test_a_measure_is_one_field_and_reads_whole(company, books):
    before = company.recorder.head().position
    measure = {"type": "metric", "baseline": 0, "target": 50, "unit": None}
    fields = {"key_result": str(company.uid("revenue")), "measure": {"target": 50}, "reason": "x"}
    company.do("change_key_result", **fields)
    diff = diff_of(company, books, before)
    (change,) = [change for change in diff["changed"] if change["field"] == "measure"]
    assert (change["old"], change["new"]) == ({**measure, "target": 100}, measure)


def test_done_is_another_value_than_the_number_one(company, books):
    """A value of another measure is another value, even where Python takes the two for equal."""
    part = str(company.uid("revenue"))
    company.do("change_key_result", key_result=part, measure={"type": "boolean"}, reason="x")
    company.do("check_in", key_result=part, done=True)
    before = company.recorder.head().position
    company.do("change_key_result", key_result=part, measure={"type": "metric", "baseline": 0, "target": 2}, reason="x")
    company.check_in(1)
    (change,) = [c for c in diff_of(company, books, before)["changed"] if c["field"] == "value"]
    assert (change["old"], change["new"]) == (True, 1)
    assert type(change["old"]) is bool


def test_what_leaves_the_cycle_is_removed_with_everything_below_it(company, books):
    company.do("plan_cycle", label="2026-Q2", kind="quarter", starts_on="2026-04-01", ends_on="2026-06-30")
    company.do("start_initiative", id=str(company.uid("ads")), key_result=str(company.uid("revenue")), title="Ads")
    before = company.recorder.head().position
    company.do("move_objective", objective=str(company.uid("grow")), cycle="2026-Q2")
    diff = diff_of(company, books, before)
    named = [("objective", "grow"), ("key_result", "revenue"), ("initiative", "ads")]
    assert told(diff["removed"]) == {(kind, company.uid(name)) for kind, name in named}
    assert [thing["kind"] for thing in diff["removed"]] == [kind for kind, _ in named]
    assert diff["score"] == {"old": 0, "new": None}


def test_what_became_known_later_and_what_came_into_effect_later_are_told_apart(company, books):
    """An objective for a past quarter: added between two positions, and between two instants at one position."""
    head = company.recorder.head()
    company.do("plan_cycle", label="early", kind="quarter", starts_on="2025-01-01", ends_on="2025-03-31",
               effective_at="2025-01-01T00:00:00Z")  # fmt: skip
    company.do("set_objective", id=str(company.uid("old")), cycle="early", title="Old",
               effective_at="2025-01-02T00:00:00Z")  # fmt: skip
    now = written(head.recorded_at + timedelta(days=1))
    end = company.recorder.head().position
    books.wait_for(end)

    def added(since, until, *valid):
        with between(books, since, until, *valid) as ends:
            return told(questions.cycle_diff(ends, ends.new.cycle_named("early"))["added"])

    old = {("objective", company.uid("old"))}
    assert added(str(end - 1), str(end), now, now) == old
    assert added(str(end - 1), str(end), "2025-01-01", "2025-01-01") == set()
    assert added(str(end), str(end), "2025-01-01", "2025-01-02") == old


@pytest.mark.parametrize(
    ("clocks", "named"),
    [
        (("0", None, None, None), "from"),
        ((None, None, "2020-01-01", None), "from"),
        ((None, None, "2020-01-01", "2020-01-02"), "from"),
        (("0", "0", None, None), "to"),
    ],
)
def test_it_says_at_which_end_there_was_no_such_thing(company, books, clocks, named):
    books.wait_for(company.recorder.head().position)
    with between(books, *clocks) as ends, pytest.raises(NotFound) as missing:
        questions.cycle_diff(ends, questions.at_end("to", ends.new, lambda reading: reading.cycle_named("2026-Q1")))
    assert missing.value.detail.startswith(f"At `{named}`")
    assert [fault.pointer for fault in missing.value.faults] == [f"/{named}"]


@pytest.mark.parametrize(
    ("clocks", "pointer", "slug"),
    [
        (("3", "2", None, None), "/from", "from_after_to"),
        ((None, None, "2026-02-02", "2026-02-01"), "/from_valid", "from_after_to"),
        (("99", None, None, None), "/from", "as_of_beyond_head"),
        ((None, "99", None, None), "/to", "as_of_beyond_head"),
        ((None, None, "then", None), "/from_valid", "invalid"),
    ],
)
def test_ends_that_cannot_be_are_refused(company, books, clocks, pointer, slug):
    books.wait_for(company.recorder.head().position)
    with pytest.raises(Invalid) as refused, between(books, *clocks):
        pass
    assert (refused.value.faults[0].pointer, refused.value.slug) == (pointer, slug)
