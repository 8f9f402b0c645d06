"""The lines of an exported ledger, and what the ledger keeps beside its events, made again from them."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, ValidationError

from domain.cycle.decisions import LABELS
from domain.cycle.events import CyclePlanned
from domain.history import History
from domain.initiative.events import InitiativeStarted
from domain.kernel import Claim, Event, Fact, Fold, Kind, Person, Ref
from domain.key_result.check_ins import CHECK_INS
from domain.key_result.events import CheckedIn, KeyResultAdded, KeyResultChanged
from domain.objective.events import ObjectiveMoved, ObjectiveSet
from domain.places import Place, place
from domain.values import Id, Instant
from ledger.append import Append, Attachment, Claiming, InCycle, NewKey, Revoking
from ledger.beside import made_keys, revoked_keys
from ledger.envelope import StoredFact
from ledger.errors import UnknownEvent
from ledger.history_file import at_fault
from ledger.mapper import EventMapper, commitment
from ledger.payloads import build
from ledger.salts import SALT_BYTES

S = TypeVar("S")
_Count = Annotated[StrictInt, Field(ge=1)]


class _EventLine(BaseModel):
    model_config = ConfigDict(extra="forbid")

    position: _Count
    id: Id
    type: StrictStr
    schema_version: _Count
    stream: StrictStr
    version: _Count
    effective_at: Instant
    reported_at: Instant | None
    recorded_at: Instant
    actor: Id
    on_behalf_of: Id | None
    data: dict[str, Any]
    texts: dict[str, dict[str, Any]]
    leaf_hash: StrictStr | None = None
    """For whoever checks the export (`ledger.proofs.exports`); restoring makes it again."""


class _PersonLine(BaseModel):
    model_config = ConfigDict(extra="forbid")

    member: Id
    name: StrictStr | None
    email: StrictStr | None
    external_id: StrictStr | None
    source: StrictStr | None


@dataclass(frozen=True, slots=True)
class Exported:
    """An event as an export has it: as it is to be stored, and as the fact that it is."""

    stored: StoredFact
    fact: Fact[Any]


def read_event(mapper: EventMapper, fields: Mapping[str, Any]) -> Exported:
    """What a line says. Raises `Invalid` unless it is an event we know, with the texts it was made of."""
    line = build(_EventLine, fields)
    check_texts(line.data, line.texts)
    stored = _stored(line)
    fact = Fact(
        stream=_stream(line.stream),
        version=line.version,
        position=line.position,
        event=_event(mapper, line, stored.state),
        effective_at=line.effective_at,
        recorded_at=line.recorded_at,
        actor=line.actor,
        on_behalf_of=line.on_behalf_of,
        reported_at=line.reported_at,
        id=line.id,
    )
    return Exported(stored, fact)


def read_stored(fields: Mapping[str, Any]) -> StoredFact:
    """What a line says is stored, whatever event it is. Raises `Invalid`."""
    return _stored(build(_EventLine, fields))


def _stored(line: _EventLine) -> StoredFact:
    try:
        state, texts = orjson.dumps(line.data), orjson.dumps(line.texts)
    except TypeError:
        raise at_fault("/data", "has a fraction or too long a number, which no event has") from None
    return StoredFact(
        originator_id=line.stream,
        originator_version=line.version,
        id=line.position,
        topic=line.type,
        state=state,
        event_id=line.id,
        schema_version=line.schema_version,
        texts=texts,
        actor=line.actor,
        on_behalf_of=line.on_behalf_of,
        correlation_id=None,
        effective_at=line.effective_at,
        reported_at=line.reported_at,
        recorded_at=line.recorded_at,
    )


def read_person(fields: Mapping[str, Any]) -> tuple[UUID, Person]:
    """What a line of the people's file says. Raises `Invalid`."""
    line = build(_PersonLine, fields)
    return line.member, Person(line.name, line.email, line.external_id, line.source)


def _stream(text: str) -> Ref:
    try:
        return Ref.parse(text)
    except ValueError:
        raise at_fault("/stream", "must be a kind and an id, such as objective/0190a2f0-…") from None


def _event(mapper: EventMapper, line: _EventLine, state: bytes) -> Event:
    try:
        return mapper.to_event(line.type, line.schema_version, orjson.loads(state), line.texts)
    except UnknownEvent as error:
        raise at_fault("/type", str(error)) from None
    except (ValidationError, LookupError, TypeError) as error:
        raise at_fault("/data", f"is not what a {line.type} has: {str(error).splitlines()[0]}") from None


