"""Which texts of an event were redacted."""

from dataclasses import dataclass
from uuid import UUID

from domain.kernel import Fact, Fold, Kind
from domain.redaction.events import TextRedacted


@dataclass(frozen=True, slots=True)
class Redactions:
    """The JSON pointers of an event's texts that were removed."""

    event: UUID
    pointers: frozenset[str]


def evolve(redactions: Redactions | None, fact: Fact[TextRedacted]) -> Redactions:
    """The redactions after the fact."""
    before = redactions.pointers if redactions else frozenset()
    return Redactions(fact.stream.id, before | frozenset(fact.event.pointers))


REDACTIONS = Fold(Kind.EVENT, evolve)
