"""One request of the demo: when it would have been made, by whom, and what it says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

_NAMESPACE = uuid5(NAMESPACE_URL, "quarterdeck:demo")


@dataclass(frozen=True, slots=True)
class Request:
    """One request, at the time when it would have been made; its body says when it took effect.

    `carries`: tokens for the key results that it makes, which later paths name them by, under the ids of
    those that they continue.
    """

    at: datetime
    name: str
    by: UUID | None
    method: str
    path: str
    body: Mapping[str, Any]
    carries: Mapping[str, str] = field(default_factory=dict)


def id_of(name: str) -> UUID:
    """The id of something of the demo's."""
    return uuid5(_NAMESPACE, name)


def asked(
    at: datetime,
    name: str,
    by: UUID | None,
    method: str,
    path: str,
    body: Mapping[str, Any],
    effective_at: datetime | None = None,
) -> Request:
    """A request; what it says takes effect at once unless it says when."""
    return Request(at, name, by, method, path, {**body, "effective_at": effective_at or at})


def at_hour(day: date, hour: int = 0) -> datetime:
    """An hour of a day."""
    return datetime.combine(day, time(hour), UTC)
