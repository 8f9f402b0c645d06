"""A replay holds to the board at every frame, and tells everything that happened in the cycle, once."""

import random
from contextlib import closing
from datetime import timedelta
from itertools import pairwise
from typing import Any

import orjson
import pytest

from api.answers import to_json
from domain.errors import Invalid, NotFound
from domain.kernel import Kind, Ref
from domain.key_result.events import CheckedIn
from domain.measurements.events import MeasurementRestated
from domain.scoring import end_of
from ledger.database import Database
from projections.rebuild import rebuild
from projections.replay import frame_cursor, frames, replay
from tests.support import naive
from tests.support.actions import ANYTHING
from tests.support.books import projecting, recording, restore
from tests.support.histories import KPI_BEGINNING, instants, play, tell, things
from tests.support.kpi_actions import KPIS

SEEDS = range(12)


@pytest.fixture(scope="module", params=SEEDS)
def told(postgres, request):
    """A random company, its books, and the dice to ask with."""
    name = postgres.migrated_database()
    dice = random.Random(request.param)
    ledger = play(tell(dice, 70, [*ANYTHING, *KPIS * 2], KPI_BEGINNING))
    with Database(postgres.url_of(name)) as database, recording(database) as recorder:
        restore(recorder, ledger.facts)
        with projecting(database, recorder) as (projector, books):
            projector.catch_up()
            yield books, ledger, dice
    postgres.drop(name)


def iso(instant):
    return instant.isoformat().replace("+00:00", "Z")


