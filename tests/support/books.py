"""A real ledger with given facts in it, at given positions and times, and books made of it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson

from domain.catalogue import EVENTS
from domain.kernel import Fact
from ledger.database import Database
from ledger.envelope import StoredFact
from ledger.exported import Exported, Surroundings
from ledger.mapper import EventMapper
from ledger.recorder import LedgerRecorder
from projections import questions
from projections.projector import Projector
from projections.reading import Books

MAPPER = EventMapper(EVENTS)


def restore(recorder: LedgerRecorder, facts: Sequence[Fact[Any]]) -> None:
    """Puts facts into an empty ledger as they are."""
    recorder.restore(Surroundings().append_of([Exported(_stored(fact), fact) for fact in facts]))


def _stored(fact: Fact[Any]) -> StoredFact:
    type_, schema_version, data, texts = MAPPER.to_stored(fact.event)
    assert fact.id is not None
    return StoredFact(
        originator_id=str(fact.stream),
        originator_version=fact.version,
        id=fact.position,
        topic=type_,
        state=orjson.dumps(data),
        event_id=fact.id,
        schema_version=schema_version,
        texts=orjson.dumps(texts),
        actor=fact.actor,
        on_behalf_of=None,
        correlation_id=None,
        effective_at=fact.effective_at,
        reported_at=fact.reported_at,
        recorded_at=fact.recorded_at,
    )


@contextmanager
def recording(database: Database) -> Iterator[LedgerRecorder]:
    """The recorder of a database."""
    recorder = LedgerRecorder(database, MAPPER)
    try:
        yield recorder
    finally:
        recorder.close()


@contextmanager
def projecting(database: Database, recorder: LedgerRecorder) -> Iterator[tuple[Projector, Books]]:
    """A projector that is not started, and the books it writes."""
    books = Books(database, recorder)
    projector = Projector(database, recorder, books.reached)
    try:
        yield projector, books
    finally:
        projector.stop()


def score_of_the_company(books: Books) -> Any:
    """The score of the first quarter of `company`."""
    with books.reading() as reading:
        return questions.board(reading, reading.cycle_named("2026-Q1"))["score"]
