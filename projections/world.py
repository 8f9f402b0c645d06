"""The streams that facts touch, as recorded up to the fact that is being taken.

What is missing is read from the ledger, up to the position that the books have taken; a rebuild begins with
nothing and reads nothing. Key results that were ever attached to an objective are its family: its score is made of
them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast
from uuid import UUID

from domain.catalogue import FOLDS
from domain.kernel import Fact, Fold, Kind, Ref
from domain.key_result.events import KeyResultAdded, KeyResultChanged
from domain.key_result.state import KeyResult
from projections.track import Track

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Source:
    """Where streams are read: their facts in the order of recording, and (parent, child) pairs they are part of."""

    facts: Callable[[Sequence[Ref]], Mapping[Ref, list[Fact[Any]]]]
    kin: Callable[[Sequence[Ref]], Iterable[tuple[Ref, Ref]]]


BLANK = Source(lambda refs: {ref: [] for ref in refs}, lambda _: ())
"""The source of a world that begins at the beginning."""


class World:
    """Tracks of streams, and the families of objectives and key results."""

    def __init__(self, source: Source, most_facts: int | None = None) -> None:
        self._source = source
        self._most = most_facts
        self._tracks: dict[Ref, Track[Any]] = {}
        self._count = 0
        self._objectives: defaultdict[UUID, list[UUID]] = defaultdict(list)
        self._key_results: defaultdict[UUID, list[Track[KeyResult]]] = defaultdict(list)

    def track(self, _fold: Fold[S], ref: Ref) -> Track[S]:
        """The track of one thing; the fold only says what its states are."""
        return cast("Track[S]", self._tracks[ref])

    def key_results(self, objective: UUID) -> Sequence[Track[KeyResult]]:
        """Every key result that was ever attached to the objective."""
        return self._key_results[objective]

    def objectives(self, key_result: UUID) -> Sequence[UUID]:
        """Every objective that the key result was ever attached to."""
        return self._objectives[key_result]

    def add(self, fact: Fact[Any]) -> None:
        """Takes the next fact in. Its streams must be loaded."""
        self._tracks[fact.stream].add(fact)
        self._count += 1
        objective = attached_to(fact)
        if objective is not None:
            self._attach(objective, fact.stream.id)

    def load(self, facts: Iterable[Fact[Any]]) -> None:
        """Reads what these facts touch: their streams, and whole families."""
        wanted = {fact.stream for fact in facts if fact.stream.kind is not Kind.EVENT}
        wanted |= {Ref(Kind.OBJECTIVE, id) for fact in facts if (id := attached_to(fact)) is not None}
        missing = [ref for ref in wanted if ref not in self._tracks]
        families: list[tuple[UUID, UUID]] = []
        while missing:
            wanted = set()
            for ref, known in self._source.facts(missing).items():
                track = self._tracks[ref] = Track(FOLDS[ref.kind], ref)
                for fact in known:
                    track.add(fact)
                self._count += len(known)
            for parent, child in self._source.kin(missing):
                if (parent.kind, child.kind) == (Kind.OBJECTIVE, Kind.KEY_RESULT):
                    families.append((parent.id, child.id))
                    wanted |= {parent, child}
            missing = [ref for ref in wanted if ref not in self._tracks]
        for objective, key_result in families:
            self._attach(objective, key_result)

    def shrink(self) -> bool:
        """Forgets everything once it has become too much; what is needed is read again. Answers whether it did."""
        if self._most is None or self._count <= self._most:
            return False
        self.forget()
        return True

    def forget(self) -> None:
        """Forgets everything."""
        self._tracks.clear()
        self._objectives.clear()
        self._key_results.clear()
        self._count = 0

    def _attach(self, objective: UUID, key_result: UUID) -> None:
        if objective not in self._objectives[key_result]:
            self._objectives[key_result].append(objective)
            self._key_results[objective].append(self._tracks[Ref(Kind.KEY_RESULT, key_result)])


def attached_to(fact: Fact[Any]) -> UUID | None:
    """The objective that a key result's fact attaches it to."""
    event = fact.event
    if isinstance(event, KeyResultAdded | KeyResultChanged) and "objective" in event.model_fields_set:
        return event.objective
    return None
