"""The kernel: refs, folds, and a thing's history at any instant."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Barrier
from uuid import UUID

import pytest

from domain.history import History
from domain.kernel import Context, Event, Fact, Fold, Kind, Ref, fact_key, instant
from tests.support.builders import on, open_cycle
from tests.support.memory import MemoryLedger

THING = Ref(Kind.TEAM, UUID(int=1))
START = datetime(2026, 1, 1, tzinfo=UTC)


class Noted(Event):
    """A letter was noted."""

    TOPIC = "test.noted"

    letter: str


@dataclass(frozen=True)
class Word:
    text: str


def evolve(word, fact):
    return Word((word.text if word else "") + fact.event.letter)


WORD = Fold(Kind.TEAM, evolve)


def facts(*days, first=1):
    """Facts of the letters a, b, c, …, each effective on a day and recorded in this order."""
    return [
        Fact(
            THING,
            n,
            n,
            Noted(letter=chr(96 + n)),
            START + timedelta(days=day),
            START + timedelta(days=99),
            UUID(int=2),
        )
        for n, day in enumerate(days, first)
    ]


def day(number):
    return START + timedelta(days=number)


def test_a_ref_is_written_kind_and_id():
    assert str(THING) == "team/00000000-0000-0000-0000-000000000001"
    assert Ref.parse(str(THING)) == THING


@pytest.mark.parametrize("text", ["", "team", "team/1", "crew/00000000-0000-0000-0000-000000000001", "team//"])
def test_what_is_no_ref_is_refused(text):
    with pytest.raises(ValueError):
        Ref.parse(text)


def test_an_event_gives_only_what_was_set():
    class Changed(Event):
        """Something changed."""

        TOPIC = "test.changed"

        a: int | None = 1
        b: int | None = 2

    assert Changed(b=None).given() == {"b": None}


def test_facts_are_folded_by_when_they_took_effect_then_by_position():
    history = History(WORD, THING, facts(3, 1, 2, 1))
    assert history.now == Word("bdca")
    assert [fact.key for fact in history.facts] == sorted(map(fact_key, history.facts))


def test_a_fold_of_nothing_is_nothing():
    assert WORD([]) is None


def test_a_history_knows_the_state_at_any_instant():
    history = History(WORD, THING, facts(1, 2, 2, 4))
    assert [history.at(day(n)) for n in range(6)] == [
        None,
        *(Word(w) for w in ("a", "abc", "abc", "abcd", "abcd")),
    ]


def test_the_state_after_the_last_fact_is_the_state_now():
    history = History(WORD, THING, facts(1, 2))
    assert history.at(day(99)) is history.now


def test_a_history_of_nothing_is_empty():
    history = History(WORD, THING, [])
    assert (history.exists, history.version, history.position, history.at(day(99))) == (False, 0, 0, None)


def test_version_and_position_are_of_what_was_recorded_last():
    history = History(WORD, THING, facts(3, 1, 2))
    assert (history.version, history.position, history.first.event.letter) == (3, 3, "b")


def test_a_history_grows_by_late_facts_without_changing():
    history = History(WORD, THING, facts(1, 3))
    assert history.now == Word("ab")
    grown = history.with_facts(facts(2, 0, 4, first=3))
    assert (grown.now, history.now) == (Word("dacbe"), Word("ab"))


def test_growing_keeps_the_states_before_the_earliest_new_fact():
    history = History(WORD, THING, facts(1, 2, 4))
    early = history.at(day(2))
    assert history.now == Word("abc")
    assert history.with_facts(facts(3, first=4)).at(day(2)) is early


def test_states_that_were_forgotten_are_folded_again():
    history = History(WORD, THING, facts(1, 2, 4))
    now = history.now
    history.only_now()
    history.only_now()
    assert history.now is now
    assert history.with_facts(facts(3, first=4)).now == Word("abdc")
    assert history.with_facts(facts(5, first=4)).now == Word("abcd")
    assert [history.at(day(n)) for n in (0, 1, 2, 4)] == [None, Word("a"), Word("ab"), Word("abc")]


@pytest.mark.parametrize(
    ("since", "states"),
    [
        (0, [(1, "a"), (2, "abc"), (4, "abcd")]),
        (1, [(1, "a"), (2, "abc"), (4, "abcd")]),
        (2, [(2, "abc"), (4, "abcd")]),
        (3, [(2, "abc"), (4, "abcd")]),
        (4, [(4, "abcd")]),
        (5, [(4, "abcd")]),
    ],
)
def test_the_states_since_an_instant_begin_with_the_one_in_effect(since, states):
    history = History(WORD, THING, facts(1, 2, 2, 4))
    assert list(history.states_since(day(since))) == [(day(n), Word(word)) for n, word in states]


def test_a_command_takes_effect_when_it_says_or_now():
    context = Context(now=on("2026-02-01"), actor=UUID(int=2), look=MemoryLedger(), new_id=lambda: UUID(int=3))
    assert instant(open_cycle(at="2026-01-20"), context) == on("2026-01-20")
    assert instant(open_cycle(), context) == on("2026-02-01")


def test_threads_that_ask_one_history_at_once_fold_it_each_and_rightly():
    """All have begun to fold a fact before any has done it; a torture found states that stood there twice."""
    together = Barrier(4)

    def evolve_together(word, fact):
        together.wait(10)
        return evolve(word, fact)

    history = History(Fold(Kind.TEAM, evolve_together), THING, facts(1, 2, 3))
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: history.now, range(4))) == [Word("abc")] * 4
    assert (history.at(day(1)), history.at(day(2)), history.now) == (Word("a"), Word("ab"), Word("abc"))
