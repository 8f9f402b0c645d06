"""What many lines of an import come to: one append, and the keys of the lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from ledger.append import Append, Appended, Idempotency


@dataclass(frozen=True, slots=True)
class TakenLine:
    """A line's key. `after`: how many of the append's events are its own or come before."""

    key: Idempotency
    after: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """An append, which has no key of its own, and the lines that it stands for."""

    append: Append
    lines: Sequence[TakenLine]

    def lines_json(self, appended: Appended) -> str:
        """The argument of `take_lines` (migration 0011), once it is known where the events are."""
        before = appended.position - appended.count
        return orjson.dumps([_line(line.key, before + line.after) for line in self.lines]).decode()


def _line(key: Idempotency, position: int) -> dict[str, Any]:
    return {
        "scope": key.scope,
        "key": key.key,
        "request_hash": key.request_hash.hex(),
        "subject": key.subject,
        "created": key.created,
        "position": position,
    }
