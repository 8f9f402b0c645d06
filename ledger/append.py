"""What is asked of an append, and what comes of it.

An `Append` is one command's worth of events over any number of streams, with everything that must hold for
them to be recorded. It travels to the database as one JSON object (`command`; `ledger.runs` puts many together), and an
`Outcome` comes back. Only `Appended` has written anything.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import orjson

from domain.kernel import Claim, Kind, Person, Ref
from ledger.envelope import StoredFact

_MICROSECOND = timedelta(microseconds=1)


class Children(NamedTuple):
    """A guard: so many things of the kind are attached to the parent, and no more."""

    parent: Ref
    kind: Kind
    number: int


class Attachment(NamedTuple):
    """The event at that index of the append attaches a child to a parent."""

    event: int
    parent: Ref
    child: Ref


class InCycle(NamedTuple):
    """The event at that index of the append changes a goal of the cycle."""

    event: int
    cycle: UUID


class Claiming(NamedTuple):
    """The event at that index of the append claims a name for a stream."""

    event: int
    claim: Claim
    stream: Ref


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A caller's key, and what to answer when it comes again. `scope`: whose key it is, and on what."""

    scope: str
    key: str
    request_hash: bytes
    subject: str | None
    created: bool


@dataclass(frozen=True, slots=True)
class Redaction:
    """Texts of an earlier event to blank, by their JSON pointers; the append's own event tells of it."""

    position: int
    pointers: Sequence[str]
    reason: str


@dataclass(frozen=True, slots=True)
class NewKey:
    """The event at that index of the append makes a key. Without a hash nobody can use it, as after a restore."""

    event: int
    id: UUID
    hash: bytes | None
    role: str
    member: UUID | None
    expires_at: datetime | None


class Revoking(NamedTuple):
    """The event at that index of the append takes the power of a key, or of all keys of a member."""

    event: int
    key: UUID | None = None
    member: UUID | None = None


@dataclass(frozen=True, slots=True)
class Append:
    """Events, with what must hold and what is written beside them.

    `guards` name the versions of other streams that were relied on, 0 if there was none; the events' own
    streams are guarded by the events' versions. `not_before` names cycles in which nothing may have taken
    effect later than the first of the events does. `erase` is the member whose personal data go.
    """

    events: Sequence[StoredFact] = ()
    guards: Mapping[Ref, int] = field(default_factory=dict)
    children: Sequence[Children] = ()
    not_before: Sequence[UUID] = ()
    attach: Sequence[Attachment] = ()
    cycles: Sequence[InCycle] = ()
    claims: Sequence[Claiming] = ()
    people: Mapping[UUID, Person] = field(default_factory=dict)
    keys: Sequence[NewKey] = ()
    revoke: Sequence[Revoking] = ()
    idempotency: Idempotency | None = None
    redaction: Redaction | None = None
    erase: UUID | None = None


@dataclass(frozen=True, slots=True)
class Appended:
    """Recorded or, without events, found to hold. `position` and `at`: the last event's, or the head's."""

    position: int
    at: datetime | None
    count: int

    @property
    def first_position(self) -> int:
        """The position of the first event; `position + 1` without events."""
        return self.position - self.count + 1

    @property
    def recorded_at(self) -> Sequence[datetime]:
        """When each event was recorded: a microsecond apart."""
        if self.at is None:
            return []
        return [self.at - _MICROSECOND * back for back in range(self.count - 1, -1, -1)]


@dataclass(frozen=True, slots=True)
class Replayed:
    """The same request was taken under this idempotency key before; nothing was appended now."""

    subject: str | None
    created: bool
    position: int
    recorded_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeyReused:
    """Another request was taken under this idempotency key before."""


@dataclass(frozen=True, slots=True)
class GuardConflict:
    """Something that was relied on has changed: a stream, a parent's children, a text. Decide again."""

    on: str


@dataclass(frozen=True, slots=True)
class AlreadyClaimed:
    """Another stream holds a name that the append claims."""

    holder: Ref


@dataclass(frozen=True, slots=True)
class InFuture:
    """An `effective_at` or `reported_at` lies after the recording."""


@dataclass(frozen=True, slots=True)
class TooEarly:
    """Something in the cycle took effect later than the append would."""

    cycle: UUID


