"""A book of things that have a stream each and show nothing but it."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, Generic, TypeVar

import orjson

from domain.kernel import Event, Fact, Fold
from domain.values import Redacted, plain
from projections.engine import Thing
from projections.output import Row
from projections.track import Key
from projections.world import World

S = TypeVar("S")


class StreamBook(Generic[S]):
    """Shows each state of a stream as one row; `show` makes it, in the order of `columns`."""

    def __init__(
        self, name: str, version: int, fold: Fold[S], columns: Sequence[str], show: Callable[[S], Row]
    ) -> None:
        self.name = name
        self.version = version
        self.table = f"{fold.kind.value}_versions"
        self.columns = tuple(columns)
        self.kinds = frozenset({fold.kind})
        self.events: tuple[type[Event], ...] = ()
        self._fold = fold
        self._show = show

    def things(self, fact: Fact[Any], world: World) -> Iterable[Thing]:  # noqa: ARG002
        """The thing itself."""
        return (Thing(fact.stream.id, fact.stream, fact.version == 1),)

    def keys_from(self, thing: Thing, key: Key, world: World) -> Sequence[Key]:
        """After each of its facts."""
        return world.track(self._fold, thing.stream).keys_from(key)

    def row(self, thing: Thing, key: Key, world: World) -> Row | None:
        """Its state, shown."""
        state = world.track(self._fold, thing.stream).after(key)
        return None if state is None else self._show(state)


def texts(**fields: str | Redacted | None) -> tuple[str | None, ...]:
    """The texts of a row: null where one was redacted, and last what stands there instead, as JSON or null."""
    if Redacted not in map(type, fields.values()):
        return (*fields.values(), None)  # type: ignore[arg-type]  # none is redacted, so all are plain
    redacted = {name: text.model_dump(mode="json") for name, text in fields.items() if isinstance(text, Redacted)}
    shown = tuple(None if isinstance(text, Redacted) else text for text in fields.values())
    return (*shown, to_json(redacted))


def to_json(value: Any) -> str:
    """JSON for a column, decimals as exact numbers."""
    if isinstance(value, Decimal):
        return plain(value)
    return orjson.dumps(value, default=_decimal).decode()


def _decimal(value: Any) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(plain(value))
    raise TypeError(f"cannot store {type(value).__name__} as JSON")
