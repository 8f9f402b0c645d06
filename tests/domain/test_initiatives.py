"""Initiatives: work on a key result, and what was learnt from it (contract, section 4)."""

import pytest

from domain.errors import Invalid
from domain.initiative.events import InitiativeChanged, InitiativeStarted
from domain.kernel import Kind, Ref
from tests.support.builders import (
    MEASURED,
    OBJECTIVE,
    add_key_result,
    change_initiative,
    on,
    start_initiative,
    uid,
)
from tests.support.specs import given, unreadable

STARTED = (
    *MEASURED,
    start_initiative(hypothesis="doubles the leads", url="https://example.org/1", sprint="7"),
)


def test_an_initiative_is_started():
    said = {"title": "Fair", "url": "https://example.org/1", "sprint": "7", "hypothesis": "doubles the leads"}
    outcome = given(*MEASURED).when(start_initiative(**said))
    outcome.then(InitiativeStarted(key_result=uid("revenue"), **said, external_id=None, source="http"))
    assert outcome.initiative().state == "active"


def test_it_stands_below_its_key_result():
    ledger = given(*STARTED).ledger
    assert ledger.children(Ref(Kind.KEY_RESULT, uid("revenue")), Kind.INITIATIVE) == [uid("campaign")]


def test_it_is_an_event_of_its_key_results_cycle():
    for steps in (STARTED, (*STARTED, change_initiative(state="done"))):
        ledger = given(*steps).ledger
        assert ledger.last_effective_in(uid("2026-Q1")) == ledger.facts[-1].effective_at


def test_it_is_not_started_before_its_key_result_was_added():
    world = given(*OBJECTIVE, on("2026-02-01"), add_key_result())
    world.when(start_initiative(at="2026-01-20")).refused(Invalid, "effective_too_early", "/effective_at")


@pytest.mark.parametrize("url", ["example.org", "ftp://example.org", "https://exa mple.org", "javascript:alert(1)"])
def test_its_address_is_one_of_the_web(url):
    assert unreadable(start_initiative, url=url) == ["/url"]


@pytest.mark.parametrize("state", ["planned", "active", "done", "dropped"])
def test_it_ends_with_what_was_learnt(state):
    outcome = given(*STARTED, change_initiative(state="planned" if state == "active" else "active")).when(
        change_initiative(state=state, learning="half of it")
    )
    outcome.then(InitiativeChanged(state=state, learning="half of it"))
    assert (outcome.initiative().state, outcome.initiative().learning) == (state, "half of it")


def test_only_what_differs_is_recorded():
    given(*STARTED).when(change_initiative(title="Fair", sprint="7")).then(InitiativeChanged(title="Fair"))


@pytest.mark.parametrize("field", ["url", "sprint", "hypothesis"])
def test_null_clears(field):
    given(*STARTED).when(change_initiative(**{field: None})).then(InitiativeChanged(**{field: None}))


@pytest.mark.parametrize("field", ["title", "state"])
def test_what_an_initiative_cannot_be_without_is_not_cleared(field):
    assert unreadable(change_initiative, **{field: None}) == [f"/{field}"]
