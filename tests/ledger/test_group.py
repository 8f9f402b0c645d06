"""Group commit: who waits goes together with all who wait, and everybody gets what is theirs."""

import threading
import time

import pytest

from domain.errors import NotReady
from ledger.append import Append, Appended, GuardConflict
from ledger.group import Group
from tests.support.ledger import append, in_threads, objective


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
