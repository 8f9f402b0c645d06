"""Members: their personal data stand beside the ledger and can be erased (contract, section 4)."""

import pytest

from domain.errors import Conflict
from domain.kernel import Person
from domain.member.events import MemberErased, MemberRegistered
from tests.support.builders import PLANNED, erase_member, form_team, register_member, set_objective, uid
from tests.support.specs import given, like, unreadable


def test_a_member_is_registered_without_a_name_in_the_event():
    given().when(register_member("ada", name="Ada", email="ada@example.org")).then(MemberRegistered(kind="person"))


def test_the_name_and_the_address_go_beside_the_ledger():
    outcome = given().when(register_member("ada", name="Ada", email="ada@example.org"))
    assert outcome.decision.drafts[0].person == Person("Ada", "ada@example.org")


def test_a_service_is_registered():
    given().when(register_member("ci", kind="service")).then(MemberRegistered(kind="service"))


@pytest.mark.parametrize("address", ["ada", "@example.org", "ada@", "a da@example.org"])
def test_an_address_has_a_name_and_a_host(address):
    assert unreadable(register_member, email=address) == ["/email"]


@pytest.mark.parametrize("other", [{"name": "Eve"}, {"email": "eve@example.org"}, {"kind": "service"}])
def test_another_member_of_the_same_id_is_refused(other):
    given(register_member("ada")).when(register_member("ada", **other)).refused(Conflict, "id_taken")


def test_a_member_registered_from_elsewhere_in_the_same_words_already_is():
    world = given(register_member("ada"), source="http")
    world.ledger.source = "people.jsonl"
    world.when(register_member("ada")).nothing()


def test_a_member_is_erased_for_a_reason():
    outcome = given(register_member("ada")).when(erase_member(reason="asked"))
    outcome.then(MemberErased(reason="asked"))
    assert outcome.member().state == "erased"
    assert outcome.ledger.person(uid("ada")) is None


def test_erasing_needs_a_reason():
    assert unreadable(erase_member, reason="") == ["/reason"]


def test_registering_an_erased_member_again_brings_nothing_back():
    """So that a history file can be imported again after somebody in it was erased."""
    outcome = given(register_member("ada", name="Ada"), erase_member()).when(register_member("ada", name="Ada"))
    outcome.nothing()
    assert outcome.ledger.person(uid("ada")) is None


def test_an_erased_members_external_id_is_free_again():
    world = given(register_member("ada", external_id="e-17"), erase_member())
    world.when(register_member("bob", external_id="e-17")).then(like(MemberRegistered))


def test_an_erased_member_owns_nothing_new():
    world = given(*PLANNED, register_member("ada"), erase_member())
    world.when(set_objective(owner="ada")).refused(Conflict, "erased")


def test_names_of_teams_are_no_personal_data():
    assert given().when(form_team("core", name="Core")).decision.drafts[0].person is None
