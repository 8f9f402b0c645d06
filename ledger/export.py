"""The way out: the whole ledger as a file, one event a line with everything its leaf is made of, and its
texts.

The same ledger gives the same bytes, but for the signed note in the header. People's names and addresses go to a file
of their own, since they can be forgotten and an export cannot. `ledger.restoring` is the way back.
"""

from collections.abc import Iterator

import orjson

from ledger.envelope import StoredFact
from ledger.history_file import LEDGER, PEOPLE
from ledger.proofs.leaf import leaf_of
from ledger.proofs.tree import leaf_hash
from ledger.reader import Reader

_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE


def export_ledger(reader: Reader, upto: int, checkpoint: str | None = None) -> Iterator[bytes]:
    """The lines of the export, header first, of all events to a position; with the signed note that covers them."""
    yield header_line(checkpoint)
    for stored in reader.iterate_stored(upto=upto):
        yield event_line(stored)


def export_people(reader: Reader) -> Iterator[bytes]:
    """The lines of the people's file, header first."""
    yield orjson.dumps({"quarterdeck": PEOPLE}, option=_OPTIONS)
    for member, person in reader.people().items():
        line = {
            "member": member,
            "name": person.name,
            "email": person.email,
            "external_id": person.external_id,
            "source": person.source,
        }
        yield orjson.dumps(line, option=_OPTIONS)


def header_line(checkpoint: str | None) -> bytes:
    """The first line."""
    header = {"quarterdeck": LEDGER} | ({} if checkpoint is None else {"checkpoint": checkpoint})
    return orjson.dumps(header, option=_OPTIONS)


def event_line(stored: StoredFact) -> bytes:
    """The line of one event, with the hash of its leaf last."""
    return orjson.dumps(_event(stored), option=_OPTIONS)


def _event(stored: StoredFact) -> dict[str, object]:
    return {
        "position": stored.id,
        "id": stored.event_id,
        "type": stored.topic,
        "schema_version": stored.schema_version,
        "stream": stored.originator_id,
        "version": stored.originator_version,
        "effective_at": stored.effective_at,
        "reported_at": stored.reported_at,
        "recorded_at": stored.recorded_at,
        "actor": stored.actor,
        "on_behalf_of": stored.on_behalf_of,
        "data": orjson.loads(stored.state),
        "texts": orjson.loads(stored.texts),
        "leaf_hash": leaf_hash(leaf_of(stored)).hex(),
    }
