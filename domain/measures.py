"""The six ways a key result is measured, and how far a value has moved each (contract, section 4).

A measure as a client sends it and as an event keeps it differ only in their free texts: in an event a text
may have been redacted. `MeasureInput` is the first, `Measure` the second; `MeasurePatch` is a partial one,
merged into what stands as RFC 7396 says.
"""

from decimal import Decimal
from typing import Annotated, Literal, assert_never

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ValidationInfo

from domain.errors import Fault, Invalid
from domain.values import Label, NotNegative, Number, Text, Title

Zone = Literal["fail", "commit", "target", "stretch"]
Value = Decimal | bool | str | tuple[str, ...]
"""A checked-in value: a number (metric, threshold, graded), done, a zone, or ids of completed milestones."""

ZONES: dict[str, Decimal] = {
    "fail": Decimal(0),
    "commit": Decimal("0.3"),
    "target": Decimal("0.7"),
    "stretch": Decimal(1),
}
VALUE_FIELDS = ("value", "completed", "done", "zone", "score")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Metric(_Part):
    """From a baseline to a target, in either direction. They must differ."""

    type: Literal["metric"]
    baseline: Number
    target: Number
    unit: Label | None = None

    @field_validator("target")
    @classmethod
    def _must_move(cls, target: Decimal, info: ValidationInfo) -> Decimal:
        if info.data.get("baseline") == target:
            raise ValueError("must differ from the baseline")
        return target


class Threshold(_Part):
    """On the right side of a bound."""

    type: Literal["threshold"]
    operator: Literal[">=", ">", "<=", "<"]
    bound: Number
    unit: Label | None = None


class Between(_Part):
    """Inside a range, both ends included."""

    type: Literal["threshold"]
    operator: Literal["between"]
    low: Number
    high: Number
    unit: Label | None = None

    @field_validator("high")
    @classmethod
    def _must_not_be_below(cls, high: Decimal, info: ValidationInfo) -> Decimal:
        low = info.data.get("low")
        if low is not None and high < low:
            raise ValueError("must not be below low")
        return high


class Milestone(_Part):
    """A step. Its id is its title unless given; ids are labels, not free text."""

    id: Label
    title: Text
    weight: NotNegative = Decimal(1)


class Milestones(_Part):
    """Steps with weights; done is the weight of the completed ones."""

    type: Literal["milestones"]
    milestones: tuple[Milestone, ...]


class MilestoneInput(_Part):
    """A step as a client names it."""

    title: Title
    id: Label | None = None
    weight: NotNegative = Decimal(1)

    def named(self) -> str:
        """The id, which is the title unless given."""
        return self.id or self.title[:200]


def _unique(steps: tuple[MilestoneInput, ...]) -> tuple[MilestoneInput, ...]:
    seen: set[str] = set()
    for step in steps:
        if step.named() in seen:
            raise ValueError(f"has two milestones with the id {step.named()!r}")
        seen.add(step.named())
    return steps


_Steps = Annotated[tuple[MilestoneInput, ...], Field(min_length=1, max_length=200), AfterValidator(_unique)]


class MilestonesInput(_Part):
    """Milestones as a client names them."""

    type: Literal["milestones"]
    milestones: _Steps


class Boolean(_Part):
    """Done or not."""

    type: Literal["boolean"]


class Zones(_Part):
    """Three outcomes in words: what we commit to, what we aim at, what would be a stretch."""

    type: Literal["zones"]
    commit: Text
    target: Text
    stretch: Text


class ZonesInput(_Part):
    """Zones as a client names them."""

    type: Literal["zones"]
    commit: Title
    target: Title
    stretch: Title


class Graded(_Part):
    """A score given by a person, out of 1, 10, 100 or another number."""

    type: Literal["graded"]
    out_of: NotNegative = Decimal(1)

    @field_validator("out_of")
    @classmethod
    def _must_be_positive(cls, out_of: Decimal) -> Decimal:
        if out_of == 0:
            raise ValueError("must be more than 0")
        return out_of


_Thresholds = Annotated[Threshold | Between, Field(discriminator="operator")]
Measure = Annotated[Metric | _Thresholds | Milestones | Boolean | Zones | Graded, Field(discriminator="type")]
MeasureInput = Annotated[
    Metric | _Thresholds | MilestonesInput | Boolean | ZonesInput | Graded, Field(discriminator="type")
]
AnyMeasure = Metric | Threshold | Between | Milestones | Boolean | Zones | Graded
AnyMeasureInput = Metric | Threshold | Between | MilestonesInput | Boolean | ZonesInput | Graded


class MeasurePatch(_Part):
    """Some fields of a measure; merged into the one that stands unless it names another type."""

    type: Literal["metric", "threshold", "milestones", "boolean", "zones", "graded"] | None = None
    baseline: Number | None = None
    target: Annotated[Title | Number, Field(union_mode="left_to_right")] | None = None  # "100" may be a zone's text
    unit: Label | None = None
    operator: Literal[">=", ">", "<=", "<", "between"] | None = None
    bound: Number | None = None
    low: Number | None = None
    high: Number | None = None
    milestones: _Steps | None = None
    commit: Title | None = None
    stretch: Title | None = None
    out_of: NotNegative | None = None


class _Whole(BaseModel):
    measure: Measure


def stored(given: AnyMeasureInput) -> AnyMeasure:
    """A client's measure as an event keeps it: every milestone with its id and weight."""
    match given:
        case MilestonesInput():
            return Milestones(type="milestones", milestones=_steps(given.milestones))
        case ZonesInput():
            return Zones(type="zones", commit=given.commit, target=given.target, stretch=given.stretch)
        case Metric() | Threshold() | Between() | Boolean() | Graded():
            return given
        case _:
            assert_never(given)


def _steps(given: tuple[MilestoneInput, ...]) -> tuple[Milestone, ...]:
    return tuple(Milestone(id=step.named(), title=step.title, weight=step.weight) for step in given)


def merged(current: AnyMeasure, patch: MeasurePatch) -> AnyMeasure:
    """The measure after a patch (RFC 7396). Raises `Invalid` where the whole would be no measure."""
    changes = {name: value for name, value in patch if name in patch.model_fields_set}
    if patch.milestones is not None:
        changes["milestones"] = _steps(patch.milestones)
    base = dict(current) if changes.get("type", current.type) == current.type else {}
    if changes.get("operator") and (changes["operator"] == "between") != (base.get("operator") == "between"):
        base = {name: base[name] for name in ("type", "unit") if name in base}
    whole = {name: value for name, value in (base | changes).items() if value is not None}
    try:
        return _Whole.model_validate({"measure": whole}).measure
    except ValidationError as error:
        faults = list({fault.pointer: fault for fault in map(_fault, error.errors())}.values())
        raise Invalid(f"measure: {faults[0].reason}", faults=faults) from None


def _fault(error: ErrorDetails) -> Fault:
    """What pydantic found, at its place in the payload; its own names the tags of the unions, too."""
    if error["type"] == "union_tag_not_found":
        missing = error["ctx"]["discriminator"].strip("'")
        return Fault(f"/measure/{missing}", "Field required")
    tags = 3 if error["loc"][1] == "threshold" else 2
    return Fault(f"/measure/{error['loc'][tags]}", error["msg"].removeprefix("Value error, "))


def value_field(measure: AnyMeasure) -> str:
    """The field of a check-in that gives this measure's value."""
    match measure:
        case Metric() | Threshold() | Between():
            return "value"
        case Milestones():
            return "completed"
        case Boolean():
            return "done"
        case Zones():
            return "zone"
        case Graded():
            return "score"
        case _:
            assert_never(measure)
