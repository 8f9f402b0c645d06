"""What made a score what it is: its change in parts, the goalposts that were moved, and what if."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from api.shapes.base import AsOf, Exact, Score, Shape, Text
from api.shapes.past import ScoreParts
from api.shapes.views import Board


class ExplainedEnd(Shape):
    """One of the two views; `score` is the official one, null where nothing is measured."""

    as_of: AsOf
    valid_at: datetime
    score: Score | None


class Explained(Shape):
    """A change of an official score, and its parts, which add up to it exactly."""

    model_config = ConfigDict(extra="forbid", serialize_by_alias=True)

    from_: ExplainedEnd = Field(alias="from")
    to: ExplainedEnd
    change: Exact
    parts: ScoreParts


class Goalpost(Shape):
    """One change of a measure, a weight, a commitment or a date once the cycle had started."""

    position: int
    effective_at: datetime
    actor: UUID
    kind: Literal["cycle", "objective", "key_result"]
    id: UUID
    field: Literal["measure", "weight", "commitment", "starts_on", "ends_on"]
    old: Any
    new: Any
    reason: Text | None
    score_effect: Exact


class Goalposts(Shape):
    """Every goalpost of a cycle that was moved, in the order in which they took effect."""

    items: list[Goalpost]
    as_of: AsOf
    valid_at: datetime


class Assumed(Shape):
    """What a board assumes: a policy, and that some events had not been."""

    policy: str
    without: list[int]


class AssumedBoard(Board):
    """The board under an assumption. `change`: its score less the one that stands; null counts as 0."""

    assumed: Assumed
    change: Exact