def check_texts(data: Mapping[str, Any], texts: Mapping[str, Mapping[str, Any]]) -> None:
    """Every text is the one that the event was made with, or was redacted, and nothing more. Raises `Invalid`.

    What is committed to is salt and text in a row, so a salt of another length could lend the text some of its bytes,
    or borrow some; and a redaction that has a text would be shown as that text.
    """
    for pointer, kept in texts.items():
        place = "/texts/" + pointer.replace("~", "~0").replace("/", "~1")
        salt, text = kept.get("salt"), kept.get("text")
        try:
            committed = _committed(data, pointer)
        except (ValueError, LookupError, TypeError):
            committed = None
        if not isinstance(committed, str) or not _COMMITMENT.fullmatch(committed):
            raise at_fault(place, "is not the text that the event was made with: it was made with none there")
        if kept.get("redacted") is True and kept.keys() == {"redacted", "at", "reason"}:
            continue
        if kept.keys() != {"salt", "text"} or not isinstance(salt, str) or not isinstance(text, str):
            raise at_fault(place, "must have salt and text, or be redacted, and nothing more")
        if not _SALT.fullmatch(salt) or commitment(bytes.fromhex(salt), text) != committed:
            raise at_fault(place, "is not the text that the event was made with")


_SALT = re.compile(f"[0-9a-f]{{{2 * SALT_BYTES}}}")
_COMMITMENT = re.compile("[0-9a-f]{64}")


def _committed(data: Any, pointer: str) -> Any:
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        data = data[int(key)] if isinstance(data, list) else data[key]
    return data


class Surroundings:
    """What the ledger keeps beside events, for events in the order of their positions."""

    def __init__(self) -> None:
        self._facts: defaultdict[Ref, list[Fact[Any]]] = defaultdict(list)

    def append_of(self, exported: list[Exported]) -> Append:
        """The next events with everything that belongs to them but people."""
        attach: list[Attachment] = []
        cycles: list[InCycle] = []
        claims: list[Claiming] = []
        keys: list[NewKey] = []
        revoke: list[Revoking] = []
        for n, one in enumerate(exported):
            keys += made_keys(n, one.fact.stream, one.fact.event)
            revoke += revoked_keys(n, one.fact.stream, one.fact.event)
            where = self._place(one.fact)
            attach += [Attachment(n, parent, child) for parent, child in where.attachments]
            cycles += [InCycle(n, cycle) for cycle in where.cycles]
            claims += [Claiming(n, claim, one.fact.stream) for claim in _claims(one.fact)]
        events = [one.stored for one in exported]
        return Append(events, attach=attach, cycles=cycles, claims=claims, keys=keys, revoke=revoke)

    def _place(self, fact: Fact[Any]) -> Place:
        where = place(fact.stream, fact.event, self._look)
        # Where a goal is follows from these alone, so that not the whole ledger need be held.
        if isinstance(fact.event, ObjectiveSet | ObjectiveMoved | KeyResultAdded | InitiativeStarted) or (
            isinstance(fact.event, KeyResultChanged) and "objective" in fact.event.model_fields_set
        ):
            self._facts[fact.stream].append(fact)
        return where

    def _look(self, fold: Fold[S], id: UUID) -> History[S]:
        ref = Ref(fold.kind, id)
        return History(fold, ref, self._facts[ref])


def _claims(fact: Fact[Any]) -> Iterator[Claim]:
    """The names that an event holds from then on, as the decision that led to it claimed them."""
    event, kind = fact.event, fact.stream.kind
    if isinstance(event, CyclePlanned):
        yield Claim(LABELS, event.label)
    if isinstance(event, CheckedIn):
        kind = Kind.CHECK_IN
        yield Claim(CHECK_INS, str(event.check_in))
    yield from external_claims(kind, event)


def external_claims(kind: Kind, named: Event | Person) -> Iterator[Claim]:
    """The claim on a caller's own id, where there is one."""
    external_id, source = getattr(named, "external_id", None), getattr(named, "source", None)
    if external_id is not None:
        yield Claim(f"external_id:{kind.value}:{source}", external_id)
