"""Events, commands and the one way from the ones to the others.

    command ──▶ decide(command, context) ──▶ drafts ──▶ ledger ──▶ facts ──▶ evolve(state, fact) ──▶ state

An *event* is what happened; a *fact* is an event with its place in the ledger and its two times. A *fold*
names the kind of thing and the function that folds its facts. Facts are folded in the order
(`effective_at`, `position`), which is what makes a late check-in land where it belongs (contract, section 2).

A decision is a function of a command and a context. It sees other things only through `context.look`, which
answers their history; everything looked at becomes a guard of the append, so a decision that was made on
something that has changed meanwhile is made again. Deciding touches no clock and makes no id: both come with
the context.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, NamedTuple, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from domain.values import Instant

if TYPE_CHECKING:
    from domain.history import History


class Kind(StrEnum):
    """What can have a stream, or an id, of its own."""

    CYCLE = "cycle"
    TEAM = "team"
    MEMBER = "member"
    OBJECTIVE = "objective"
    KEY_RESULT = "key_result"
    CHECK_IN = "check_in"
    INITIATIVE = "initiative"
    KPI = "kpi"
    MEASUREMENTS = "measurements"
    KEY = "key"
    EVENT = "event"

    __hash__ = str.__hash__
    """That of a string, which it is: every look into a dictionary by kind asks for it, and Enum's own is Python."""


class Ref(NamedTuple):
    """One thing: its kind and id. Written `KIND/ID`, which is also its stream's name."""

    kind: Kind
    id: UUID

    def __str__(self) -> str:
        return f"{self.kind.value}/{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Ref":
        """The opposite of `str(ref)`; `ValueError` for anything else."""
        kind, _, id_ = text.partition("/")
        return cls(Kind(kind), UUID(id_))


class Event(BaseModel):
    """What happened. A stored file format: name and version are declared, never derived from Python.

    Only the fields that were set are stored, so an event of a change says exactly what it changed, and
    `None` in it means that the field was cleared.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    TOPIC: ClassVar[str]
    VERSION: ClassVar[int] = 1

    def given(self) -> dict[str, Any]:
        """The fields that were set, with their values."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}


class Command(BaseModel):
    """What somebody wants to happen. `effective_at`: when it took effect; now if left out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    NAME: ClassVar[str]
    COPIES_TEXTS: ClassVar[bool] = False
    """Whether its events repeat texts of earlier ones, which may have been redacted a moment ago."""

    effective_at: Instant | None = None

    def given(self, *names: str) -> dict[str, Any]:
        """Those of the named fields that were set, with their values."""
        return {name: getattr(self, name) for name in names if name in self.model_fields_set}


class Refers:
    """Marks a field of a command that names another thing by id: history files map it, labels resolve."""

    def __init__(self, *kinds: Kind) -> None:
        self.kinds = kinds


Key = tuple[datetime, int]
"""A place in the fold: (`effective_at`, `position`)."""

E = TypeVar("E", bound=Event, covariant=True)
S = TypeVar("S")


class Fact(NamedTuple, Generic[E]):
    """An event as the ledger keeps it: its place and its times."""

    stream: Ref
    version: int
    position: int
    event: E
    effective_at: datetime
    recorded_at: datetime
    actor: UUID
    on_behalf_of: UUID | None = None
    reported_at: datetime | None = None
    id: UUID | None = None

    @property
    def key(self) -> Key:
        """The place in the fold: (`effective_at`, `position`)."""
        return (self.effective_at, self.position)


def fact_key(fact: Fact[Any]) -> Key:
    """The place of a fact in the fold, as a sort key."""
    return (fact.effective_at, fact.position)


@dataclass(frozen=True)
class Fold(Generic[S]):
    """How the facts of one kind of thing become its state. `evolve` only assigns."""

    kind: Kind
    evolve: Callable[[S | None, Fact[Any]], S]

    def __call__(self, facts: Iterable[Fact[Any]]) -> S | None:
        """The state after the facts, which must be in the fold's order already."""
        state: S | None = None
        for fact in facts:
            state = self.evolve(state, fact)
        return state


class Look(Protocol):
    """How a decision sees other things. Whatever it looked at guards the append."""

    def __call__(self, fold: Fold[S], id: UUID, /) -> "History[S]":
        """The history of one thing; empty if there is none."""
        ...

    def children(self, parent: Ref, kind: Kind, /) -> Sequence[UUID]:
        """Every thing of that kind that was ever attached to the parent, oldest first."""
        ...

    def last_effective_in(self, cycle: UUID, /) -> datetime | None:
        """The latest `effective_at` of any event in the cycle; the append holds it to that."""
        ...

    def holder(self, scope: str, value: str, /) -> Ref | None:
        """What holds a unique name (a label, an external id), if anything does."""
        ...

    def person(self, member: UUID, /) -> "Person | None":
        """A member's personal data, which the ledger does not keep."""
        ...

    def key_beside(self, id: UUID, /) -> "Literal['active', 'revoked'] | None":
        """How a key stands that is kept beside the ledger, whether or not any event tells of it; `None` without one."""
        ...

    def texts_at(self, position: int, /) -> "Texts | None":
        """The free texts of the event at a position, redacted ones included; `None` beyond the head."""
        ...


@dataclass(frozen=True, slots=True)
class Person:
    """Personal data of a member: beside the ledger, erasable."""

    name: str | None
    email: str | None
    external_id: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Texts:
    """Where the free texts of one recorded event stand: JSON pointers into its data."""

    event: UUID
    stream: str
    pointers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """What a decision may use besides the command: the time, who asks, from where, and other things."""

    now: datetime
    actor: UUID
    look: Look
    new_id: Callable[[], UUID]
    source: str = "http"


@dataclass(frozen=True, slots=True)
class Claim:
    """A name that must be unique in its scope, held by the draft's stream from then on."""

    scope: str
    value: str


@dataclass(frozen=True, slots=True)
class Draft:
    """An event on its way to the ledger. `effective_at` `None`: when the ledger records it."""

    stream: Ref
    event: Event
    effective_at: datetime | None
    reported_at: datetime | None = None
    claims: tuple[Claim, ...] = ()
    person: Person | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a command leads to: the thing that it is about, and the events, none if it asks for what is."""

    subject: Ref
    drafts: tuple[Draft, ...] = field(default=())
    created: bool = False


def instant(command: Command, context: Context) -> datetime:
    """When the command takes effect."""
    return command.effective_at or context.now


BEGINNING = datetime.min.replace(tzinfo=UTC)
