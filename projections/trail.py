"""What happened: the events of the ledger as CloudEvents, and the history of one thing with what each changed.

Old and new values are those of the fold at the two clocks: an event that was backdated shows what it changed at its
own place, among what was known then.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from domain.catalogue import FOLDS
from domain.errors import NotFound
from domain.kernel import Fact, Kind, Ref, fact_key
from domain.redaction.events import TextRedacted
from domain.values import Redacted
from ledger.sql import load
from projections.pages import Page, cursor
from projections.reading import Reading
from projections.sentences import sentence
from projections.shapes import Shape

SQL = load("projections", "trail.sql")
CHECK_INS = load("projections.check_ins", "queries.sql")
SOURCE = "/v1/ledger"
EVENT_FILTERS = ("type", "stream", "actor", "effective_from", "effective_to", "recorded_from", "recorded_to")


def events(reading: Reading, filters: Mapping[str, Any], limit: int, after: int) -> Page:
    """A page of the ledger after a position, as CloudEvents 1.0."""
    wanted = {name: filters.get(name) for name in EVENT_FILTERS}
    facts = _facts(reading, "events", **wanted, after=after, limit=limit + 1)
    shown = [cloud_event(fact) for fact in facts[:limit]]
    return Page(shown, str(facts[limit - 1].position) if len(facts) > limit else None)


def event_with_id(reading: Reading, id: UUID) -> Shape:
    """One event, as a CloudEvent. Raises `NotFound`."""
    facts = _facts(reading, "event", id=id)
    if not facts:
        raise NotFound(f"There is no event {id} at these clocks.")
    return {**cloud_event(facts[0]), "as_of": reading.stamp()}


def cloud_event(fact: Fact[Any]) -> Shape:
    """A fact as a CloudEvent, with the extensions that the contract names."""
    return {
        "specversion": "1.0",
        "id": fact.id,
        "source": SOURCE,
        "type": fact.event.TOPIC,
        "subject": str(fact.stream),
        "time": fact.recorded_at,
        "datacontenttype": "application/json",
        "data": fact.event.model_dump(exclude_unset=True),
        "position": fact.position,
        "recordedat": fact.recorded_at,
        "effectiveat": fact.effective_at,
        "reportedat": fact.reported_at,
        "actor": fact.actor,
        "onbehalfof": fact.on_behalf_of,
        "version": fact.version,
        "schemaversion": fact.event.VERSION,
    }


def history(reading: Reading, ref: Ref, limit: int, after: str | None) -> Page:
    """What happened to one thing, newest first. Raises `NotFound`."""
    items = [item for item in _items(reading, ref) if after is None or item["position"] < cursor(after)]
    items.sort(key=lambda item: -item["position"])
    more = str(items[limit - 1]["position"]) if len(items) > limit else None
    return Page(items[:limit], more)


def _items(reading: Reading, ref: Ref) -> list[Shape]:
    stream = _stream(reading, ref)
    facts = _facts(reading, "history", stream=str(stream))
    told = [_item(fact, before, after) for fact, before, after in _steps(stream, facts)]
    redactions = [_item(fact, None, None) for fact in facts if isinstance(fact.event, TextRedacted)]
    if ref.kind is Kind.CHECK_IN:
        own = {fact.position for fact in facts if getattr(fact.event, "check_in", None) == ref.id}
        told = [{**item, "kind": ref.kind, "id": ref.id} for item in told if item["position"] in own]
        redactions = [item for item in redactions if item.pop("redacted_position") in own]
    for item in redactions:
        item.pop("redacted_position", None)
    if not told:
        raise NotFound(f"There is no {ref.kind.value.replace('_', ' ')} {ref.id} at these clocks.")
    return told + redactions


def _stream(reading: Reading, ref: Ref) -> Ref:
    if ref.kind is not Kind.CHECK_IN:
        return ref
    rows = reading.rows(CHECK_INS["at"], ids=[ref.id])
    if not rows:
        raise NotFound(f"There is no check-in {ref.id} at these clocks.")
    return Ref(Kind.KEY_RESULT, rows[0]["key_result"])


def _steps(stream: Ref, facts: list[Fact[Any]]) -> Iterator[tuple[Fact[Any], Any, Any]]:
    """Each fact with the state before and after it, in the fold's order."""
    fold, state = FOLDS[stream.kind], None
    for fact in sorted((fact for fact in facts if fact.stream == stream), key=fact_key):
        before, state = state, fold.evolve(state, fact)
        yield fact, before, state


def _item(fact: Fact[Any], before: Any, after: Any) -> Shape:
    changes = _changes(fact, before, after)
    redaction = isinstance(fact.event, TextRedacted)
    subject = Ref.parse(fact.event.stream) if redaction else fact.stream
    item = {
        "position": fact.position,
        "recorded_at": fact.recorded_at,
        "effective_at": fact.effective_at,
        "reported_at": fact.reported_at,
        "actor": fact.actor,
        "on_behalf_of": fact.on_behalf_of,
        "type": fact.event.TOPIC,
        "kind": subject.kind,
        "id": subject.id,
        "version": fact.version,
        "reason": _shown(getattr(fact.event, "reason", None)),
        "summary": sentence(fact, changes),
        "changes": changes,
    }
    return {**item, "redacted_position": fact.event.position} if redaction else item


def _changes(fact: Fact[Any], before: Any, after: Any) -> list[Shape]:
    """What the fact changed: `[{field, old, new}]`, a check-in's fields as they read before and after."""
    if isinstance(fact.event, TextRedacted):
        return [{"field": pointer.lstrip("/"), "old": None, "new": None} for pointer in fact.event.pointers]
    check_in = getattr(fact.event, "check_in", None)
    if check_in is not None:
        before, after = (state.check_in(check_in) if state else None for state in (before, after))
    old, new = _fields(before), _fields(after)
    return [
        {"field": name, "old": _shown(old.get(name)), "new": _shown(new.get(name))}
        for name in new
        if name not in _INNER and (old.get(name) != new.get(name))
    ]


_INNER = {"id", "key", "field", "state_since", "began_at", "typed_since", "check_ins", "closings", "actor"}
"""What a state keeps for its own decisions."""


def _fields(state: Any) -> dict[str, Any]:
    return {} if state is None else {name: getattr(state, name) for name in type(state).__slots__}


def _shown(value: Any) -> Any:
    match value:
        case Redacted() | BaseModel():
            return value.model_dump()
        case tuple() | list():
            return [_shown(each) for each in value]
        case dict():
            return [{"member": member, "role": role} for member, role in value.items()]
        case datetime() | date():
            return value
        case _:
            return asdict(value) if hasattr(value, "__dataclass_fields__") else value


def _facts(reading: Reading, query: str, **parameters: Any) -> list[Fact[Any]]:
    clocks = {"as_of": reading.position, "valid_at": reading.valid_at}
    rows = reading.connection.execute(SQL[query], clocks | parameters, binary=True).fetchall()
    return [reading.reader.fact(row) for row in rows]
