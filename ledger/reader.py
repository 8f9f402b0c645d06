"""The questions that are asked of a ledger.

`Fact` is an event made ready for a fold; `StoredFact` is the row as it stands, for exports and proofs. Long
reads go by pages of positions: rows never change and positions have no gaps, so that is as good as one
snapshot, and no transaction stays open meanwhile.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Any, Literal, NamedTuple
from uuid import UUID

from domain.kernel import Fact, Kind, Person, Ref, Texts
from ledger.database import Database
from ledger.envelope import StoredFact
from ledger.mapper import EventMapper
from ledger.sql import load

SQL = load("ledger", "queries.sql")
PAGE = 2_000
PAGE_BYTES = 4_000_000
"""As the rows are stored, which is several times less than what is made of them."""

END = 2**63 - 1
"""A position after all that there can be."""

_ref = lru_cache(maxsize=50_000)(Ref.parse)


@lru_cache(maxsize=1_000)
def _actor(id: UUID) -> UUID:
    """The same; of one actor always the same object, however many facts name it."""
    return id


class Head(NamedTuple):
    """The last position, and when it was recorded: (0, `None`) of an empty ledger."""

    position: int
    recorded_at: datetime | None


class Taken(NamedTuple):
    """A request that was taken under an idempotency key, and what came of it."""

    key: str
    request_hash: bytes
    subject: str
    created: bool
    position: int
    recorded_at: datetime | None


class Reader:
    """Reads one ledger. Every method raises `NotReady` when the database cannot be reached."""

    def __init__(self, database: Database, mapper: EventMapper) -> None:
        self.database = database
        self.mapper = mapper

    def head(self) -> Head:
        """Where the ledger ends now."""
        return Head(*self._rows("head")[0])

    def position_at(self, instant: datetime) -> int:
        """The last position that was recorded by the instant; 0 if none was."""
        rows = self._rows("position_at", instant=instant)
        return int(rows[0][0]) if rows else 0

    def read_streams(self, streams: Sequence[Ref], upto: int | None = None) -> Mapping[Ref, list[Fact[Any]]]:
        """The facts of each stream in the order of recording, up to a position; empty for unknown ones."""
        found: dict[Ref, list[Fact[Any]]] = {stream: [] for stream in streams}
        for row in self._rows("facts_of_streams", streams=[str(stream) for stream in found], upto=upto):
            fact = self.fact(row)
            found[fact.stream].append(fact)
        return found

    def read_stream(self, stream: Ref, upto: int | None = None) -> list[Fact[Any]]:
        """The facts of one stream in the order of recording, up to a position if given."""
        return self.read_streams([stream], upto)[stream]

    def versions(self, streams: Sequence[Ref]) -> Mapping[Ref, int]:
        """How many events each stream has; nothing of those that are not there."""
        rows = self._rows("versions", streams=[str(stream) for stream in streams]) if streams else ()
        return {_ref(stream): version for stream, version in rows}

    def read_after(self, position: int, limit: int, upto: int = END) -> list[Fact[Any]]:
        """Up to `limit` facts after the position, in order."""
        return [self.fact(row) for row in self._rows("facts_after", after=position, upto=upto, limit=limit)]

    def iterate(self, after: int = 0, upto: int | None = None) -> Iterator[Fact[Any]]:
        """All facts after a position, to another or to the head as it is at the start."""
        end = self.head().position if upto is None else upto
        return chain.from_iterable(
            self.read_after(start, PAGE, min(start + PAGE, end)) for start in range(after, end, PAGE)
        )

    def stored_after(
        self, position: int, limit: int, upto: int = END, types: Sequence[str] | None = None
    ) -> list[StoredFact]:
        """Up to `limit` rows after the position as they are stored, of those types only if given."""
        some = None if types is None else list(types)
        rows = self._rows("rows_after", after=position, upto=upto, limit=limit, types=some)
        return [_stored(row) for row in rows]

    def iterate_stored(self, after: int = 0, upto: int | None = None) -> Iterator[StoredFact]:
        """All rows as they are stored, to a position or to the head as it is at the start.

        Of large rows fewer are read at once: an event may be as large as a request's body.
        """
        end = self.head().position if upto is None else upto
        while page := self._rows("rows_within", after=after, upto=end, limit=PAGE, bytes=PAGE_BYTES):
            yield from map(_stored, page)
            after = page[-1][2]

    def stored_of(
        self, stream: str, after: int, upto: int | None, limit: int | None, *, newest_first: bool
    ) -> list[StoredFact]:
        """The rows of one stream whose versions lie after `after` and up to `upto`."""
        name = "rows_of_stream_newest_first" if newest_first else "rows_of_stream"
        versions = {"after": after, "upto": END if upto is None else upto}
        return [_stored(row) for row in self._rows(name, stream=stream, limit=limit, **versions)]

    def children(self, parent: Ref, kind: Kind) -> list[UUID]:
        """Everything of a kind ever attached to the parent, oldest first."""
        return self.children_of([(parent, kind)])[parent, kind]

    def children_of(self, wanted: Sequence[tuple[Ref, Kind]]) -> Mapping[tuple[Ref, Kind], list[UUID]]:
        """The same of each of many (parent, kind)."""
        found: dict[tuple[Ref, Kind], list[UUID]] = {one: [] for one in wanted}
        parents, kinds = [str(parent) for parent, _ in wanted], [kind.value for _, kind in wanted]
        for parent, kind, child in self._rows("children_of", parents=parents, kinds=kinds) if wanted else ():
            found[_ref(parent), Kind(kind)].append(child)
        return found

    def last_effective_in(self, cycle: UUID) -> datetime | None:
        """When the latest event that changed a goal of the cycle took effect."""
        latest: datetime | None = self._rows("last_effective_in", cycle=cycle)[0][0]
        return latest

    def holder(self, scope: str, value: str) -> Ref | None:
        """What holds a unique name."""
        rows = self._rows("holder", scope=scope, value=value)
        return Ref.parse(rows[0][0]) if rows else None

    def texts_at(self, position: int) -> Texts | None:
        """Where the free texts of an event stand, redacted ones included; `None` beyond the head."""
        rows = self._rows("texts_at", position=position)
        return Texts(rows[0][0], rows[0][1], tuple(rows[0][2])) if rows else None

    def holders(self, names: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Ref | None]:
        """What holds each of many unique names, given as (scope, value)."""
        found: dict[tuple[str, str], Ref | None] = dict.fromkeys(names)
        scopes, values = [scope for scope, _ in names], [value for _, value in names]
        for scope, value, stream in self._rows("holders", scopes=scopes, values=values) if names else ():
            found[scope, value] = Ref.parse(stream)
        return found

    def people(self, members: Sequence[UUID] | None = None) -> Mapping[UUID, Person]:
        """The personal data of some members, or of all; erased ones are left out."""
        rows = self._rows("people", members=None if members is None else list(members))
        return {member: Person(*rest) for member, *rest in rows}

    def person(self, member: UUID) -> Person | None:
        """A member's personal data, unless erased."""
        return self.people([member]).get(member)

    def key_beside(self, id: UUID) -> Literal["active", "revoked"] | None:
        """How a key stands that is kept beside the ledger, whether or not any event tells of it."""
        rows = self._rows("key_beside", id=id)
        return rows[0][0] if rows else None

    def taken(self, scope: str, keys: Sequence[str]) -> list[Taken]:
        """What became of the requests that some idempotency keys of a scope were used for."""
        return [Taken(*row) for row in self._rows("taken", scope=scope, keys=list(keys))]

    def _rows(self, query: str, **parameters: Any) -> list[Any]:
        with self.database.connection() as connection:
            return connection.execute(SQL[query], parameters, binary=True).fetchall()

    def fact(self, row: Any) -> Fact[Any]:
        """A row of the queries for facts as a fact."""
        stream, version, position, type_, schema_version, data, texts, effective_at, recorded_at, actor, *rest = row
        event = self.mapper.read(type_, schema_version, data, texts)
        if effective_at == recorded_at:  # as nearly always: one will do
            effective_at = recorded_at
        return Fact(_ref(stream), version, position, event, effective_at, recorded_at, _actor(actor), *rest)


def _stored(row: Any) -> StoredFact:
    return StoredFact(
        originator_id=row[0],
        originator_version=row[1],
        id=row[2],
        topic=row[3],
        schema_version=row[4],
        state=row[5].encode(),
        texts=row[6].encode(),
        effective_at=row[7],
        recorded_at=row[8],
        actor=row[9],
        on_behalf_of=row[10],
        reported_at=row[11],
        event_id=row[12],
        correlation_id=row[13],
    )
