"""A cycle as a sequence of frames."""

from datetime import datetime
from typing import Any
from uuid import UUID

from api.shapes.base import Score, Shape, Text


class FrameChange(Shape):
    """What one field of one thing was and became. Of a KPI the field is the day that was measured."""

    kind: str
    id: UUID
    field: str
    old: Any
    new: Any


class Frame(Shape):
    """One event of a cycle (of measurements: one point), and the cycle's score before and after it."""

    position: int
    recorded_at: datetime
    effective_at: datetime
    actor: UUID
    type: str
    reason: Text | None
    summary: str
    changes: list[FrameChange]
    score_before: Score | None
    score_after: Score | None
