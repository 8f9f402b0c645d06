"""The keys as admins see them: who made which, for what, and how each stands; never what it is.

When a key was made and revoked are instants of the ledger, so it may be shown as it stood at one. When it was last used
is kept beside the ledger, once and not for every instant.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from api.answers import strong
from domain.errors import NotFound
from domain.kernel import BEGINNING, Kind, Ref
from ledger.sql import load
from projections import questions
from projections.reading import Reading

_SQL = load("api", "issued.sql")

Key = dict[str, Any]


def keys(reading: Reading, limit: int, after: UUID | None = None) -> Sequence[Key]:
    """Keys in the order in which they were made, revoked and expired ones too."""
    return _keys(reading, limit, id=None, after=after)


def key(reading: Reading, id: UUID, *, as_it_is: bool = False) -> Key:
    """One key, with `as_of`; at the reading's clocks, or as it is now. Raises `NotFound`."""
    found = _keys(reading, 1, id=id, after=None, as_it_is=as_it_is)
    if not found:
        raise NotFound(f"There is no key {id}.")
    return {**found[0], "as_of": reading.stamp()}


def etag(reading: Reading, id: UUID) -> str | None:
    """The ETag of a key; `None` of one that no event tells of."""
    try:
        return strong(questions.etag(reading, Ref(Kind.KEY, id)))
    except NotFound:
        return None


def history(reading: Reading, id: UUID, limit: int, after: str | None) -> questions.Page:
    """What happened to a key, newest first; nothing to the one that was there before any event. Raises `NotFound`."""
    try:
        return questions.history(reading, Ref(Kind.KEY, id), limit, after)
    except NotFound:
        key(reading, id)
        return questions.Page([], None)


def _keys(
    reading: Reading, limit: int, *, id: UUID | None, after: UUID | None, as_it_is: bool = False
) -> Sequence[Key]:
    known, at = (None, None) if as_it_is else (_known(reading), reading.valid_at)
    return reading.rows(_SQL["keys"], known=known, at=at, limit=limit, id=id, after=after)


def _known(reading: Reading) -> datetime:
    """Up to when what happened is shown."""
    if not reading.explicit:
        return reading.valid_at
    return min(reading.recorded_at or BEGINNING, reading.valid_at)
