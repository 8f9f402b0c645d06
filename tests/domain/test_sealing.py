"""Sealing: after each close, the scores as of then are written down, once (contract, section 4)."""

import pytest

from domain.cycle.decisions import seal_cycle
from domain.cycle.events import (
    CycleSealed,
)
from domain.errors import NotFound
from domain.kernel import Kind, Ref
from tests.support.builders import (
    CLOSED,
    close_cycle,
    reopen_cycle,
    uid,
)
from tests.support.specs import given


def seal(position):
    return CycleSealed(closed_position=position, policy="linear-v1", score=None, objectives=())


def sealing(world, position):
    history = world.ledger.history(Ref(Kind.CYCLE, uid("2026-Q1")))
    return seal_cycle(seal(position), history.now.closings[-1].effective_at, history)


def test_a_close_is_sealed_as_of_when_it_took_effect():
    world = given(*CLOSED)
    [draft] = sealing(world, 5).drafts
    assert (draft.event, draft.effective_at) == (seal(5), world.cycle().state_since)


def test_a_close_is_sealed_once():
    world = given(*CLOSED)
    [draft] = sealing(world, 5).drafts
    world.ledger.record(draft)
    assert world.cycle().unsealed == ()
    assert sealing(world, 5).drafts == ()


def test_a_cycle_reopened_before_it_was_sealed_still_waits_for_that_seal():
    world = given(*CLOSED, reopen_cycle())
    assert [closing.position for closing in world.cycle().unsealed] == [5]


def test_each_close_is_sealed_by_itself():
    world = given(*CLOSED, reopen_cycle(), close_cycle())
    [draft] = sealing(world, 7).drafts
    world.ledger.record(draft)
    assert [closing.position for closing in world.cycle().unsealed] == [5]


def test_only_a_close_is_sealed():
    with pytest.raises(NotFound):
        sealing(given(*CLOSED), 4)
