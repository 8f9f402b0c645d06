"""What all shapes have in common, and what stands beside a resource in an answer."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

Exact = Annotated[Decimal, WithJsonSchema({"type": "number"})]
Score = Annotated[
    Decimal,
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1, "description": "at most six decimals"}),
]
Progress = Annotated[
    Decimal,
    WithJsonSchema({"type": "number", "description": "unclamped: may be below 0 or above 1; six decimals"}),
]
Status = Literal["pending", "on_track", "at_risk", "off_track"]


class Shape(BaseModel):
    """The base of them all: every field is there, and no other."""

    model_config = ConfigDict(extra="forbid")


class Redacted(Shape):
    """What stands where a free text was redacted."""

    redacted: Literal[True]
    at: datetime
    reason: str


Text = str | Redacted


class AsOf(Shape):
    """What an answer reflects."""

    position: int = Field(ge=0)
    recorded_at: datetime | None


class Accepted(Shape):
    """The answer to a write with `Prefer: respond-async`: it is done, and this is where to read it."""

    id: UUID
    kind: str
    position: int
    recorded_at: datetime | None
    advice: list[str]


class AcceptedKey(Accepted):
    """The same for a key that was made: `key` is not seen again, and null where the answer is given again."""

    key: str | None


class Fault(Shape):
    """One place in a request that is at fault."""

    pointer: str
    detail: str


class Problem(BaseModel):
    """Why a request was refused (RFC 9457). `type` leads to a page about it."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    errors: list[Fault] | None = None


class Health(Shape):
    """How the server is. `note`: what is not well but keeps nobody from being answered."""

    status: Literal["alive", "ready"]
    note: str | None = None
