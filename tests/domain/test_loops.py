"""The walk upwards, by itself; the specs of teams and of alignment show what it is for."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.kernel import Kind, Ref
from domain.loops import loops

START = datetime(2026, 1, 1, tzinfo=UTC)


def day(number):
    return START + timedelta(days=number)


def ref(letter):
    return Ref(Kind.TEAM, UUID(int=ord(letter))) if letter else None


def looped(since=0, **changes):
    """Whether `a` comes to stand above itself; `b=[(1, "c")]`: from day 1 on `b` stands below `c`."""

    def above(thing, begin):
        steps = [(day(at), ref(upper)) for at, upper in changes.get(chr(thing.id.int), [])]
        before = [step for step in steps if step[0] <= begin]
        return iter(before[-1:] + [step for step in steps if step[0] > begin])

    return loops(ref("a"), day(since), above)


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({}, False),
        ({"a": [(0, "b")]}, False),
        ({"a": [(0, "a")]}, True),
        ({"a": [(0, "b")], "b": [(0, "a")]}, True),
        ({"a": [(0, "b")], "b": [(0, "c")], "c": [(0, "a")]}, True),
        ({"a": [(0, "b"), (5, None)], "b": [(5, "a")]}, False),
        ({"a": [(0, "b"), (5, None)], "b": [(4, "a")]}, True),
        ({"a": [(5, "b")], "b": [(0, "a"), (5, None)]}, False),
        ({"a": [(0, "b")], "b": [(0, "c"), (2, None)], "c": [(1, "a")]}, True),
        ({"a": [(0, "b")], "b": [(0, "c"), (2, None)], "c": [(2, "a")]}, False),
        ({"a": [(0, "b"), (1, "c"), (2, "d")], "c": [(0, None)], "d": [(3, "a")]}, True),
    ],
)
def test_only_what_holds_at_one_time_makes_a_loop(changes, answer):
    assert looped(**changes) == answer


def test_what_was_before_does_not_count():
    assert not looped(since=5, a=[(5, "b")], b=[(0, "a"), (4, None)])


def test_a_loop_that_does_not_pass_through_the_thing_ends_the_walk():
    assert not looped(a=[(0, "b")], b=[(0, "c")], c=[(0, "b")])
