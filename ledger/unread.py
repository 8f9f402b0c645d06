"""A reader of nothing, for decisions that are to be made of what is in memory, or not at all."""

from typing import Any

from ledger.reader import Reader


class MustRead(Exception):
    """What was asked is not in memory."""


class Unread(Reader):
    """Every question is one too many."""

    def _rows(self, query: str, **parameters: Any) -> list[Any]:  # noqa: ARG002
        raise MustRead(query)
