"""Waiting for the books: each is woken when its position is reached, and one looks for all when nobody is heard of."""

import threading
import time

from projections.arrivals import Arrivals
from tests.support.ledger import in_threads


def test_each_is_woken_when_its_position_is_reached():
    """By word of the projector: those whose position it is not wait on."""
    arrivals, done = Arrivals(), list[bool]()
    arrivals.reached(1)

    def wait(position):
        done.append(arrivals.wait_for(position, 10, lambda: 0) >= position)

    threads = [threading.Thread(target=wait, args=[position]) for position in (3, 2, 2)]
    for thread in threads:
        thread.start()
    _until(lambda: len(arrivals._waiting) == 3)
    arrivals.reached(2)
    _until(lambda: len(done) == 2)
    assert [position for position, _, _ in arrivals._waiting] == [3]
    arrivals.reached(5)
    for thread in threads:
        thread.join(10)
    assert done == [True] * 3
    assert arrivals._waiting == []


def test_one_looks_for_all_when_no_projector_is_heard_of():
    arrivals, looking = Arrivals(), []

    def look():
        looking.append(threading.get_ident())
        time.sleep(0.03)
        return 7

    assert in_threads(6, lambda n: arrivals.wait_for(n + 1, 10, look)) == [7] * 6
    assert len(looking) < 6


def test_who_waits_too_long_is_told_where_the_books_are():
    assert Arrivals().wait_for(9, 0.01, lambda: 4) == 4


def test_books_that_were_set_back_are_waited_for_again():
    """As after a crash of PostgreSQL, which may lose the last moment of the books."""
    arrivals = Arrivals()
    arrivals.reached(9)
    arrivals.set_back(5)
    assert arrivals.wait_for(9, 0.01, lambda: 6) == 6


def _until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_what_another_process_tells_is_a_reason_to_look_and_no_more():
    """Whoever may connect to the database may say anything."""
    arrivals, looks = Arrivals(), []

    def look() -> int:
        looks.append(1)
        return 4

    arrivals.told(1_000, look)
    assert looks == []  # nobody waits
    assert arrivals.wait_for(4, 10, look) == 4
    assert arrivals.wait_for(5, 0.01, look) == 4
    assert arrivals.furthest == 4  # else each read that is a moment behind the ledger would be refused


def test_who_comes_after_it_was_told_does_not_wait():
    arrivals = Arrivals()
    arrivals.told(7, lambda: 7)
    started = time.monotonic()
    assert arrivals.wait_for(6, 60, lambda: 7) == 7
    assert time.monotonic() - started < 30


def test_whoever_waits_is_woken_by_what_another_process_tells():
    arrivals, done = Arrivals(), list[int]()
    arrivals.reached(1)  # so that nobody looks by itself for a moment
    waiting = threading.Thread(target=lambda: done.append(arrivals.wait_for(3, 60, lambda: 1)))
    waiting.start()
    _until(lambda: len(arrivals._waiting) == 1)
    arrivals.told(2, lambda: 3)  # not far enough to look
    assert done == []
    arrivals.told(3, lambda: 3)
    waiting.join(10)
    assert done == [3]


def test_whoever_listens_hears_what_another_process_tells():
    """Of what is news, once it was looked for."""
    arrivals, heard, looked = Arrivals(), list[int](), list[int]()

    def look() -> int:
        looked.append(1)
        return 7

    end = arrivals.listen(heard.append)
    arrivals.told(5, look)
    arrivals.told(6, look)
    assert (heard, len(looked)) == ([7], 1)
    end()
    arrivals.told(9, look)
    assert len(looked) == 1
