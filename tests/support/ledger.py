"""A tiny catalogue of events, and builders for appends of them, for tests of the ledger itself."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, ClassVar, Literal
from uuid import UUID, uuid4

from pydantic import BaseModel

from domain.kernel import Event, Kind, Ref
from domain.values import Label, Number, Text
from ledger.append import Append, Idempotency
from ledger.envelope import Recordable, StoredFact
from ledger.mapper import EventMapper

ACTOR = UUID(int=1)


class Noted(Event):
    """Something was noted."""

    TOPIC: ClassVar[str] = "test.noted"

    note: Text | None = None
    number: Number | None = None
    label: Label | None = None


class Slow(Noted):
    """The same; a test may make its commits slow."""

    TOPIC: ClassVar[str] = "test.slow"


class Plain(BaseModel):
    type: Literal["plain"] = "plain"
    unit: str | None = None


class Step(BaseModel):
    title: Text
    weight: Number | None = None


class Steps(BaseModel):
    type: Literal["steps"] = "steps"
    steps: tuple[Step, ...] = ()


class Measured(Event):
    """Free texts at every depth."""

    TOPIC: ClassVar[str] = "test.measured"
    VERSION: ClassVar[int] = 3

    title: Text
    measure: Plain | Steps | None = None
    remarks: tuple[Text, ...] = ()
    by_name: dict[str, Text] | None = None
    labels: tuple[Label, ...] = ()

    @staticmethod
    def upcast(version: int, data: dict[str, Any]) -> dict[str, Any]:
        """Version 1 called the title a name; version 2 had one remark."""
        if version == 1:
            data["title"] = data.pop("name")
        if "remark" in data:
            data["remarks"] = [data.pop("remark")]
        return data


MAPPER = EventMapper({event.TOPIC: event for event in (Noted, Slow, Measured)})


def objective() -> Ref:
    """A stream that nobody has written to."""
    return Ref(Kind.OBJECTIVE, uuid4())


def stored(stream: Ref, version: int, event: Event | None = None, **fields: Any) -> StoredFact:
    """An event ready to append."""
    recordable = Recordable(
        originator_id=str(stream),
        originator_version=version,
        event=Noted(note="a note") if event is None else event,
        event_id=uuid4(),
        actor=ACTOR,
        **fields,
    )
    return MAPPER.to_stored_event(recordable)


def append(stream: Ref, *versions: int, event: Event | None = None, **conditions: Any) -> Append:
    """An append of one event for each version."""
    return Append(events=[stored(stream, version, event) for version in versions], **conditions)


def key(name: str, request: bytes = b"request", subject: str | None = "objective/1") -> Idempotency:
    return Idempotency("a credential", name, request, subject, created=True)


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def is_gapless(positions: Sequence[int]) -> bool:
    """Whether they are 1, 2, 3, … in order."""
    return list(positions) == list(range(1, len(positions) + 1))


def strictly_increasing(values: Sequence[Any]) -> bool:
    return all(before < after for before, after in pairwise(values))


def in_threads(count: int, work: Callable[[int], Any]) -> list[Any]:
    """The results of `work(0)`, `work(1)`, … run at once; the first error is raised."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))
