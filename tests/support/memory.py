"""A ledger in memory: what the decisions need of one, in lists and dicts.

It records what `domain.catalogue.decide` drafts, as the real ledger does: positions without gaps,
`recorded_at` strictly increasing, an event without `effective_at` takes effect when it is recorded. Nothing
is locked or guarded, for nobody else writes; `looked` keeps what the last decision looked at, which is what the
real ledger would hold its append to.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args
from uuid import NAMESPACE_OID, UUID, uuid5

from pydantic import BaseModel

from domain.catalogue import FOLDS, decide
from domain.history import History
from domain.kernel import Command, Context, Decision, Draft, Fact, Fold, Kind, Person, Ref, Texts
from domain.key.events import KeyCreated, KeyRevoked
from domain.member.events import MemberErased
from domain.places import place
from domain.redaction.events import TextRedacted
from domain.values import FreeText, Redacted

BEGIN = datetime(2026, 1, 5, 9, tzinfo=UTC)
SECOND, TICK = timedelta(seconds=1), timedelta(microseconds=1)


class MemoryLedger:
    """All facts of one organisation, and what decisions look up in them."""

    def __init__(self, *, source: str = "http") -> None:
        self.source = source
        self.actor = uuid5(NAMESPACE_OID, "actor")
        self.facts: list[Fact[Any]] = []
        self.looked: set[Ref] = set()
        self._histories: dict[Ref, History[Any]] = {}
        self._attached: dict[Ref, list[Ref]] = {}
        self._last_effective: dict[UUID, datetime] = {}
        self._claims: dict[tuple[str, str], Ref] = {}
        self._people: dict[UUID, Person] = {}
        self.keys: dict[UUID, Literal["active", "revoked"]] = {}
        self._ids = 0
        self._clock = BEGIN

    # --- writing

    def execute(self, command: Command, at: datetime | None = None) -> Decision:
        """Decides the command at the instant `at`, by default a second later than now, and records it."""
        self.looked = set()
        now = self.passes(at)
        context = Context(now=now, actor=self.actor, look=self, new_id=self._new_id, source=self.source)
        decision = decide(command, context)
        for draft in decision.drafts:
            self.record(draft, now)
        return decision

    def passes(self, until: datetime | None = None) -> datetime:
        """Time passes: until the instant, by default for a second; never back. Answers the new time."""
        self._clock = self._clock + SECOND if until is None else max(self._clock, until)
        return self._clock

    def record(self, draft: Draft, at: datetime | None = None) -> Fact[Any]:
        """Takes one event in, whether or not a decision led to it."""
        recorded_at = at or self.passes()
        if self.facts:
            recorded_at = max(recorded_at, self.facts[-1].recorded_at + TICK)
        self.passes(recorded_at)
        fact = Fact(
            stream=draft.stream,
            version=self.history(draft.stream).version + 1,
            position=len(self.facts) + 1,
            event=draft.event,
            effective_at=draft.effective_at or recorded_at,
            recorded_at=recorded_at,
            actor=self.actor,
            reported_at=draft.reported_at,
            id=self._new_id(),
        )
        where = place(draft.stream, draft.event, self._unguarded)
        for cycle in where.cycles:
            self._last_effective[cycle] = max(self._last_effective.get(cycle, fact.effective_at), fact.effective_at)
        for parent, child in where.attachments:
            children = self._attached.setdefault(parent, [])
            children.extend([child] if child not in children else [])
        for claim in draft.claims:
            assert self._claims.setdefault((claim.scope, claim.value), draft.stream) == draft.stream
        self.facts.append(fact)
        self._histories[draft.stream] = self.history(draft.stream).with_facts([fact])
        self._beside(draft, fact)
        return fact

    def _beside(self, draft: Draft, fact: Fact[Any]) -> None:
        """What an event does to the things that the ledger keeps beside the events."""
        if draft.person is not None:
            self._people[draft.stream.id] = draft.person
        if isinstance(draft.event, KeyCreated | KeyRevoked):
            self.keys[draft.stream.id] = "active" if isinstance(draft.event, KeyCreated) else "revoked"
        if isinstance(draft.event, MemberErased):
            self._people.pop(draft.stream.id, None)
            gone = [key for key, holder in self._claims.items() if holder == draft.stream]
            for key in gone:
                del self._claims[key]
        if isinstance(draft.event, TextRedacted):
            marker = Redacted(at=fact.recorded_at, reason=str(draft.event.reason))
            self._blank(draft.event.position, draft.event.pointers, marker)

    def _blank(self, position: int, pointers: Sequence[str], marker: Redacted) -> None:
        fact = self.facts[position - 1]
        data = fact.event.model_dump(exclude_unset=True)
        for pointer in pointers:
            *path, last = (int(step) if step.isdigit() else step for step in pointer.split("/")[1:])
            part: Any = data
            for step in path:
                part = part[step]
            part[last] = marker
        blanked = fact._replace(event=type(fact.event).model_validate(data))
        self.facts[position - 1] = blanked
        facts = [f for f in self.facts if f.stream == fact.stream]
        self._histories[fact.stream] = History(FOLDS[fact.stream.kind], fact.stream, facts)

    def _new_id(self) -> UUID:
        self._ids += 1
        return uuid5(NAMESPACE_OID, f"id {self._ids}")

    # --- reading

    def history(self, ref: Ref) -> History[Any]:
        """All that is known about one thing."""
        return self._histories.get(ref) or History(FOLDS[ref.kind], ref, ())

    def state(self, kind: Kind, id: UUID, at: datetime | None = None) -> Any:
        """The state of one thing: with all that is known, or as it was in effect at an instant."""
        history = self.history(Ref(kind, id))
        return history.now if at is None else history.at(at)

    def streams(self) -> list[Ref]:
        """Every stream, in the order of their first events."""
        return list(self._histories)

    def _unguarded(self, fold: Fold[Any], id: UUID) -> History[Any]:
        return self.history(Ref(fold.kind, id))

    # --- `domain.kernel.Look`

    def __call__(self, fold: Fold[Any], id: UUID, /) -> History[Any]:
        """The history of one thing; empty if there is none."""
        self.looked.add(Ref(fold.kind, id))
        return self._unguarded(fold, id)

    def children(self, parent: Ref, kind: Kind, /) -> list[UUID]:
        """Every thing of that kind that was ever attached to the parent, oldest first."""
        return [child.id for child in self._attached.get(parent, ()) if child.kind is kind]

    def last_effective_in(self, cycle: UUID, /) -> datetime | None:
        """The latest `effective_at` of any event in the cycle."""
        return self._last_effective.get(cycle)

    def holder(self, scope: str, value: str, /) -> Ref | None:
        """What holds a unique name."""
        return self._claims.get((scope, value))

    def person(self, member: UUID, /) -> Person | None:
        """A member's personal data."""
        return self._people.get(member)

    def key_beside(self, id: UUID, /) -> Literal["active", "revoked"] | None:
        """How a key stands that is kept beside the ledger."""
        return self.keys.get(id)

    def texts_at(self, position: int, /) -> Texts | None:
        """Where the free texts of an event stand, redacted ones included."""
        if position > len(self.facts):
            return None
        fact = self.facts[position - 1]
        assert fact.id is not None
        return Texts(fact.id, str(fact.stream), tuple(free_texts(fact.event)))


def free_texts(part: BaseModel, pointer: str = "") -> Iterator[str]:
    """The JSON pointers of the free texts in an event: what its fields mark as such and are set to."""
    for name, field in type(part).model_fields.items():
        if name not in part.model_fields_set:
            continue
        marked = is_free_text(field.annotation, field.metadata)
        value = getattr(part, name)
        if marked and isinstance(value, str | Redacted):
            yield f"{pointer}/{name}"
        for index, item in enumerate(value if isinstance(value, tuple) else ()):
            if isinstance(item, BaseModel):
                yield from free_texts(item, f"{pointer}/{name}/{index}")
        if isinstance(value, BaseModel) and not isinstance(value, Redacted):
            yield from free_texts(value, f"{pointer}/{name}")


def is_free_text(annotation: Any, metadata: Sequence[Any] = ()) -> bool:
    """Whether a field of that type holds free text itself."""
    metadata = getattr(annotation, "__metadata__", metadata)
    return any(isinstance(mark, FreeText) for mark in metadata) or any(map(is_free_text, get_args(annotation)))
