"""Group commit: who waits goes together with all who wait, and everybody gets what is theirs."""

import multiprocessing
import threading
import time
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from domain.errors import NotReady
from ledger.append import Append, Appended, GuardConflict, Replayed
from ledger.database import Database
from ledger.group import Group, Waiting
from ledger.recorder import LedgerRecorder
from tests.support.ledger import MAPPER, append, in_threads, is_gapless, key, objective


def until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_those_who_wait_go_together_and_nobody_waits_for_company():
    """The first goes alone and at once; the twenty that come while it is under way make the next group."""
    groups, under_way, go_on = [], threading.Event(), threading.Event()

    def send(appends):
        groups.append(len(appends))
        under_way.set()
        go_on.wait(10)
        return [Appended(1, None, 0) for _ in appends]

    group = Group(send)
    threads = [threading.Thread(target=group.append, args=[Append()]) for _ in range(21)]
    threads[0].start()
    under_way.wait(10)
    for thread in threads[1:]:
        thread.start()
    until(lambda: len(group._queue) == 20)
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert groups == [1, 20]


def test_each_of_many_gets_the_outcome_of_its_own_append(recorder):
    """Half of them conflict, which is no matter of the others."""
    group, taken = Group(recorder.append), objective()
    recorder.append([append(taken, 1)])

    def work(_):
        for _ in range(20):
            stream = objective()
            outcome = group.append(append(stream, 1))
            assert isinstance(outcome, Appended)
            assert [fact.stream for fact in recorder.read_after(outcome.position - 1, 1)] == [stream]
            assert group.append(append(taken, 1)) == GuardConflict(str(taken))

    in_threads(12, work)
    assert recorder.head().position == 241


def test_what_fails_to_be_sent_fails_for_all_who_went_together_and_for_nobody_else():
    """And the turn is passed on all the same."""

    def send(appends):
        time.sleep(0.002)
        if any(one.guards for one in appends):
            raise NotReady("gone")
        return [Appended(1, None, 0) for _ in appends]

    group, bad = Group(send), Append(guards={objective(): 1})

    def work(n):
        for _ in range(20):
            try:
                group.append(bad if n % 4 == 0 else Append())
            except NotReady:
                continue
            assert n % 4

    in_threads(8, work)
    assert group.append(Append()) == Appended(1, None, 0)
    with pytest.raises(NotReady):
        group.append(bad)


def test_what_the_database_cannot_take_fails_alone(recorder):
    """The group that it came with is sent again in halves, until only it is left. No text may have a NUL in jsonb."""
    good = [append(objective(), 1) for _ in range(9)]
    bad = append(objective(), 1)
    bad = replace(bad, events=[replace(bad.events[0], state=b'{"note": "\\u0000"}')])
    results = _together(recorder, [*good[:4], bad, *good[4:]])
    assert isinstance(results.pop(4), psycopg.DataError)
    assert sorted(outcome.position for outcome in results) == list(range(1, 10))


def _together(recorder, appends):
    """What comes of appends that are in one group: all wait for the turn of one that goes before them."""
    go_on, sizes = threading.Event(), list[int]()

    def send(some):
        if not sizes:
            sizes.append(len(some))
            go_on.wait(10)
            return [Appended(0, None, 0)]
        sizes.append(len(some))
        return recorder.append(some)

    group, results = Group(send), list[Any](appends)

    def work(n):
        if n == len(appends):
            group.append(Append())
            return
        until(lambda: sizes)
        try:
            results[n] = group.append(appends[n])
        except psycopg.Error as error:
            results[n] = error

    def release():
        until(lambda: len(group._queue) == len(appends))
        go_on.set()

    in_threads(len(appends) + 2, lambda n: release() if n > len(appends) else work(n))
    assert sizes[1] == len(appends)
    return results


class Held:
    """A group whose first append is under way until it is let go."""

    def __init__(self, **bounds):
        self.under_way, self.go_on = threading.Event(), threading.Event()
        self.group = Group(self._send, **bounds)
        self.outcomes = []
        self.threads = []

    def _send(self, appends):
        self.under_way.set()
        self.go_on.wait(10)
        return [Appended(1, None, 0) for _ in appends]

    def begin(self):
        """One more append, in a thread of its own."""
        thread = threading.Thread(target=lambda: self.outcomes.append(self.group.append(Append())))
        thread.start()
        self.threads.append(thread)
        self.under_way.wait(10)

    def end(self):
        self.go_on.set()
        for thread in self.threads:
            thread.join(10)