def clocks(ledger, dice):
    """A position and an instant: everything, and something earlier on both clocks."""
    everything = (len(ledger.facts), instants(ledger)[-1])
    return [everything, (dice.randint(len(ledger.facts) // 2, len(ledger.facts)), dice.choice(instants(ledger)))]


def replays(told):
    """(position, instant, cycle, frames) of each cycle that is there, at some clocks."""
    books, ledger, dice = told
    for position, instant in clocks(ledger, dice):
        with books.reading(str(position), iso(instant)) as reading:
            for cycle in things(ledger, Kind.CYCLE):
                if naive.board(ledger.facts, cycle.id, position, instant) is not None:
                    yield reading, position, instant, cycle.id, list(frames(reading, cycle.id))


def score(ledger, cycle, position, instant):
    board = naive.board(ledger.facts, cycle, position, instant)
    assert board is not None
    return board["score"]


def test_the_scores_are_a_chain_that_ends_at_the_board(told):
    _, ledger, _ = told
    for _, position, instant, cycle, found in replays(told):
        assert found[0]["score_before"] is None
        for one, other in pairwise(found):
            assert one["score_after"] == other["score_before"]
            assert (one["effective_at"], one["position"]) < (other["effective_at"], other["position"])
        assert found[-1]["score_after"] == score(ledger, cycle, position, instant)


def test_after_the_last_frame_of_an_instant_the_score_is_the_board_s(told):
    _, ledger, dice = told
    for _, position, _, cycle, found in replays(told):
        for frame in dice.sample(found, min(12, len(found))):
            at = frame["effective_at"]
            last = [each for each in found if each["effective_at"] == at][-1]
            assert last["score_after"] == score(ledger, cycle, position, at)


def test_every_event_of_the_cycle_is_told_once_and_each_point_at_its_own_time(told):
    _, ledger, _ = told
    for _, position, instant, cycle, found in replays(told):
        assert [(f["effective_at"], f["position"]) for f in found] == sorted(expected(ledger, cycle, position, instant))


def expected(ledger, cycle, position, instant):
    """The places of everything that belongs to a cycle, straight from the facts."""
    known = [fact for fact in ledger.facts if fact.position <= position and fact.effective_at <= instant]
    for fact in known:
        if fact.stream.kind in (Kind.CYCLE, Kind.OBJECTIVE, Kind.KEY_RESULT, Kind.INITIATIVE):
            around = [(fact.effective_at, fact.position - 1), fact.key]
            if cycle in {cycle_of(ledger, fact.stream, position, key) for key in around}:
                yield fact.key
    begun: dict[Any, Any] = {}
    for fact in ledger.facts:
        if fact.stream.kind is Kind.MEASUREMENTS and fact.position <= position:
            for said in [fact.event] if isinstance(fact.event, MeasurementRestated) else fact.event.points:
                at = begun.setdefault((fact.event.kpi, said.on), min(end_of(said.on), fact.recorded_at))
                if at <= instant and drives(ledger, fact.event.kpi, said.on, cycle, position, (at, fact.position)):
                    yield at, fact.position


def cycle_of(ledger, ref, position, key):
    """The cycle that a thing belongs to at a place in the fold."""
    state = naive._states(ledger.facts, position, key).get(ref)
    match ref.kind:
        case Kind.CYCLE:
            return ref.id
        case Kind.OBJECTIVE:
            return state and state.cycle
        case Kind.KEY_RESULT:
            return state and cycle_of(ledger, Ref(Kind.OBJECTIVE, state.objective), position, key)
        case _:
            return state and cycle_of(ledger, Ref(Kind.KEY_RESULT, state.key_result), position, key)


def drives(ledger, kpi, on, cycle, position, key):
    """Whether a point counts for a key result of the cycle."""
    states = naive._states(ledger.facts, position, key)
    linked = [ref for ref, state in states.items() if ref.kind is Kind.KEY_RESULT and state.kpi == kpi]
    here = any(cycle_of(ledger, ref, position, key) == cycle for ref in linked)
    return here and on <= states[Ref(Kind.CYCLE, cycle)].ends_on


@pytest.mark.slow
def test_page_by_page_it_is_the_same_as_in_one_go(told):
    for reading, _, _, cycle, found in replays(told):
        for limit in (1, 7):
            after, items = None, []
            while True:
                page = replay(reading, cycle, limit, after)
                items += page.items
                assert len(page.items) <= limit
                if page.next is None:
                    break
                assert page.next == frame_cursor(page.items[-1])
                after = page.next
            assert items == found


def test_old_values_are_those_that_the_thing_had_before(told):
    """What is told of a thing's field begins where the telling of it ended before."""
    for _, _, _, _, found in replays(told):
        told_last: dict[Any, Any] = {}
        moved = {Kind.OBJECTIVE, Kind.KEY_RESULT, Kind.INITIATIVE}  # may have changed while they were elsewhere
        for frame in found:
            for change in frame["changes"]:
                place = (change["kind"], change["id"], change["field"])
                assert change["old"] != change["new"] or change["kind"] is Kind.KPI
                if change["kind"] not in moved:
                    assert change["old"] == told_last.get(place, change["old"])
                told_last[place] = change["new"]


def test_a_check_in_is_told_with_the_score_that_it_made(told):
    _, ledger, _ = told
    for _, _, _, _, found in replays(told):
        facts = {fact.position: fact for fact in ledger.facts}
        for frame in found:
            fact = facts[frame["position"]]
            if isinstance(fact.event, CheckedIn):
                kinds = {change["kind"] for change in frame["changes"]}
                assert Kind.CHECK_IN in kinds and kinds <= {Kind.CHECK_IN, Kind.KEY_RESULT, Kind.OBJECTIVE}
                assert {c["field"] for c in frame["changes"] if c["kind"] is not Kind.CHECK_IN} <= {"score"}


def test_it_is_the_same_bytes_after_later_writes_and_after_a_rebuild(company):
    company.check_in(40, effective_at=company.do("form_team", name="Web").recorded_at.isoformat())
    then = company.check_in(60, note="nearly").position
    with projecting(company.database, company.recorder) as (projector, books):
        projector.catch_up()
        with books.reading() as reading:
            now = iso(reading.valid_at)
        before = _bytes(books, then, now)
        company.check_in(20, effective_at=now)
        company.do("drop_objective", objective=str(company.uid("grow")), reason="never mind")
        projector.catch_up()
        assert _bytes(books, then, now) == before
        rebuild(company.database, company.recorder)
        assert _bytes(books, then, now) == before


def _bytes(books, position, instant):
    with books.reading(str(position), instant) as reading, closing(frames(reading, _q1(reading))) as found:
        return b"\n".join(map(to_json, found))


def _q1(reading):
    return reading.cycle_named("2026-Q1")


def test_a_frame_says_who_did_what_and_how_the_score_moved(company):
    company.check_in(40)
    with projecting(company.database, company.recorder) as (projector, books):
        projector.catch_up()
        with books.reading() as reading:
            found = replay(reading, _q1(reading), 50, None).items
    assert [frame["type"] for frame in found] == [
        "cycle.planned",
        "cycle.opened",
        "objective.set",
        "key_result.added",
        "key_result.checked_in",
    ]
    last = orjson.loads(to_json(found[-1]))
    assert list(last) == [
        *("position", "recorded_at", "effective_at", "actor", "type", "reason", "summary", "changes"),
        *("score_before", "score_after"),
    ]
    assert (last["summary"], last["score_before"], last["score_after"]) == (
        "“Revenue”: a check-in said value 40.",
        0,
        0.4,
    )
    scores = [(c["kind"], c["old"], c["new"]) for c in last["changes"] if c["field"] == "score"]
    assert scores == [("key_result", 0, 0.4), ("objective", 0, 0.4)]
    assert {"kind": "check_in", "field": "value", "old": None, "new": 40}.items() <= last["changes"][0].items()


@pytest.mark.parametrize("bad", ["", "x", "1", "-", "1.", "1.2.3", "9" * 18 + ".1", "١.٢"])
def test_a_cursor_that_nobody_gave_out_is_refused(company, bad):
    with projecting(company.database, company.recorder) as (projector, books):
        projector.catch_up()
        with books.reading() as reading, pytest.raises(Invalid):
            replay(reading, _q1(reading), 50, bad)


def test_a_cycle_that_is_not_there_yet_has_no_replay(company):
    with projecting(company.database, company.recorder) as (projector, books):
        projector.catch_up()
        with books.reading() as reading:
            begun = replay(reading, cycle := _q1(reading), 1, None).items[0]["effective_at"]
        with books.reading(valid_at=iso(begun - timedelta(seconds=1))) as reading, pytest.raises(NotFound):
            replay(reading, cycle, 50, None)
