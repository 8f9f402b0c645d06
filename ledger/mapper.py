"""Events to what is stored of them, and back: names, versions, and free texts.

A stored event is named by its class's TOPIC and VERSION and found again in a catalogue. Its data are the
fields that were set, as JSON. A free text (a field marked with `domain.values.FreeText`) never stands in the
data, which is hashed and can never change: there stands the commitment SHA-256(salt ‖ text), and beside the
event, under the text's JSON pointer, `{"salt", "text"}`, which a redaction replaces.
"""

from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from hashlib import sha256
from typing import Any, NamedTuple, TypeAlias, cast, get_args

import orjson
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent
from pydantic import BaseModel

from domain.kernel import Event
from domain.values import FreeText, Redacted
from ledger.envelope import Recordable, StoredFact
from ledger.errors import UnknownEvent
from ledger.salts import Salts

Catalogue: TypeAlias = Mapping[str, type[Event]]
Data: TypeAlias = dict[str, Any]


class Stored(NamedTuple):
    """What is stored of an event itself."""

    type: str
    schema_version: int
    data: Data
    texts: Data


class EventMapper(Mapper[str]):
    """Maps the events of a catalogue. `to_stored` and `to_event` do the work, two are the library's."""

    def __init__(self, catalogue: Catalogue) -> None:
        super().__init__(JSONTranscoder())  # never used: our data are JSON as they are
        self.catalogue = catalogue
        self._salts = Salts()

    def to_stored(self, event: Event) -> Stored:
        """Takes an event apart; a new salt for each text at each call."""
        data = event.model_dump(mode="json", exclude_unset=True)
        texts: Data = {}
        for pointer, text in _texts_in(event, ""):
            holder, key = _place(data, pointer)
            holder[key], texts[pointer] = _commit(text, self._salts.new())
        return Stored(event.TOPIC, event.VERSION, data, texts)

    def to_event(self, type: str, schema_version: int, data: Data, texts: Data) -> Event:
        """Puts an event together again; `data` is taken over and changed. Raises `UnknownEvent`."""
        cls = self.catalogue.get(type)
        if cls is None:
            raise UnknownEvent(f"This program knows no event named {type}.")
        for pointer, text in texts.items():
            holder, key = _place(data, pointer)
            holder[key] = text.get("text", text)
        if schema_version != cls.VERSION:
            if schema_version > cls.VERSION:
                raise UnknownEvent(f"This program knows {type} up to version {cls.VERSION}, not {schema_version}.")
            data = cast("_Upcasts", cls).upcast(schema_version, data)
        return cls.model_validate(data)

    def read(self, type: str, schema_version: int, data: str, texts: str | None) -> Event:
        """The same from JSON as it is stored; `texts` `None` if there are none."""
        cls = self.catalogue.get(type)
        if texts is None and cls is not None and schema_version == cls.VERSION:  # as nearly all
            return cls.__pydantic_validator__.validate_json(data)  # type: ignore[no-any-return]
        return self.to_event(type, schema_version, orjson.loads(data), orjson.loads(texts) if texts else {})

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredFact:
        """A `Recordable` as it is stored, not yet recorded."""
        given = cast("Recordable", domain_event)
        type_, schema_version, data, texts = self.to_stored(given.event)
        return StoredFact(
            originator_id=given.originator_id,
            originator_version=given.originator_version,
            topic=type_,
            state=orjson.dumps(data),
            event_id=given.event_id,
            schema_version=schema_version,
            texts=orjson.dumps(texts),
            actor=given.actor,
            on_behalf_of=given.on_behalf_of,
            correlation_id=given.correlation_id,
            effective_at=given.effective_at,
            reported_at=given.reported_at,
        )

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[str]:
        """The `Recordable` that a `StoredFact` was made of."""
        stored = cast("StoredFact", stored_event)
        event = self.to_event(
            stored.topic, stored.schema_version, orjson.loads(stored.state), orjson.loads(stored.texts)
        )
        recordable = Recordable(
            originator_id=stored.originator_id,
            originator_version=stored.originator_version,
            event=event,
            event_id=stored.event_id,
            actor=stored.actor,
            on_behalf_of=stored.on_behalf_of,
            correlation_id=stored.correlation_id,
            effective_at=stored.effective_at,
            reported_at=stored.reported_at,
        )
        return cast("DomainEventProtocol[str]", recordable)


def commitment(salt: bytes, text: str) -> str:
    """What stands in an event for a free text: 64 hexadecimal digits."""
    return sha256(salt + text.encode()).hexdigest()


def _commit(text: "str | Redacted", salt: bytes) -> tuple[str, Data]:
    if isinstance(text, Redacted):
        # A redacted text copied into a new event, as by a carry-forward: nobody can open this commitment.
        return commitment(salt, ""), text.model_dump(mode="json")
    return commitment(salt, text), {"salt": salt.hex(), "text": text}


class _Upcasts(Event):
    """What an event class has once its VERSION is above 1: older data become data of the current version."""

    @staticmethod
    def upcast(version: int, data: Data) -> Data:
        """`data` as it was stored under `version`, in the shape of the class's VERSION."""
        raise NotImplementedError


# Where the free texts are. Which fields to look into is known from the annotations, once a class; what is in
# them is seen from the values, so that unions of measures need no further thought.


def text_pointers(event: Event) -> Iterator[str]:
    """Where the free texts of an event stand, redacted ones included."""
    return (pointer for pointer, _ in _texts_in(event, ""))


def _texts_in(model: BaseModel, at: str) -> Iterator[tuple[str, "str | Redacted"]]:
    for name, is_text in _fields(type(model)):
        if name in model.model_fields_set:
            yield from _texts_under(getattr(model, name), f"{at}/{name}", is_text=is_text)


def _texts_under(value: Any, at: str, *, is_text: bool) -> Iterator[tuple[str, "str | Redacted"]]:
    if isinstance(value, str | Redacted):
        if is_text:
            yield at, value
    elif isinstance(value, BaseModel):
        yield from _texts_in(value, at)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            if isinstance(item, BaseModel) and item.model_fields_set.isdisjoint(_names(type(item))):
                continue  # as nearly all points of a batch
            yield from _texts_under(item, f"{at}/{index}", is_text=is_text)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts_under(item, f"{at}/{_escaped(str(key))}", is_text=is_text)


@cache
def _fields(cls: type[BaseModel]) -> tuple[tuple[str, bool], ...]:
    """The fields that are free text, or may hold models that have some: (name, whether it is text itself)."""
    found = []
    for name, field in cls.model_fields.items():
        parts = [*field.metadata, *_parts(field.annotation)]
        is_text = any(isinstance(part, FreeText) for part in parts)
        if is_text or any(isinstance(part, type) and issubclass(part, BaseModel) for part in parts):
            found.append((name, is_text))
    return tuple(found)


@cache
def _names(cls: type[BaseModel]) -> frozenset[str]:
    """The same without more."""
    return frozenset(name for name, _ in _fields(cls))


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in get_args(annotation):
        yield from _parts(part)


def _place(data: Any, pointer: str) -> tuple[Any, Any]:
    """The object or array that a JSON pointer leads into, and the key or index in it."""
    *above, last = _keys(pointer)
    for key in above:
        data = data[int(key) if isinstance(data, list) else key]
    return data, int(last) if isinstance(data, list) else last


@lru_cache(maxsize=10_000)
def _keys(pointer: str) -> tuple[str, ...]:
    return tuple(key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:])


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
