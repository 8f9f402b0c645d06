"""Keys: making and revoking them are events, using them is not; what a key is stands nowhere (contract, section 6)."""

from dataclasses import fields

import pytest

from domain.errors import Conflict, Invalid, NotFound
from domain.key.events import KeyCreated, KeyRevoked
from domain.values import Redacted
from tests.support.builders import create_key, erase_member, on, redact_text, register_member, revoke_key, uid
from tests.support.memory import MemoryLedger
from tests.support.specs import Given, given, like, unreadable

LATER = "2027-01-01T00:00:00Z"


def with_first_key(state="active"):
    """A ledger with a key that was there before any event told of keys."""
    ledger = MemoryLedger()
    ledger.keys[uid("first")] = state
    return Given(ledger)


def test_a_key_is_made_for_a_role():
    outcome = given().when(create_key(role="reader", label="a dashboard"))
    outcome.then(like(KeyCreated, role="reader", member=None, expires_at=None, label="a dashboard", source="http"))
    key = outcome.key()
    assert (key.role, key.label, key.state) == ("reader", "a dashboard", "active")


def test_a_key_may_be_a_members_and_may_end():
    key = given(register_member("ada")).when(create_key(member="ada", expires_at=LATER)).key()
    assert (key.member, key.expires_at.isoformat()) == (uid("ada"), "2027-01-01T00:00:00+00:00")


def test_no_event_has_a_place_for_the_secret_or_its_hash():
    assert KeyCreated.model_fields.keys() == {"role", "member", "expires_at", "label", "external_id", "source"}
    assert {field.name for field in fields(given(create_key()).key())} == {
        *("id", "role", "member", "expires_at", "label", "state")
    }


@pytest.mark.parametrize("role", ["owner", "", None])
def test_there_are_no_other_roles(role):
    assert unreadable(create_key, role=role) == ["/role"]


def test_a_key_does_not_begin_with_its_end():
    given().when(create_key(expires_at="2026-01-05T09:00:00Z")).refused(Invalid, "invalid", "/expires_at")


def test_a_key_of_a_member_that_there_is_not_is_refused():
    given().when(create_key(member="ada")).refused(NotFound, "not_found", "/member")


def test_a_key_of_an_erased_member_is_refused():
    given(register_member("ada"), erase_member("ada")).when(create_key(member="ada")).refused(Conflict, "erased")


@pytest.mark.parametrize("other", [{"role": "admin"}, {"label": "phone"}, {"member": "ada"}, {"expires_at": LATER}])
def test_another_key_of_the_same_id_is_refused(other):
    given(register_member("ada"), create_key()).when(create_key(**other)).refused(Conflict, "id_taken")


def test_asking_for_a_key_again_once_it_has_ended_changes_nothing():
    ending = create_key(expires_at="2026-01-06T00:00:00Z")
    given(ending, on("2026-01-07")).when(ending).nothing()


def test_the_id_of_a_key_that_no_event_tells_of_is_taken():
    with_first_key().when(create_key("first")).refused(Conflict, "id_taken")


def test_the_id_of_a_key_of_which_only_its_end_is_told_is_taken():
    world = with_first_key()
    world.when(revoke_key("first"))
    world.when(create_key("first")).refused(Conflict, "id_taken")


def test_a_key_is_revoked():
    outcome = given(create_key()).when(revoke_key(reason="it was stolen"))
    outcome.then(KeyRevoked(reason="it was stolen"))
    assert outcome.key().state == "revoked"
    assert outcome.key().label == "laptop"


def test_a_key_that_there_is_not_cannot_be_revoked():
    given().when(revoke_key()).refused(NotFound, "not_found", "/key")


def test_a_key_that_no_event_tells_of_is_revoked_by_one():
    world = with_first_key()
    outcome = world.when(revoke_key("first"))
    outcome.then(KeyRevoked(reason=None))
    assert (outcome.key("first").role, outcome.key("first").state) == (None, "revoked")
    world.when(revoke_key("first")).nothing()


def test_revoking_what_was_revoked_before_any_event_told_of_it_changes_nothing():
    with_first_key("revoked").when(revoke_key("first")).nothing()


def test_of_an_erased_members_key_nothing_is_left_to_revoke():
    given(register_member("ada"), create_key(member="ada"), erase_member("ada")).when(revoke_key()).nothing()


@pytest.mark.parametrize("command", [create_key("phone", at="2026-01-10"), revoke_key(at="2026-01-10")])
def test_a_key_opens_and_shuts_when_that_is_recorded_whenever_it_was_asked_for(command):
    (draft,) = given(create_key(), on("2026-02-01")).when(command).decision.drafts
    assert (draft.effective_at, draft.reported_at) == (None, on("2026-01-10"))


def test_a_key_is_not_revoked_for_a_time_before_it_was_made():
    given(create_key()).when(revoke_key(at="2026-01-04")).refused(Invalid, "effective_too_early", "/effective_at")


def test_a_label_can_be_redacted_and_asking_for_the_key_again_brings_it_not_back():
    world = given(create_key(label="Acme's laptop"), redact_text(1, "label"))
    assert isinstance(world.key().label, Redacted)
    world.when(create_key(label="Acme's laptop")).nothing()
