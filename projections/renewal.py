"""Writing what a stream tells of anew, now that a text of it is gone.

A row holds the texts of its version, so every version that a redacted stream tells of is made again, just as it was
made the first time: all that it depends on is taken in from the beginning, in the order of recording.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from domain.kernel import Fact, Kind, Ref
from domain.redaction.events import TextRedacted
from ledger.database import Connection
from ledger.reader import Reader
from projections import store
from projections.engine import Engine, LogBook, Standing
from projections.shelf import BOOKS
from projections.world import BLANK, World


def redacted(facts: Iterable[Fact[Any]]) -> set[Ref]:
    """The streams of which some facts tell that a text was redacted."""
    return {Ref.parse(fact.event.stream) for fact in facts if isinstance(fact.event, TextRedacted)}


def renew(connection: Connection, reader: Reader, ref: Ref, upto: int) -> None:
    """Writes every version of what a stream tells of anew, as of a position."""
    facts = sorted(
        (fact for stream in reader.read_streams(_behind(reader, ref, upto), upto).values() for fact in stream),
        key=lambda fact: fact.position,
    )
    engine = Engine([Standing(book) for book in BOOKS], World(BLANK))
    told: dict[str, set[UUID]] = {book.name: set() for book in BOOKS}
    for fact in facts:
        for book in BOOKS if fact.stream == ref else ():
            if fact.stream.kind in book.kinds:
                told[book.name] |= _told(book, fact, engine.world)
    output = engine.take(facts)
    for standing in engine.standings:
        book, ids = standing.book, told[standing.book.name]
        if ids:
            store.delete(connection, book, list(ids))
            store.copy_rows(connection, book, [one for one in output[book.name].opened if one.id in ids])


def _told(book: Any, fact: Any, world: World) -> set[UUID]:
    """The things of a book that show texts of the fact's stream.

    The objectives of a key result are among them, since a version of theirs stands for one of its (decision 21).
    """
    if isinstance(book, LogBook):
        return {fact.stream.id}
    if fact.stream.kind is Kind.MEASUREMENTS:
        return set()
    below = fact.stream.kind is Kind.KEY_RESULT
    return {thing.id for thing in book.things(fact, world) if below or thing.stream == fact.stream}


def _behind(reader: Reader, ref: Ref, upto: int) -> list[Ref]:
    """The stream and everything that the rows it tells of depend on."""
    world = World(store.source(reader, lambda: upto))
    kpis: Iterable[UUID]
    if ref.kind is Kind.MEASUREMENTS:
        kpis = {fact.event.kpi for fact in reader.read_stream(ref, upto)}
    else:
        world.load(reader.read_stream(ref, upto))
        kpis = world.measured()
    streams = {ref, *world.streams()}
    for kpi in kpis:
        parent = Ref(Kind.KPI, kpi)
        streams |= {parent} | {Ref(Kind.MEASUREMENTS, id) for id in reader.children(parent, Kind.MEASUREMENTS)}
    return list(streams)
