"""The cache of histories: how much it holds, and what it forgets first."""

import gc
import tracemalloc
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from domain.history import History
from domain.kernel import Event, Fact, Kind, Ref
from domain.key_result.events import CheckedIn, KeyResultAdded
from domain.key_result.state import KEY_RESULT
from domain.lean import lean
from domain.measurements.events import MeasurementsRecorded, Point
from domain.measurements.state import MEASUREMENTS
from ledger.cache import FACT, Cache

ACTOR = UUID(int=9)
ADDED = (
    {"objective": uuid4(), "title": "Revenue", "measure": {"type": "metric", "baseline": "0", "target": "100"}}
    | dict.fromkeys(("owner", "team", "external_id"))
    | {"weight": "1", "tags": (), "source": "http"}
)
START = datetime(2026, 1, 1, tzinfo=UTC)
POINTS = tuple(Point(on=START.date() + timedelta(days=n), value=Decimal(n)) for n in range(90))


def history(number: int, events: list[Event], kind: Kind = Kind.KEY_RESULT) -> History:
    ref = Ref(kind, UUID(int=number))
    fold = KEY_RESULT if kind is Kind.KEY_RESULT else MEASUREMENTS
    times = [START + timedelta(days=n) for n in range(len(events))]
    facts = [
        Fact(ref, n, 1_000 + n, event, at, at, ACTOR)
        for n, (event, at) in enumerate(zip(events, times, strict=True), 1)
    ]
    return History(fold, ref, facts)


def said(words: str = "well") -> CheckedIn:
    given = {"check_in": uuid4(), "value": "12.5", "note": words, "confidence": "7", "source": "http"}
    return CheckedIn.model_validate(given)


def kept(cache: Cache, *numbers: int) -> list[bool]:
    return [cache.get(Ref(Kind.KEY_RESULT, UUID(int=number))) is not None for number in numbers]


def test_the_least_recently_used_goes_first():
    cache = Cache(3 * (FACT + 100))
    for number in (1, 2, 3):
        cache.put(history(number, [said()]))
    assert kept(cache, 1)
    cache.put(history(4, [said()]))
    assert kept(cache, 1, 2, 3, 4) == [True, False, True, True]


def test_a_history_that_grows_counts_with_what_it_has_more():
    cache = Cache(3 * (FACT + 100))
    cache.put(history(1, [said()]))
    cache.put(history(2, [said()]))
    cache.put(history(2, [said(), said(), said()]))
    assert kept(cache, 1, 2) == [False, True]


def test_what_was_dropped_makes_room():
    cache = Cache(2 * (FACT + 100))
    cache.put(history(1, [said()]))
    cache.put(history(2, [said()]))
    cache.drop([Ref(Kind.KEY_RESULT, UUID(int=1))])
    cache.put(history(3, [said()]))
    assert kept(cache, 2, 3) == [True, True]


def test_a_batch_of_points_and_long_words_count_for_more_than_a_fact():
    batch = MeasurementsRecorded(kpi=UUID(int=8), points=POINTS, source=None)
    for large in (history(1, [batch], Kind.MEASUREMENTS), history(1, [said("word " * 4_000)])):
        cache = Cache(10 * FACT)
        cache.put(history(2, [said()]))
        cache.put(large)
        assert kept(cache, 2) == [False]


def test_an_older_history_takes_the_place_of_none():
    cache, newer = Cache(), history(1, [said(), said()])
    cache.put(newer)
    cache.put(history(1, [said()]))
    assert cache.get(newer.ref) is newer


def test_a_fact_takes_no_more_memory_than_it_is_taken_for():
    """A check-in after the key result was set, with what the state has of it; and not so little that room is wasted."""
    cache, many = Cache(10**9), 1_000
    added = KeyResultAdded.model_validate(ADDED)
    assert all(said().note for _ in range(100))  # however many were made before the first was kept
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(10):
            one = history(number, [added, *(lean(said("a good week, " * 3)) for _ in range(many // 10))])
            assert one.now.last_check_in is not None
            cache.put(one)
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert FACT / 2 < taken / many < FACT


def test_a_lean_event_is_the_same_in_all():
    event, other = said(), lean(said())
    same = lean(CheckedIn.model_validate(event.model_dump(exclude_unset=True)))
    assert (same, same.given(), same.model_dump_json()) == (event, event.given(), event.model_dump_json())
    assert same.model_fields_set is other.model_fields_set
