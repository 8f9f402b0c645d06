"""The board under an assumption is the naive fold of the events that are left; with nothing assumed it is the board."""

import random
from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from api.answers import to_json
from domain.errors import Invalid, NotFound
from domain.kernel import Kind, Ref
from domain.scoring import POLICIES
from ledger.database import Database
from projections import questions
from projections.what_if import MOST, what_if
from tests.support import naive
from tests.support.actions import ANYTHING
from tests.support.books import projecting, recording, restore
from tests.support.histories import KPI_BEGINNING, MEASURED_BEGINNING, instants, play, tell, things
from tests.support.kpi_actions import KPIS

STORY = [*ANYTHING, *KPIS]


@pytest.fixture(scope="module", params=range(1, 7))
def told(postgres, request):
    """A random company with KPIs and two policies, and its books."""
    name = postgres.migrated_database()
    ledger = play(tell(random.Random(request.param), 70, STORY, [*KPI_BEGINNING, *MEASURED_BEGINNING]))
    with Database(postgres.url_of(name)) as database, recording(database) as recorder:
        restore(recorder, ledger.facts)
        with projecting(database, recorder) as (projector, books):
            projector.catch_up()
            yield books, ledger, request.param
    postgres.drop(name)


def clocks(ledger, dice):
    return dice.randint(len(ledger.facts) // 2, len(ledger.facts)), dice.choice(instants(ledger)[-30:])


def written(instant):
    return instant.isoformat().replace("+00:00", "Z")


def test_with_nothing_left_out_and_the_own_policy_it_is_the_board(told):
    """To the byte, and nothing has changed."""
    books, ledger, seed = told
    dice = random.Random(seed)  # its own: in whatever order the tests run, it throws the same
    seen = 0
    for _ in range(4):
        position, instant = clocks(ledger, dice)
        with books.reading(str(position), written(instant)) as reading:
            for cycle in things(ledger, Kind.CYCLE):
                try:
                    board = questions.board(reading, cycle.id)
                except NotFound:
                    continue
                assumed = what_if(reading, cycle.id, policy=board["cycle"]["scoring"])
                assert assumed.pop("assumed") == {"policy": board["cycle"]["scoring"], "without": []}
                assert assumed.pop("change") == 0
                assert to_json(assumed) == to_json(board)
                seen += len(board["objectives"])
    assert seen


def test_what_is_folded_in_memory_is_the_board_too(told):
    """To the byte: what takes effect later is left out, so everything is folded and nothing is missing."""
    books, ledger, _ = told
    seen = 0
    for instant in instants(ledger)[-30:-1:4]:
        with books.reading(valid_at=written(instant)) as reading:
            for cycle in things(ledger, Kind.CYCLE)[:2]:
                own = [f.position for f in ledger.facts if f.stream == cycle and f.effective_at > instant]
                goals = [
                    fact.position
                    for fact in ledger.facts
                    if fact.effective_at > instant
                    and fact.stream.kind in (Kind.OBJECTIVE, Kind.KEY_RESULT)
                    and _is_in(ledger, fact, cycle.id)
                ]
                later = own or goals
                if not later:
                    continue
                assumed = what_if(reading, cycle.id, without=later)
                assert assumed.pop("assumed")["without"] == sorted(later)
                assert assumed.pop("change") == 0
                board = questions.board(reading, cycle.id)
                assert to_json(assumed) == to_json(board)
                seen += len(board["objectives"])
    assert seen


def _is_in(ledger, fact, cycle):
    goal = fact.stream.id
    if fact.stream.kind is Kind.KEY_RESULT:
        goal = ledger.state(Kind.KEY_RESULT, goal).objective
    return ledger.state(Kind.OBJECTIVE, goal).cycle == cycle


def test_under_another_policy_it_is_the_fold_of_a_cycle_planned_with_it(told):
    books, ledger, seed = told
    dice = random.Random(seed)  # its own: in whatever order the tests run, it throws the same
    for policy in POLICIES:
        position, instant = clocks(ledger, dice)
        cycle = dice.choice(things(ledger, Kind.CYCLE)).id
        with books.reading(str(position), written(instant)) as reading:
            expected = naive.board(list(_planned_with(ledger.facts, policy)), cycle, position, instant)
            if expected is None:
                continue
            shown = what_if(reading, cycle, policy=policy)
            assert naive_of(shown) == exact(expected)
            assert shown["cycle"]["scoring"] == shown["assumed"]["policy"] == policy
            stands = questions.board(reading, cycle)["score"]
            assert shown["change"] == (shown["score"] or 0) - (stands or 0)


def test_without_some_events_it_is_the_fold_of_the_others(told):
    books, ledger, seed = told
    dice = random.Random(seed)  # its own: in whatever order the tests run, it throws the same
    asked = 0
    for _ in range(14):
        position, instant = clocks(ledger, dice)
        cycle = dice.choice(things(ledger, Kind.CYCLE)[:2]).id
        some = [dice.choice(ledger.facts) for _ in range(dice.randint(1, 2))]
        named = [fact.id if dice.random() < 0.5 else fact.position for fact in some]
        with books.reading(str(position), written(instant)) as reading:
            try:
                shown = what_if(reading, cycle, without=named)
            except (Invalid, NotFound):
                continue
            asked += 1
            positions = {fact.position for fact in some}
            assert shown["assumed"]["without"] == sorted(positions)
            expected = naive.board(_without(ledger.facts, positions, position), cycle, position, instant)
            assert naive_of(shown) == exact(expected)
    assert asked


def exact(value):
    """Comparable: the measures' values in whatever form they come."""
    match value:
        case dict():
            return {str(key): exact(each) for key, each in value.items()}
        case list() | tuple():
            return [exact(each) for each in value]
        case int() if not isinstance(value, bool):
            return Decimal(value)
        case _:
            return value


def naive_of(board):
    return exact(naive.shown_by(board))


def _planned_with(facts, policy):
    for fact in facts:
        if fact.event.TOPIC == "cycle.planned":
            yield fact._replace(event=fact.event.model_copy(update={"scoring": policy}))
        else:
            yield fact


def _without(facts: Sequence, positions: set[int], upto: int) -> list:
    """The facts that are left, by the words of the docs: what depends on something goes with it."""
    left: list = []
    there: set[Ref] = set()
    days: set = set()
    for fact in sorted(facts, key=lambda fact: fact.position):
        if fact.position in positions or fact.position > upto:
            continue
        event = fact.event
        if fact.stream.kind is Kind.MEASUREMENTS:
            said = {(event.kpi, point.on) for point in getattr(event, "points", [event])}
            if event.TOPIC == "measurements.restated" and not said <= days:
                continue
            days |= said
        elif fact.version > 1 and fact.stream not in there:
            continue
        above = getattr(event, "objective", None) if "objective" in event.model_fields_set else None
        if above is not None and Ref(Kind.OBJECTIVE, above) not in there:
            if fact.version == 1:
                continue
            fields = {name: value for name, value in event.given().items() if name != "objective"}
            event = type(event).model_validate(fields)
        there.add(fact.stream)
        left.append(fact._replace(event=event))
    return left


# --- what is refused


@pytest.fixture
def books(company):
    company.check_in(40)
    with projecting(company.database, company.recorder) as (projector, books):
        projector.catch_up()
        yield books


def refused(books, **assumed):
    with books.reading() as reading, pytest.raises(Invalid) as refusal:
        what_if(reading, reading.cycle_named("2026-Q1"), **assumed)
    return refusal.value


def test_a_policy_that_there_is_not_is_refused(books):
    refusal = refused(books, policy="linear-v9")
    assert (refusal.slug, [fault.pointer for fault in refusal.faults]) == ("unknown_policy", ["/policy"])


def test_events_that_are_not_the_cycles_are_refused_each_by_its_place(company, books):
    formed = next(f.position for f in company.recorder.iterate() if f.event.TOPIC == "team.formed")
    refusal = refused(books, without=[1, 5, 10_000, uuid4(), formed])
    assert [fault.pointer for fault in refusal.faults] == ["/without/0", "/without/2", "/without/3", "/without/4"]
    assert [fault.reason.partition(":")[0] for fault in refusal.faults] == [
        "planned the cycle",
        "there is no event 10000 at these clocks",
        refusal.faults[2].reason,
        "is no event of this cycle",
    ]


def test_no_more_than_a_thousand_events_can_be_left_out(books):
    assert [fault.pointer for fault in refused(books, without=[5] * (MOST + 1)).faults] == ["/without"]


def test_without_an_objective_there_are_none_of_its_key_results(company, books):
    set_at = next(f.position for f in company.recorder.iterate() if f.event.TOPIC == "objective.set")
    with books.reading() as reading:
        shown = what_if(reading, reading.cycle_named("2026-Q1"), without=[set_at])
    assert (shown["objectives"], shown["score"], shown["change"]) == ([], None, Decimal("-0.4"))


def test_nothing_is_stored(company, books):
    head = company.recorder.head()
    with books.reading() as reading:
        cycle = reading.cycle_named("2026-Q1")
        before = to_json(questions.board(reading, cycle))
        assert isinstance(what_if(reading, cycle, "linear-measured-v1")["cycle"]["id"], UUID)
        assert to_json(questions.board(reading, cycle)) == before
    assert company.recorder.head() == head
