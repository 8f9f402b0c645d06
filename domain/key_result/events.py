"""What happens to a key result, its check-ins included."""

from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from domain.kernel import Event
from domain.measures import Measure, Zone
from domain.values import Id, Label, NotNegative, Number, Tags, Text

Said = Literal["on_track", "at_risk", "off_track"]
Confidence = Annotated[Number, Field(ge=0, le=10)]
_UNSET: Any = None


class KeyResultAdded(Event):
    """An objective got a key result, with its measure. `carried_from` names the one it continues."""

    TOPIC: ClassVar[str] = "key_result.added"

    objective: UUID
    title: Text
    measure: Measure
    owner: Id | None
    team: Id | None
    weight: NotNegative
    tags: Tags
    carried_from: Id | None = None
    external_id: Label | None
    source: Label


class KeyResultChanged(Event):
    """Something about the key result was changed; only what changed is named, the measure always whole."""

    TOPIC: ClassVar[str] = "key_result.changed"

    title: Text = _UNSET
    measure: Measure = _UNSET
    objective: UUID = _UNSET
    owner: Id | None = None
    team: Id | None = None
    weight: NotNegative = _UNSET
    tags: Tags = ()
    reason: Text | None = None


class KeyResultDropped(Event):
    """The key result is not pursued any more."""

    TOPIC: ClassVar[str] = "key_result.dropped"

    reason: Text


class KeyResultRestored(Event):
    """A dropped key result is pursued again."""

    TOPIC: ClassVar[str] = "key_result.restored"

    reason: Text


class KeyResultGraded(Event):
    """A person gave the key result a score, which counts instead of the computed one; none takes it back."""

    TOPIC: ClassVar[str] = "key_result.graded"

    score: NotNegative | None
    reason: Text | None


class Statement(Event):
    """What a check-in says; fields that were left out say nothing."""

    value: Number | None = None
    completed: tuple[Label, ...] | None = None
    done: bool | None = None
    zone: Zone | None = None
    score: NotNegative | None = None
    confidence: Confidence | None = None
    status: Said | None = None
    note: Text | None = None
    progress: Text | None = None
    plans: Text | None = None
    problems: Text | None = None


class CheckedIn(Statement):
    """Somebody said where the key result stands."""

    TOPIC: ClassVar[str] = "key_result.checked_in"

    check_in: UUID
    external_id: Label | None = None
    source: Label


class CheckInCorrected(Statement):
    """A check-in was put right: it should have said this, from when it was made."""

    TOPIC: ClassVar[str] = "key_result.check_in_corrected"

    check_in: UUID
    reason: Text


class CheckInRetracted(Event):
    """A check-in was taken back, from when it was made."""

    TOPIC: ClassVar[str] = "key_result.check_in_retracted"

    check_in: UUID
    reason: Text


class KpiLinked(Event):
    """A KPI drives the key result from now on: what it measures is the key result's value."""

    TOPIC: ClassVar[str] = "key_result.kpi_linked"

    link: UUID
    kpi: UUID
    reason: Text | None


class KpiUnlinked(Event):
    """The KPI does not drive the key result any more; the value stays what it was."""

    TOPIC: ClassVar[str] = "key_result.kpi_unlinked"

    link: UUID
    kpi: UUID
    reason: Text | None


KeyResultEvent = (
    KeyResultAdded
    | KeyResultChanged
    | KeyResultDropped
    | KeyResultRestored
    | KeyResultGraded
    | CheckedIn
    | CheckInCorrected
    | CheckInRetracted
    | KpiLinked
    | KpiUnlinked
)
