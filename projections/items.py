"""Events as a history shows them: who, when, what it says in a sentence, and what it changed.

Old and new values are those of the fold at the two clocks: an event that was backdated shows what it changed at its
own place, among what was known then.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel

from domain.catalogue import FOLDS
from domain.kernel import Fact, Ref, fact_key
from domain.kpi.events import BenchmarkSet, TargetSet
from domain.kpi.state import Benchmark, Kpi, benchmark_of, target_of
from domain.redaction.events import TextRedacted
from domain.values import Redacted
from ledger.sql import load
from projections.reading import Reading
from projections.sentences import sentence
from projections.shapes import Shape

SQL = load("projections", "trail.sql")


def facts_of(reading: Reading, query: str, **parameters: Any) -> list[Fact[Any]]:
    """The facts of one of the queries of `trail.sql`."""
    clocks = {"as_of": reading.position, "valid_at": reading.valid_at}
    rows = reading.connection.execute(SQL[query], clocks | parameters, binary=True).fetchall()
    return [reading.reader.fact(row) for row in rows]


def told(stream: Ref, facts: Sequence[Fact[Any]]) -> list[Shape]:
    """The items of one stream's facts, in the fold's order."""
    return [item(fact, changes_of(fact, before, after)) for fact, before, after in _steps(stream, facts)]


def redacted(fact: Fact[Any]) -> Shape:
    """The item of a redaction."""
    return item(fact, [{"field": pointer.lstrip("/"), "old": None, "new": None} for pointer in fact.event.pointers])


def item(fact: Fact[Any], changes: list[Shape]) -> Shape:
    """An event as a history shows it; a redaction is about the thing whose text it was."""
    subject = Ref.parse(fact.event.stream) if isinstance(fact.event, TextRedacted) else fact.stream
    return {
        "position": fact.position,
        "recorded_at": fact.recorded_at,
        "effective_at": fact.effective_at,
        "reported_at": fact.reported_at,
        "actor": fact.actor,
        "on_behalf_of": fact.on_behalf_of,
        "type": fact.event.TOPIC,
        "kind": subject.kind,
        "id": subject.id,
        "version": fact.version,
        "reason": _shown(getattr(fact.event, "reason", None)),
        "summary": sentence(fact, changes),
        "changes": changes,
    }


def changes_of(fact: Fact[Any], before: Any, after: Any) -> list[Shape]:
    """What the fact changed: `[{field, old, new}]`, a check-in's fields as they read before and after."""
    event = fact.event
    if isinstance(event, TargetSet):
        return [_change("target", _plain(before.target_on(event.since)), _plain(target_of(event)))]
    if isinstance(event, BenchmarkSet):
        return [_change("benchmark", _plain(_of_name(before, event.name)), _plain(benchmark_of(event)))]
    check_in = getattr(event, "check_in", None)
    if check_in is not None:
        before, after = (state.check_in(check_in) if state else None for state in (before, after))
    old, new = _fields(before), _fields(after)
    return [
        _change(name, _shown(old.get(name)), _shown(new.get(name)))
        for name in new
        if name not in _INNER and (old.get(name) != new.get(name))
    ]


def _steps(stream: Ref, facts: Sequence[Fact[Any]]) -> Iterator[tuple[Fact[Any], Any, Any]]:
    """Each fact with the state before and after it, in the fold's order."""
    fold, state = FOLDS[stream.kind], None
    for fact in sorted((fact for fact in facts if fact.stream == stream), key=fact_key):
        before, state = state, fold.evolve(state, fact)
        yield fact, before, state


def _change(field: str, old: Any, new: Any) -> Shape:
    return {"field": field, "old": old, "new": new}


def _of_name(kpi: Kpi, name: str) -> Benchmark | None:
    return next((benchmark for benchmark in reversed(kpi.benchmarks) if benchmark.name == name), None)


def _plain(dated: Any) -> Shape | None:
    """A target or a benchmark with its days named as they are asked for."""
    if dated is None:
        return None
    fields = asdict(dated)
    return {"from": fields.pop("since"), "to": fields.pop("until"), **fields}


_INNER = {
    *("id", "key", "field", "state_since", "began_at", "typed_since", "check_ins", "closings", "actor"),
    *("links", "targets", "benchmarks", "issued_at"),
}
"""What a state keeps for its own decisions, and what is told of otherwise."""


def _fields(state: Any) -> dict[str, Any]:
    if state is None:
        return {}
    cls: Any = type(state)
    names = cls._fields if issubclass(cls, tuple) else cls.__slots__
    fields = {name: getattr(state, name) for name in names}
    return fields | {"kpi": state.kpi} if "links" in fields else fields


def _shown(value: Any) -> Any:
    match value:
        case Redacted() | BaseModel():
            return value.model_dump()
        case tuple() | list():
            return [_shown(each) for each in value]
        case dict():
            return [{"member": member, "role": role} for member, role in value.items()]
        case datetime() | date():
            return value
        case _:
            return asdict(value) if hasattr(value, "__dataclass_fields__") else value
