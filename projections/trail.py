"""What happened: the events of the ledger as CloudEvents, and the history of one thing with what each changed.

A KPI's history has its measurements in it, which have streams of their own: `projections.kpi_trail`.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from domain.errors import NotFound
from domain.kernel import Fact, Kind, Ref
from domain.redaction.events import TextRedacted
from domain.rules import spoken
from ledger.sql import load
from projections.items import facts_of, redacted, told
from projections.kpi_trail import history_of_kpi
from projections.pages import Page, cursor
from projections.reading import Reading
from projections.shapes import Shape

CHECK_INS = load("projections.check_ins", "queries.sql")
SOURCE = "/v1/ledger"
EVENT_FILTERS = ("type", "stream", "actor", "effective_from", "effective_to", "recorded_from", "recorded_to")


def events(reading: Reading, filters: Mapping[str, Any], limit: int, after: int) -> Page:
    """A page of the ledger after a position, as CloudEvents 1.0."""
    wanted = {name: filters.get(name) for name in EVENT_FILTERS}
    facts = facts_of(reading, "events", **wanted, after=after, limit=limit + 1)
    shown = [cloud_event(fact) for fact in facts[:limit]]
    return Page(shown, str(facts[limit - 1].position) if len(facts) > limit else None)


def event_with_id(reading: Reading, id: UUID) -> Shape:
    """One event, as a CloudEvent. Raises `NotFound`."""
    facts = facts_of(reading, "event", id=id)
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
    if ref.kind is Kind.KPI:
        return history_of_kpi(reading, ref, limit, after)
    items = [item for item in _items(reading, ref) if after is None or item["position"] < cursor(after)]
    items.sort(key=lambda item: -item["position"])
    more = str(items[limit - 1]["position"]) if len(items) > limit else None
    return Page(items[:limit], more)


def _items(reading: Reading, ref: Ref) -> list[Shape]:
    stream = _stream(reading, ref)
    facts = facts_of(reading, "history", stream=str(stream))
    items = told(stream, facts)
    redactions = [fact for fact in facts if isinstance(fact.event, TextRedacted)]
    if ref.kind is Kind.CHECK_IN:
        own = {fact.position for fact in facts if getattr(fact.event, "check_in", None) == ref.id}
        items = [{**item, "kind": ref.kind, "id": ref.id} for item in items if item["position"] in own]
        redactions = [fact for fact in redactions if fact.event.position in own]
    if not items:
        raise NotFound(f"There is no {spoken(ref.kind)} {ref.id} at these clocks.")
    return items + [redacted(fact) for fact in redactions]


def _stream(reading: Reading, ref: Ref) -> Ref:
    if ref.kind is not Kind.CHECK_IN:
        return ref
    rows = reading.rows(CHECK_INS["at"], ids=[ref.id])
    if not rows:
        raise NotFound(f"There is no check-in {ref.id} at these clocks.")
    return Ref(Kind.KEY_RESULT, rows[0]["key_result"])
