"""What happens to a KPI. Its measurements have streams of their own: `domain.measurements`."""

from typing import Any, ClassVar, Literal
from uuid import UUID

from domain.kernel import Event
from domain.values import Day, Id, Label, Number, Tags, Text

Direction = Literal["increase", "decrease", "maintain"]
Frequency = Literal["daily", "weekly", "monthly", "quarterly", "yearly", "irregular"]
Perspective = Literal["financial", "customer", "internal", "learning"]
Indicator = Literal["lead", "lag"]
_UNSET: Any = None


class KpiDefined(Event):
    """A KPI was defined: what is followed, in which unit, how often, and which way is good."""

    TOPIC: ClassVar[str] = "kpi.defined"

    name: Text
    unit: Label | None
    direction: Direction
    frequency: Frequency
    definition: Text | None
    team: Id | None
    owner: Id | None
    parent: Id | None
    perspective: Perspective | None
    indicator: Indicator | None
    tags: Tags
    external_id: Label | None
    source: Label


class KpiChanged(Event):
    """Something about the KPI was changed; only what changed is named."""

    TOPIC: ClassVar[str] = "kpi.changed"

    name: Text = _UNSET
    unit: Label | None = None
    direction: Direction = _UNSET
    frequency: Frequency = _UNSET
    definition: Text | None = None
    team: Id | None = None
    owner: Id | None = None
    parent: Id | None = None
    perspective: Perspective | None = None
    indicator: Indicator | None = None
    tags: Tags = ()
    reason: Text | None = None


class TargetSet(Event):
    """The KPI got a target for a time: a number to reach, or a range to stay in. The one set later holds."""

    TOPIC: ClassVar[str] = "kpi.target_set"

    since: Day
    until: Day | None
    target: Number | None
    low: Number | None
    high: Number | None
    at_risk: Number | None
    reason: Text | None


class BenchmarkSet(Event):
    """The KPI got something to be compared with: a number, or another KPI."""

    TOPIC: ClassVar[str] = "kpi.benchmark_set"

    name: Label
    value: Number | None
    benchmark_kpi: Id | None
    since: Day | None
    until: Day | None


class KpiPaired(Event):
    """The KPI is watched together with another, which shows what the one costs the other."""

    TOPIC: ClassVar[str] = "kpi.paired"

    other: UUID


class KpiUnpaired(Event):
    """The KPI is not watched together with the other any more."""

    TOPIC: ClassVar[str] = "kpi.unpaired"

    other: UUID


class KpiRetired(Event):
    """The KPI is not followed any more."""

    TOPIC: ClassVar[str] = "kpi.retired"

    reason: Text


class KpiRestored(Event):
    """A retired KPI is followed again."""

    TOPIC: ClassVar[str] = "kpi.restored"

    reason: Text


KpiEvent = KpiDefined | KpiChanged | TargetSet | BenchmarkSet | KpiPaired | KpiUnpaired | KpiRetired | KpiRestored
