"""A leaf is canonical JSON (RFC 8785), the same whatever way the event went."""

import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ledger.envelope import StoredFact
from ledger.proofs.leaf import NoLeaf, canonical, data_of, instant, leaf_of

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(values)
def test_it_is_what_a_library_for_rfc_8785_writes(value):
    assert canonical(value) == rfc8785.dumps(value)


@given(st.dictionaries(st.text(st.sampled_from("a\ue000\uffff\U00010000\U0010ffff")), st.none()))
def test_keys_sort_as_rfc_8785_says_beyond_the_basic_plane_too(value):
    assert canonical({"b": [value]}) == rfc8785.dumps({"b": [value]})


@pytest.mark.parametrize("text", ['{"a":1.5}', '{"a":1.0}', '{"a":1e2}', '{"a":NaN}', '{"a":[Infinity]}'])
def test_what_no_event_has_is_refused(text):
    with pytest.raises(NoLeaf, match="whole numbers alone"):
        data_of(text.encode())


@pytest.mark.parametrize("value", [2**53, -(2**53), 2**70, {"a": [2**64]}, "\ud800"])
def test_what_cannot_be_canonical_is_refused(value):
    with pytest.raises(NoLeaf):
        canonical(value)


def test_instants_have_microseconds_and_are_in_utc():
    at = datetime(2026, 1, 2, 8, tzinfo=UTC)
    assert instant(at) == "2026-01-02T08:00:00.000000Z"
    assert instant(at.astimezone(timezone(timedelta(hours=-7)))) == "2026-01-02T08:00:00.000000Z"
    assert instant(at + timedelta(microseconds=1)) == "2026-01-02T08:00:00.000001Z"


STORED = StoredFact(
    id=7,
    event_id=UUID(int=1),
    topic="test.noted",
    schema_version=1,
    originator_id="objective/x",
    originator_version=2,
    state=b'{"note": "00", "n": 1, "Z": null}',
    texts=b'{"/note": {"salt": "00", "text": "a"}}',
    actor=UUID(int=2),
    on_behalf_of=None,
    correlation_id="not in it",
    effective_at=datetime(2026, 1, 1, tzinfo=UTC),
    reported_at=None,
    recorded_at=datetime(2026, 1, 2, tzinfo=UTC),
)


def test_a_leaf_is_the_envelope_without_texts_and_correlation():
    assert leaf_of(STORED) == (
        b'{"actor":"00000000-0000-0000-0000-000000000002","data":{"Z":null,"n":1,"note":"00"},'
        b'"effective_at":"2026-01-01T00:00:00.000000Z","id":"00000000-0000-0000-0000-000000000001",'
        b'"on_behalf_of":null,"position":7,"recorded_at":"2026-01-02T00:00:00.000000Z","reported_at":null,'
        b'"schema_version":1,"stream":"objective/x","type":"test.noted","version":2}'
    )
    assert leaf_of(STORED) == rfc8785.dumps(json.loads(leaf_of(STORED)))