def test_more_than_may_wait_are_told_to_try_again():
    """Those who wait already are not concerned."""
    held = Held(most_waiting=1)
    held.begin()
    held.begin()
    until(lambda: len(held.group._queue) == 1)
    with pytest.raises(NotReady, match="Too many") as refused:
        held.group.append(Append())
    assert refused.value.slug == "busy"
    held.end()
    assert len(held.outcomes) == 2


def test_nobody_waits_for_a_turn_without_end():
    """Nothing was sent of it, and the turn goes to others."""
    held = Held(patience=0.05)
    held.begin()
    with pytest.raises(NotReady, match="waited too long"):
        held.group.append(Append())
    held.end()
    assert held.group.append(Append()) == Appended(1, None, 0)


def test_closing_waits_for_what_was_taken_and_takes_no_more():
    held = Held()
    held.begin()
    held.begin()
    until(lambda: len(held.group._queue) == 1)
    assert not held.group.close(timeout=0.01)
    with pytest.raises(NotReady, match="stopping"):
        held.group.append(Append())
    threading.Timer(0.05, held.go_on.set).start()
    assert held.group.close()
    held.end()
    assert len(held.outcomes) == 2


def test_what_nobody_waits_for_here_is_told_by_one_call_and_goes_with_what_others_wait_for():
    """Of each batch those are told together who want it in the same place; a thread gets its own outcome."""
    held, told, elsewhere = Held(), list[int](), list[int]()

    def tell(some):
        told.append(len(some))
        assert all(isinstance(waiting.result(), Appended) for waiting in some)

    held.begin()
    for _ in range(3):
        held.group.submit(Append(), tell)
    held.begin()
    held.group.submit(Append(), lambda some: elsewhere.append(len(some)))
    until(lambda: len(held.group._queue) == 5)
    held.end()
    until(lambda: elsewhere)
    assert (told, elsewhere, len(held.outcomes)) == ([3], [1], 2)
    assert held.group.close()


def test_what_nobody_waits_for_here_takes_the_turn_by_itself():
    """Also when nothing else is under way, and once more after that."""
    told = list[Waiting]()
    group = Group(lambda appends: [Appended(1, None, 0) for _ in appends])
    for times in (1, 2):
        group.submit(Append(), told.extend)
        until(lambda times=times: len(told) == times)
    assert group.close()


def test_what_fails_to_be_sent_is_told_too():
    told = list[Waiting]()

    def send(_):
        raise NotReady("gone")

    group = Group(send)
    group.submit(Append(), told.extend)
    until(lambda: told)
    with pytest.raises(NotReady, match="gone"):
        told[0].result()


def test_what_waits_can_be_taken_back_until_it_is_sent():
    held, told = Held(), list[Waiting]()
    held.begin()
    waits, taken_back = (held.group.submit(Append(), told.extend) for _ in range(2))
    assert held.group.give_up(taken_back)
    assert not held.group.give_up(taken_back)
    held.end()
    until(lambda: told)
    assert told == [waits]
    assert not held.group.give_up(waits)


def test_a_group_that_is_closed_waits_for_what_was_submitted_and_takes_no_more_of_it():
    held, told = Held(most_waiting=2), list[Waiting]()
    held.begin()
    for _ in range(2):
        held.group.submit(Append(), told.extend)
    with pytest.raises(NotReady, match="Too many"):
        held.group.submit(Append(), told.extend)
    assert not held.group.close(timeout=0.01)
    with pytest.raises(NotReady, match="stopping"):
        held.group.submit(Append(), told.extend)
    held.end()
    assert held.group.close()
    until(lambda: len(told) == 2)


def _write_in_a_process(url, results):
    """Eight callers, each with keys that another process uses at the same time."""
    with Database(url) as database:
        recorder = LedgerRecorder(database, MAPPER)
        group = Group(recorder.append)
        found = []

        def work(n):
            for m in range(15):
                found.append((f"{n}-{m}", group.append(append(objective(), 1, idempotency=key(f"{n}-{m}")))))

        in_threads(8, work)
        recorder.close()
    results.put(found)


def test_two_processes_lose_nothing_and_take_each_key_once(recorder, database_url):
    """Of two that use the same key one appends, and the other is told of that."""
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    processes = [context.Process(target=_write_in_a_process, args=(database_url, results)) for _ in range(2)]
    for process in processes:
        process.start()
    one, other = (dict(results.get(timeout=60)) for _ in processes)
    for process in processes:
        process.join(10)
    assert one.keys() == other.keys()
    for name in one:
        assert {type(one[name]), type(other[name])} == {Appended, Replayed}
        assert one[name].position == other[name].position
    assert is_gapless([fact.position for fact in recorder.iterate()])
    assert recorder.head().position == 120
