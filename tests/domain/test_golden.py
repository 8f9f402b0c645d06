"""Stored events load for ever: one golden file a shape, with examples of what was once written.

The file of a shape that was released is never edited. Another shape is another version, with an upcast beside
the class and a file of its own.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from domain.catalogue import EVENTS, FOLDS
from domain.kernel import Fact, Kind, Ref
from domain.values import Redacted
from tests.support.memory import free_texts

GOLDEN = Path(__file__).parents[1] / "golden"
MARKER = {"redacted": True, "at": "2026-04-02T09:30:00Z", "reason": "names a customer"}


def file_of(topic):
    return GOLDEN / f"{topic}.v{EVENTS[topic].VERSION}.json"


def examples(topic):
    return json.loads(file_of(topic).read_text())


def load(topic, data):
    return EVENTS[topic].model_validate(data)


def dump(event):
    return event.model_dump(mode="json", exclude_unset=True)


def written(data):
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


every_topic = pytest.mark.parametrize("topic", EVENTS)


@every_topic
def test_every_event_has_a_golden_file(topic):
    assert file_of(topic).exists()


def test_every_golden_file_is_of_an_event():
    names = {path.name.rpartition(".v")[0] for path in GOLDEN.glob("*.json")}
    assert names == EVENTS.keys()


@every_topic
def test_it_loads_and_dumps_to_the_same_bytes(topic):
    again = {name: dump(load(topic, data)) for name, data in examples(topic).items()}
    assert written(again) == file_of(topic).read_text()


@every_topic
def test_it_shows_every_field(topic):
    shown = {field for data in examples(topic).values() for field in data}
    assert shown == EVENTS[topic].model_fields.keys()


@every_topic
def test_a_field_that_nobody_knows_is_refused(topic):
    for data in examples(topic).values():
        with pytest.raises(ValueError, match="Extra inputs"):
            load(topic, data | {"nonsense": 1})


@every_topic
def test_every_free_text_may_be_redacted(topic):
    for data in examples(topic).values():
        for pointer in free_texts(load(topic, data)):
            blanked = json.loads(json.dumps(data))
            *path, last = (int(step) if step.isdigit() else step for step in pointer.split("/")[1:])
            part = blanked
            for step in path:
                part = part[step]
            part[last] = MARKER
            event = load(topic, blanked)
            assert list(free_texts(event)) == list(free_texts(load(topic, data)))
            assert dump(event) == blanked


def test_a_marker_may_say_more_than_we_know():
    assert Redacted.model_validate(MARKER | {"by": "a later version"}) == Redacted.model_validate(MARKER)


@every_topic
def test_it_folds(topic):
    """After the first event of its kind, which is the one that makes the thing."""
    kind = Kind(topic.partition(".")[0])
    first = next(name for name in EVENTS if name.startswith(f"{kind.value}."))
    begun = [] if topic == first else [(first, next(iter(examples(first).values())))]
    stream, at = Ref(kind, UUID(int=1)), datetime(2026, 1, 5, tzinfo=UTC)
    for data in examples(topic).values():
        facts = [
            Fact(stream, n, n, load(name, stored), at + timedelta(days=n), at + timedelta(days=n), UUID(int=2))
            for n, (name, stored) in enumerate([*begun, (topic, data)], 1)
        ]
        assert FOLDS[kind](facts) is not None
