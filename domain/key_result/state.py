"""A key result as its facts make it, with all its check-ins and links to KPIs."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, Literal, NamedTuple, assert_never
from uuid import UUID

from domain.kernel import Fact, Fold, Key, Kind
from domain.key_result.events import (
    CheckedIn,
    CheckInCorrected,
    CheckInRetracted,
    KeyResultAdded,
    KeyResultChanged,
    KeyResultDropped,
    KeyResultEvent,
    KeyResultGraded,
    KeyResultRestored,
    KpiLinked,
    KpiUnlinked,
    Statement,
)
from domain.key_result.statements import NONE, CheckIn, CheckIns
from domain.measures import VALUE_FIELDS, AnyMeasure, Value, value_field
from domain.values import Redacted


@dataclass(frozen=True, slots=True)
class Link:
    """A KPI driving the key result, from one place in the fold to another; `until` `None`: it still does."""

    id: UUID
    kpi: UUID
    since: Key
    actor: UUID
    reason: str | Redacted | None
    until: Key | None = None
    ended_by: UUID | None = None
    ended_reason: str | Redacted | None = None


class KeyResult(NamedTuple):
    """A key result. `typed_since`: the place in the fold of the latest change of the measure's type;
    `state_since`: when it was last dropped, restored, moved, linked or unlinked; `links`: in the fold's order."""

    id: UUID
    objective: UUID
    title: str | Redacted
    measure: AnyMeasure
    owner: UUID | None
    team: UUID | None
    weight: Decimal
    tags: tuple[str, ...]
    carried_from: UUID | None
    external_id: str | None
    state: Literal["active", "dropped"]
    state_since: datetime
    began_at: datetime
    typed_since: Key
    grade: Decimal | None = None
    check_ins: CheckIns = NONE
    links: tuple[Link, ...] = ()

    @property
    def standing(self) -> tuple[CheckIn, ...]:
        """The check-ins that were not retracted, in the fold's order."""
        return tuple(check_in for check_in in self.check_ins if check_in.state != "retracted")

    @property
    def last_check_in(self) -> CheckIn | None:
        """The latest check-in that stands."""
        return self.check_ins.last

    @property
    def valued(self) -> CheckIn | None:
        """The latest check-in that gave a value since the measure has its type.

        A type that was changed late, for a time before a check-in, may not suit what that one said: then it
        gives no value.
        """
        return self.check_ins.valued(value_field(self.measure), self.typed_since)

    @property
    def value(self) -> Value | None:
        """The value last checked in. The one in effect may be a KPI's: `domain.key_result.value`."""
        valued = self.valued
        return valued.value if valued is not None else None

    @property
    def link(self) -> Link | None:
        """The link in effect."""
        return self.links[-1] if self.links and self.links[-1].until is None else None

    @property
    def kpi(self) -> UUID | None:
        """The KPI that drives the key result."""
        return self.link.kpi if self.link is not None else None

    @property
    def confidence(self) -> Decimal | None:
        """The confidence last stated."""
        return self.check_ins.confidence

    def check_in(self, id: UUID) -> CheckIn | None:
        """The check-in with that id."""
        return self.check_ins.find(id)


_SAID = KeyResult._fields.index("check_ins")


def stated(statement: Statement) -> tuple[str, Value] | tuple[None, None]:
    """The value that a statement gives, and the field it stands in; a statement has at most one."""
    for name in VALUE_FIELDS:
        value: Value | None = getattr(statement, name)
        if value is not None:
            return name, value
    return None, None


def evolve(key_result: KeyResult | None, fact: Fact[KeyResultEvent]) -> KeyResult:
    """The key result after the fact."""
    event = fact.event
    if isinstance(event, KeyResultAdded):
        return _added(fact.stream.id, event, fact.key)
    assert key_result is not None  # noqa: S101
    match event:
        case CheckedIn():
            return _saying(key_result, key_result.check_ins.plus(said_by(fact, event)))
        case CheckInCorrected() | CheckInRetracted():
            said_now = key_result.check_ins.revised(event.check_in, partial(_revised, event=event))
            return _saying(key_result, said_now)
        case KeyResultChanged():
            return _changed(key_result, event, fact)
        case KeyResultDropped():
            return key_result._replace(state="dropped", state_since=fact.effective_at)
        case KeyResultRestored():
            return key_result._replace(state="active", state_since=fact.effective_at)
        case KeyResultGraded():
            return key_result._replace(grade=event.score)
        case KpiLinked() | KpiUnlinked():
            return key_result._replace(links=_linked(key_result.links, event, fact), state_since=fact.effective_at)
        case _:
            assert_never(event)


def _saying(key_result: KeyResult, said: CheckIns) -> KeyResult:
    """The key result with other check-ins. Most facts of a ledger come by here: in a quarter of `_replace`'s time."""
    return KeyResult._make((*key_result[:_SAID], said, *key_result[_SAID + 1 :]))


def _added(id: UUID, event: KeyResultAdded, key: Key) -> KeyResult:
    return KeyResult(
        id=id,
        objective=event.objective,
        title=event.title,
        measure=event.measure,
        owner=event.owner,
        team=event.team,
        weight=event.weight,
        tags=event.tags,
        carried_from=event.carried_from,
        external_id=event.external_id,
        state="active",
        state_since=key[0],
        began_at=key[0],
        typed_since=key,
    )


def _changed(key_result: KeyResult, event: KeyResultChanged, fact: Fact[KeyResultEvent]) -> KeyResult:
    changes = event.given()
    changes.pop("reason", None)
    if "measure" in changes and changes["measure"].type != key_result.measure.type:
        changes["typed_since"] = fact.key
    if "objective" in changes:
        changes["state_since"] = fact.effective_at
    return key_result._replace(**changes)


def said_by(fact: Fact[Any], event: CheckedIn) -> CheckIn:
    """The check-in that the fact of it makes, before anything else is said of it."""
    return _said(event.check_in, fact.key, event, event.external_id, fact.actor)


def _said(id: UUID, key: Key, said: Statement, external_id: str | None, actor: UUID) -> CheckIn:
    field, value = stated(said)
    words = (said.confidence, said.status, said.note, said.progress, said.plans, said.problems)
    return CheckIn(id, key, field, value, *words, external_id, actor)


def _revised(check_in: CheckIn, event: CheckInCorrected | CheckInRetracted) -> CheckIn:
    match event:
        case CheckInRetracted():
            return check_in._replace(state="retracted")
        case CheckInCorrected():
            now = _said(check_in.id, check_in.key, event, check_in.external_id, check_in.actor)
            return now._replace(state="corrected")
        case _:
            assert_never(event)


def _linked(links: tuple[Link, ...], event: KpiLinked | KpiUnlinked, fact: Fact[KeyResultEvent]) -> tuple[Link, ...]:
    match event:
        case KpiLinked():
            return (*links, Link(event.link, event.kpi, fact.key, fact.actor, event.reason))
        case KpiUnlinked():
            return tuple(_ended(link, event, fact) if link.id == event.link else link for link in links)
        case _:
            assert_never(event)


def _ended(link: Link, event: KpiUnlinked, fact: Fact[KeyResultEvent]) -> Link:
    return replace(link, until=fact.key, ended_by=fact.actor, ended_reason=event.reason)


KEY_RESULT = Fold(Kind.KEY_RESULT, evolve)
