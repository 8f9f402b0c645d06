"""Roles that an identity provider gives: an event when one changes, none when one is used."""

from datetime import UTC, datetime

import pytest

from domain.errors import Conflict, NotFound
from domain.kernel import Context, Kind, Ref
from domain.member.decisions import give_role
from domain.member.events import MemberRoleGiven
from tests.support.builders import erase_member, register_member, uid
from tests.support.specs import given

PROVIDER = "https://id.example.com"


def at(minute):
    return datetime(2026, 1, 5, 8, minute, tzinfo=UTC)


def giving(world, role, minute, source=PROVIDER):
    """What is recorded when a token issued at that minute gives the role; it is recorded."""
    ledger = world.ledger
    context = Context(now=ledger.passes(), actor=ledger.actor, look=ledger, new_id=lambda: uid("new"))
    decision = give_role(uid("ada"), role, source, at(minute), context)
    assert decision.subject == Ref(Kind.MEMBER, uid("ada"))
    for draft in decision.drafts:
        ledger.record(draft)
    return [draft.event for draft in decision.drafts]


def test_the_first_role_is_an_event_that_names_who_gave_it():
    world = given(register_member("ada"))
    assert giving(world, "lead", 1) == [MemberRoleGiven(role="lead", source=PROVIDER, issued_at=at(1))]
    assert (world.member().role, world.member().source) == ("lead", PROVIDER)


def test_using_a_role_is_no_event():
    world = given(register_member("ada"))
    giving(world, "lead", 1)
    assert giving(world, "lead", 1) == giving(world, "lead", 2) == []


def test_another_role_is_another_event():
    world = given(register_member("ada"))
    giving(world, "lead", 1)
    assert [event.role for event in giving(world, "reader", 2)] == ["reader"]
    assert world.member().role == "reader"


def test_the_same_role_by_another_provider_is_another_event():
    world = given(register_member("ada"))
    giving(world, "lead", 1)
    assert [event.source for event in giving(world, "lead", 2, "https://elsewhere.example.com")] != []


@pytest.mark.parametrize("minute", [1, 2])
def test_a_token_that_is_no_younger_than_the_last_one_noted_changes_nothing(minute):
    world = given(register_member("ada"))
    giving(world, "reader", 2)
    assert giving(world, "admin", minute) == []


def test_whoever_was_erased_gets_no_role():
    with pytest.raises(Conflict) as refused:
        giving(given(register_member("ada"), erase_member()), "lead", 1)
    assert refused.value.slug == "erased"


def test_nobody_gets_no_role():
    with pytest.raises(NotFound):
        giving(given(), "lead", 1)