Outcome: TypeAlias = Appended | Replayed | KeyReused | GuardConflict | AlreadyClaimed | InFuture | TooEarly

Row: TypeAlias = tuple[str, str | None, bool | None, int | None, datetime | None]
"""What `append_runs` answers of each append: outcome, subject, created, position, recorded_at."""


def outcome(append: Append, row: Row) -> Outcome:
    """The answer of `append_events` to this append."""
    match row:
        case "appended", _, _, int(position), at:
            return Appended(position, at, len(append.events))
        case "replayed", subject, bool(created), int(position), at:
            return Replayed(subject, created, position, at)
        case "key_reused", *_:
            return KeyReused()
        case "conflict", str(on), *_:
            return GuardConflict(on)
        case "claimed", str(holder), *_:
            return AlreadyClaimed(Ref.parse(holder))
        case "future", *_:
            return InFuture()
        case "too_early", str(cycle), *_:
            return TooEarly(UUID(cycle))
        case _:
            raise AssertionError(f"append_events answered {row}")


def to_json(appends: Sequence[Append]) -> str:
    """The argument of `append_events`."""
    return orjson.dumps([command(append) for append in appends]).decode()


def to_restore_json(append: Append) -> str:
    """The argument of `restore_events`: the events keep their positions and times."""
    whole = command(append)
    for event, row in zip(append.events, whole["events"], strict=True):
        row |= {"position": event.id, "recorded_at": event.recorded_at}
    return orjson.dumps(whole).decode()


def command(append: Append) -> dict[str, Any]:
    """An append as the object that migrations 0003 and 0009 read. What is empty is left out and not run."""
    command: dict[str, Any] = {"events": [_event(event) for event in append.events]}
    for name, write in _PARTS:
        if part := getattr(append, name):
            command[name] = write(part)
    if key := append.idempotency:
        command["idempotency"] = {
            "scope": key.scope,
            "key": key.key,
            "request_hash": key.request_hash.hex(),
            "subject": key.subject,
            "created": key.created,
        }
    return command


_PARTS: Sequence[tuple[str, Callable[[Any], Any]]] = (
    ("guards", lambda guards: {str(ref): version for ref, version in guards.items()}),
    ("children", lambda some: [{"parent": str(of), "kind": kind, "number": number} for of, kind, number in some]),
    ("not_before", lambda cycles: cycles),
    ("attach", lambda some: [{"event": n, "parent": str(above), "child": str(below)} for n, above, below in some]),
    ("cycles", lambda some: [{"event": event, "cycle": cycle} for event, cycle in some]),
    (
        "claims",
        lambda some: [
            {"event": event, "scope": claim.scope, "value": claim.value, "stream": str(stream)}
            for event, claim, stream in some
        ],
    ),
    ("people", lambda people: [_person(member, person) for member, person in people.items()]),
    ("keys", lambda keys: [_key(key) for key in keys]),
    ("revoke", lambda some: [{"event": event, "key": key, "member": member} for event, key, member in some]),
    ("redaction", lambda redaction: redaction),
    ("erase", lambda member: member),
)
"""The fields of an append that are mostly empty, and how they are written."""


def _event(event: StoredFact) -> dict[str, Any]:
    return {
        "id": event.event_id,
        "stream": event.originator_id,
        "version": event.originator_version,
        "type": event.topic,
        "schema_version": event.schema_version,
        "data": orjson.Fragment(event.state),
        "texts": orjson.Fragment(event.texts),
        "actor": event.actor,
        "on_behalf_of": event.on_behalf_of,
        "correlation_id": event.correlation_id,
        "effective_at": event.effective_at,
        "reported_at": event.reported_at,
    }


def _key(key: NewKey) -> dict[str, Any]:
    return {
        "event": key.event,
        "id": key.id,
        "hash": None if key.hash is None else key.hash.hex(),
        "role": key.role,
        "member": key.member,
        "expires_at": key.expires_at,
    }


def _person(member: UUID, person: Person) -> dict[str, Any]:
    return {
        "member": member,
        "name": person.name,
        "email": person.email,
        "external_id": person.external_id,
        "source": person.source,
    }
