"""How key results are measured, and the values that they have."""

from typing import Literal

from api.shapes.base import Exact, Shape, Text
from domain.measures import Zone


class MetricMeasure(Shape):
    """From a baseline to a target."""

    type: Literal["metric"]
    baseline: Exact
    target: Exact
    unit: str | None


class ThresholdMeasure(Shape):
    """On the right side of a bound."""

    type: Literal["threshold"]
    operator: Literal[">=", ">", "<=", "<"]
    bound: Exact
    unit: str | None


class BetweenMeasure(Shape):
    """Inside a range."""

    type: Literal["threshold"]
    operator: Literal["between"]
    low: Exact
    high: Exact
    unit: str | None


class Step(Shape):
    """A milestone."""

    id: str
    title: Text
    weight: Exact


class MilestonesMeasure(Shape):
    """Steps with weights."""

    type: Literal["milestones"]
    milestones: list[Step]


class BooleanMeasure(Shape):
    """Done or not."""

    type: Literal["boolean"]


class ZonesMeasure(Shape):
    """Three outcomes in words."""

    type: Literal["zones"]
    commit: Text
    target: Text
    stretch: Text


class GradedMeasure(Shape):
    """A score given by a person."""

    type: Literal["graded"]
    out_of: Exact


Measure = (
    MetricMeasure
    | ThresholdMeasure
    | BetweenMeasure
    | MilestonesMeasure
    | BooleanMeasure
    | ZonesMeasure
    | GradedMeasure
)
Value = Exact | bool | Zone | list[str]
"""Whatever the measure's type takes: a number, done, a zone, or the milestones that are done."""
