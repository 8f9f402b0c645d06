"""Events to what is stored of them, and back."""

import os
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import orjson
import pytest
from eventsourcing.persistence import EventStore, IntegrityError
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.values import Redacted
from ledger.envelope import Recordable
from ledger.errors import UnknownEvent
from ledger.mapper import commitment
from ledger.salts import SALT_BYTES, Salts
from tests.support.ledger import ACTOR, MAPPER, Measured, Noted, Plain, Step, Steps, append, objective

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


def there_and_back(event):
    """Through JSON, as it is stored."""
    type_, version, data, texts = MAPPER.to_stored(event)
    return MAPPER.to_event(type_, version, orjson.loads(orjson.dumps(data)), orjson.loads(orjson.dumps(texts)))


def test_only_what_was_set_is_stored_and_null_is_not_left_out():
    assert MAPPER.to_stored(Noted(number=Decimal("2.50"))).data == {"number": "2.5"}
    assert MAPPER.to_stored(Noted(note=None)) == ("test.noted", 1, {"note": None}, {})
    assert there_and_back(Noted(note=None)).model_fields_set == {"note"}


def test_a_free_text_is_found_at_every_depth():
    event = Measured(
        title="a",
        measure=Steps(steps=(Step(title="b"), Step(title="c"))),
        remarks=("d", "e"),
        by_name={"x/y~z": "f", "0": "g"},
        labels=("not free",),
    )
    stored = MAPPER.to_stored(event)
    assert {pointer: entry["text"] for pointer, entry in stored.texts.items()} == {
        "/title": "a",
        "/measure/steps/0/title": "b",
        "/measure/steps/1/title": "c",
        "/remarks/0": "d",
        "/remarks/1": "e",
        "/by_name/x~1y~0z": "f",
        "/by_name/0": "g",
    }
    assert stored.data["labels"] == ["not free"]
    assert all(text not in orjson.dumps(stored.data).decode() for text in ('"a"', '"b"', '"d"', '"f"'))
    assert stored.data["measure"]["steps"][1]["title"] == commitment(
        bytes.fromhex(stored.texts["/measure/steps/1/title"]["salt"]), "c"
    )


def test_another_measure_of_the_union_has_other_fields():
    stored = MAPPER.to_stored(Measured(title="a", measure=Plain(unit="not free")))
    assert stored.texts.keys() == {"/title"}
    assert stored.data["measure"] == {"unit": "not free"}


@given(title=texts, remarks=st.lists(texts, max_size=3), named=st.dictionaries(texts, texts, max_size=3))
def test_what_is_stored_reads_back_as_it_was(title, remarks, named):
    """Whatever the texts and, where a text has a name, its name."""
    event = Measured(title=title, remarks=tuple(remarks), by_name=named)
    again = there_and_back(event)
    assert again == event
    assert again.model_fields_set == event.model_fields_set


def test_a_redacted_text_that_is_copied_stays_redacted():
    """In its new place too there is a commitment, which nobody can open."""
    gone = Redacted(at=datetime(2026, 1, 1, tzinfo=UTC), reason="why")
    stored = MAPPER.to_stored(Noted(note=gone))
    assert len(stored.data["note"]) == 64
    assert "salt" not in stored.texts["/note"]
    assert there_and_back(Noted(note=gone)) == Noted(note=gone)


def test_what_has_no_texts_is_read_from_its_json_at_once():
    """As nearly all is; it is the same event."""
    data = {"title": "a", "remarks": []}
    read = MAPPER.read("test.measured", 3, orjson.dumps(data).decode(), None)
    assert (read, read.model_fields_set) == (MAPPER.to_event("test.measured", 3, data, {}), {"title", "remarks"})
    assert MAPPER.read("test.measured", 2, '{"title": "a", "remark": "b"}', None) == Measured(title="a", remarks=("b",))
    with pytest.raises(UnknownEvent, match=r"test\.unheard"):
        MAPPER.read("test.unheard", 1, "{}", None)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_older_versions_read_as_the_current_one(version):
    """Texts are put back where they were stored, before the shape changes."""
    data, texts = {
        1: ({"name": "…", "remark": "…"}, {"/name": {"text": "a"}, "/remark": {"text": "b"}}),
        2: ({"title": "…", "remark": "…"}, {"/title": {"text": "a"}, "/remark": {"text": "b"}}),
        3: ({"title": "…", "remarks": ["…"]}, {"/title": {"text": "a"}, "/remarks/0": {"text": "b"}}),
    }[version]
    assert MAPPER.to_event("test.measured", version, data, texts) == Measured(title="a", remarks=("b",))


def test_an_event_of_a_newer_program_or_of_none_is_named():
    with pytest.raises(UnknownEvent, match=r"test\.measured up to version 3, not 4"):
        MAPPER.to_event("test.measured", 4, {}, {})
    with pytest.raises(UnknownEvent, match=r"test\.unheard"):
        MAPPER.to_event("test.unheard", 1, {}, {})


def test_data_that_do_not_fit_the_class_are_an_error():
    with pytest.raises(ValidationError):
        MAPPER.to_event("test.noted", 1, {"nonsense": 1}, {})


def test_the_librarys_event_store_works_on_it(recorder):
    """`put` hands an append's conditions through, `get` reads a stream; refusals are its IntegrityError."""
    stream = objective()
    store: Any = EventStore(MAPPER, recorder)

    def recordable(version):
        return Recordable(
            originator_id=str(stream),
            originator_version=version,
            event=Noted(note=f"note {version}"),
            event_id=uuid4(),
            actor=ACTOR,
        )

    recordings = store.put([recordable(1), recordable(2)], guards={objective(): 0})
    assert [recording.notification.id for recording in recordings] == [1, 2]
    with pytest.raises(IntegrityError):
        store.put([recordable(2)])
    assert [found.event for found in store.get(str(stream))] == [Noted(note="note 1"), Noted(note="note 2")]
    assert [found.originator_version for found in store.get(str(stream), gt=1)] == [2]
    assert [found.originator_version for found in store.get(str(stream), lte=1)] == [1]
    assert [found.originator_version for found in store.get(str(stream), desc=True, limit=1)] == [2]


def test_the_librarys_notifications_are_the_ledger_in_order(recorder):
    assert recorder.max_notification_id() is None
    recorder.append([append(objective(), 1, 2, 3), append(objective(), 1, event=Measured(title="a"))])
    assert recorder.max_notification_id() == 4

    def ids(*args, **kwargs):
        return [notification.id for notification in recorder.select_notifications(*args, **kwargs)]

    assert ids(None, 10) == [1, 2, 3, 4]
    assert ids(2, 10) == [2, 3, 4]
    assert ids(2, 10, inclusive_of_start=False) == [3, 4]
    assert ids(1, 2) == [1, 2]
    assert ids(1, 10, 3) == [1, 2, 3]
    assert ids(1, 10, topics=["test.measured"]) == [4]


def test_no_salt_is_given_twice_not_even_in_a_process_that_was_forked():
    salts = Salts()
    salts.new()
    reads, writes = os.pipe()
    if (child := os.fork()) == 0:
        os.write(writes, b"".join(salts.new() for _ in range(100)))
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(reads, 100 * SALT_BYTES)
    os.close(reads)
    os.close(writes)
    found = [salts.new() for _ in range(100)]
    found += [theirs[at : at + SALT_BYTES] for at in range(0, len(theirs), SALT_BYTES)]
    assert len(set(found)) == 200
    assert {len(salt) for salt in found} == {SALT_BYTES}
