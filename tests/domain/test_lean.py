"""Events that are kept share what many of them have alike, and are equal to what they were."""

from decimal import Decimal

from domain.key_result.events import CheckedIn
from domain.lean import lean
from tests.support.builders import uid


def check_in(value: object) -> CheckedIn:
    return CheckedIn.model_validate({"check_in": uid(str(value)), "value": value, "source": "http"})


def test_a_lean_event_is_the_same_event():
    kept = check_in(3)
    assert lean(kept) is kept
    assert kept == check_in(3)
    assert kept.model_fields_set == {"check_in", "value", "source"}
    assert kept.model_dump(mode="json", exclude_unset=True) == check_in(3).model_dump(mode="json", exclude_unset=True)


def test_events_that_say_the_same_fields_share_their_names_and_nothing_else():
    one, other = lean(check_in(1)), lean(check_in(2))
    assert one.model_fields_set is other.model_fields_set
    assert [one.value, other.value] == [Decimal(1), Decimal(2)]
    assert one.model_copy(update={"value": Decimal(5)}).value == Decimal(5)
    assert one.value == Decimal(1)
