"""What happens to an objective."""

from typing import Any, ClassVar, Literal
from uuid import UUID

from domain.kernel import Event
from domain.values import Id, Label, NotNegative, Tags, Text

Commitment = Literal["committed", "aspirational"]
_UNSET: Any = None


class ObjectiveSet(Event):
    """An objective was set for a cycle. `carried_from` names the one it continues."""

    TOPIC: ClassVar[str] = "objective.set"

    cycle: UUID
    title: Text
    description: Text | None
    team: Id | None
    owner: Id | None
    commitment: Commitment
    weight: NotNegative
    aligned_to: Id | None
    tags: Tags
    carried_from: Id | None = None
    baseline: Literal["restart", "from_current"] | None = None
    external_id: Label | None
    source: Label


class ObjectiveChanged(Event):
    """Something about the objective was changed; only what changed is named."""

    TOPIC: ClassVar[str] = "objective.changed"

    title: Text = _UNSET
    description: Text | None = None
    team: Id | None = None
    owner: Id | None = None
    commitment: Commitment = _UNSET
    weight: NotNegative = _UNSET
    aligned_to: Id | None = None
    tags: Tags = ()
    reason: Text | None = None


class ObjectiveMoved(Event):
    """The objective was moved into another cycle, with its key results."""

    TOPIC: ClassVar[str] = "objective.moved"

    cycle: UUID


class ObjectiveDropped(Event):
    """The objective is not pursued any more."""

    TOPIC: ClassVar[str] = "objective.dropped"

    reason: Text


class ObjectiveRestored(Event):
    """A dropped objective is pursued again."""

    TOPIC: ClassVar[str] = "objective.restored"

    reason: Text


class ObjectiveGraded(Event):
    """A person gave the objective a score, which counts instead of the computed one; none takes it back."""

    TOPIC: ClassVar[str] = "objective.graded"

    score: NotNegative | None
    reflection: Text | None


ObjectiveEvent = (
    ObjectiveSet | ObjectiveChanged | ObjectiveMoved | ObjectiveDropped | ObjectiveRestored | ObjectiveGraded
)
