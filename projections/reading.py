"""The two clocks of a read, and waiting for what was written.

    as_of     what the ledger had recorded by then: a position, an instant, or a date (the end of that day)
    valid_at  what was in effect then: an instant or a date

A `Reading` is one answer's view: a position that the books have reached, an instant, and a snapshot of the
database. Rows say from which position to which they are known, so everything that is asked through one reading is
of one position, whatever is written meanwhile.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, LiteralString, NamedTuple, Protocol
from uuid import UUID

import psycopg
from psycopg import IsolationLevel
from psycopg.rows import dict_row

from domain.errors import NotFound, NotReady, invalid
from domain.scoring import end_of
from domain.values import _DAY, _INSTANT
from ledger.database import Connection, Database
from ledger.reader import Reader
from ledger.sql import load
from projections.arrivals import Arrivals
from projections.forms import BYTES, TEXTS, Exact, Form
from projections.remembered import Remembered

SQL = load("projections", "reading.sql")
PATIENCE = 5.0
_LOST = 1_000
"""Events by which a crash may set the books back, at most: what was recorded in its last 0.6 seconds (decision 16)."""
POSITION = re.compile(r"0|[1-9][0-9]{0,17}")


@dataclass(slots=True)
class Reading:
    """One answer's view. `explicit`: whether `as_of` was asked for; `replica`: whether it is of a replica."""

    connection: Connection
    reader: Reader
    position: int
    recorded_at: datetime | None
    valid_at: datetime
    explicit: bool = False
    replica: bool = False
    memo: dict[Any, Any] = field(default_factory=dict)
    remembered: Remembered = field(default_factory=Remembered)

    def rows(self, query: LiteralString, **parameters: Any) -> list[dict[str, Any]]:
        """The rows of a query, which may name `as_of` and `valid_at`."""
        clocks = {"as_of": self.position, "valid_at": self.valid_at}
        with self.connection.cursor(row_factory=dict_row) as cursor:
            cursor.adapters.register_loader("jsonb", Exact)
            return cursor.execute(query, clocks | parameters).fetchall()

    def texts(self, query: LiteralString, **parameters: Any) -> list[tuple[Any, ...]]:
        """The same as tuples whose ids, numbers and JSON are texts, as the database writes them."""
        return self._tuples(query, parameters, TEXTS)

    def raw(self, query: LiteralString, **parameters: Any) -> list[tuple[Any, ...]]:
        """The same as tuples whose ids and instants are bytes, which tell them apart and cost nothing."""
        return self._tuples(query, parameters, BYTES)

    def _tuples(self, query: LiteralString, parameters: dict[str, Any], form: Form) -> list[tuple[Any, ...]]:
        clocks = {"as_of": self.position, "valid_at": self.valid_at}
        with self.connection.cursor() as cursor:
            for name in form.types:
                cursor.adapters.register_loader(name, form.loader)
            return cursor.execute(query, clocks | parameters, binary=form.binary).fetchall()

    def value(self, query: LiteralString, **parameters: Any) -> Any:
        """The first column of the first row; `None` without one."""
        row = next(iter(self.rows(query, **parameters)), None)
        return next(iter(row.values())) if row else None

    def stamp(self) -> dict[str, Any]:
        """What the answer reflects: `{position, recorded_at}`."""
        return {"position": self.position, "recorded_at": self.recorded_at}

    def cycle_named(self, named: str | UUID) -> UUID:
        """The id of a cycle named by id or label. Raises `NotFound`."""
        if isinstance(named, UUID):
            return named
        try:
            return UUID(named)
        except ValueError:
            pass
        id: UUID | None = self.value(SQL["label"], label=named) if "\x00" not in named else None
        if id is None:
            raise NotFound(f"There is no cycle {named}.")
        return id


class Reads(Protocol):
    """Who hands out readings: the books themselves, or a replica before them."""

    def reading(
        self, as_of: str | None = None, valid_at: str | None = None, *, min_position: int | None = None
    ) -> AbstractContextManager[Reading]:
        """A view at the two clocks. Raises `Invalid`, `NotReady`."""


class Books:
    """The way to read: hands out readings, and knows how far the books are."""

    def __init__(self, database: Database, reader: Reader) -> None:
        self.database = database
        self.reader = reader
        self.remembered = Remembered()
        self._arrivals = Arrivals()
        self._listened = False
        self._missed = False

    def reached(self, position: int) -> None:
        """The books have come to a position; whoever waits for it goes on. The projector calls this."""
        self._arrivals.reached(position)

    def told(self, position: int) -> None:
        """Another process says that its projector has brought the books so far; 0 if something may have been missed."""
        if position == 0:
            self._missed, self._listened = self._listened, True
        self._arrivals.told(position, self.position)

    @property
    def stands(self) -> int:
        """Where the books were when they were last heard of."""
        return self._arrivals.stands

    def on_arrival(self, callback: Callable[[int], object]) -> Callable[[], None]:
        """Calls back, in any thread, whenever it is heard where the books are; call the answer to end that."""
        return self._arrivals.listen(callback)

    def wait_for(self, position: int, timeout: float | None = None) -> int:
        """Waits until the books have reached a position; answers where they are.

        Raises `NotReady` after `timeout` seconds, or `PATIENCE`.
        """
        stands = self._arrivals.wait_for(position, PATIENCE if timeout is None else timeout, self.position)
        if stands < position:
            raise NotReady(f"The books are at {stands} and have not reached {position} yet.", slug="books_behind")
        return stands

    def position(self) -> int:
        """Where the books are: the position that all of them have taken."""
        with self.database.connection() as connection:
            try:
                row = connection.execute(SQL["positions"]).fetchone()
            except psycopg.errors.UndefinedTable:
                return 0
        return row[0] or 0 if row else 0

    @contextmanager
    def reading(
        self, as_of: str | None = None, valid_at: str | None = None, *, min_position: int | None = None
    ) -> Iterator[Reading]:
        """A view at the two clocks, as a client writes them. Raises `Invalid`, `NotReady`.

        Without `as_of` it shows what any write that was answered has written, also where a crash has set the books back
        since: then it is `NotReady` until they are there again.
        """
        if min_position is not None:
            self.wait_for(min_position)
        with ExitStack() as stack:
            seen = self._arrivals.furthest if as_of is None else 0  # before the snapshot, which must show it
            connection = stack.enter_context(snapshot(self.database))
            stands, head, now, stopped = self._stand(connection)
            if self._missed and as_of is None:
                self._missed = False
                if stands < head <= stands + _LOST and not stopped:
                    # PostgreSQL may have crashed: what other servers had answered by then is in the ledger.
                    seen = head
                    self._arrivals.expect(head)
                    stack.close()
                    self.wait_for(head)
                    connection = stack.enter_context(snapshot(self.database))
                    stands, head, now, stopped = self._stand(connection)
            self._check(stands, max(min_position or 0, 0 if stopped else min(seen, head)))
            position, explicit = _position(connection, as_of, stands, head, now)
            if position > stands:
                stack.close()
                self.wait_for(position)
                connection = stack.enter_context(snapshot(self.database))
                self._check(self._stand(connection)[0], position)
            found = view(connection, self.reader, Asked(position, explicit, now), valid_at)
            yield replace(found, remembered=self.remembered)

    @contextmanager
    def reading_at(self, position: int, valid_at: datetime | None) -> Iterator[Reading]:
        """The view that a write's answer is made from: at its position and, of that, the instant."""
        self.wait_for(position)
        with snapshot(self.database) as connection:
            recorded_at, stands = _recorded_at(connection, position)
            self._check(stands, position)
            at = valid_at or recorded_at or datetime.now(UTC)
            yield Reading(connection, self.reader, position, recorded_at, at, explicit=True)

    def _check(self, stands: int, position: int) -> None:
        """Raises `NotReady` where the books were said to be further: a crash set them back (decision 16)."""
        if stands < position:
            self._arrivals.set_back(stands)
            raise NotReady(f"The books were set back to {stands}, before {position}.", slug="books_behind")

    def _stand(self, connection: Connection) -> tuple[int, int, datetime, bool]:
        """Where the books are, the ledger's head, the clock, and whether a book is stopped, and so all are behind."""
        try:
            row = connection.execute(SQL["positions"]).fetchone()
        except psycopg.errors.UndefinedTable:
            raise NotReady("The books are not there yet.", slug="books_behind") from None
        assert row is not None  # noqa: S101
        return row[0] or 0, row[1], row[2], row[3]


@contextmanager
def _of_this_version() -> Iterator[None]:
    try:
        yield
    except (psycopg.errors.UndefinedColumn, psycopg.errors.UndefinedTable) as error:
        raise NotReady(
            "The books are of another version of the program and are being rebuilt.", slug="books_behind"
        ) from error


@contextmanager
def snapshot(database: Database) -> Iterator[Connection]:
    """A transaction that sees the database as it is at its first statement, and only reads."""
    with database.connection() as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        try:
            with _of_this_version(), connection.transaction():
                yield connection
        finally:
            if not connection.closed:
                connection.isolation_level = None
                connection.read_only = None


class Asked(NamedTuple):
    """What `as_of` came to: a position, whether it named one, and the database's clock."""

    position: int
    explicit: bool
    now: datetime


def view(
    connection: Connection, reader: Reader, asked: Asked, valid_at: str | None, *, replica: bool = False
) -> Reading:
    """The view of a snapshot in which the books have reached the position. Raises `Invalid` for a bad `valid_at`."""
    recorded_at, _ = _recorded_at(connection, asked.position)
    latest = max(asked.now, recorded_at) if recorded_at else asked.now
    at = latest if valid_at is None else instant_of("valid_at", valid_at)
    return Reading(connection, reader, asked.position, recorded_at, at, asked.explicit, replica)


def _recorded_at(connection: Connection, position: int) -> tuple[datetime | None, int]:
    """When a position was recorded, and where the books of this snapshot are."""
    row: Any = connection.execute(SQL["recorded_at"], {"position": position}).fetchone()
    return row[0], row[1]


def _position(connection: Connection, as_of: str | None, stands: int, head: int, now: datetime) -> tuple[int, bool]:
    """The position that `as_of` names, and whether it names one."""
    if as_of is None:
        return stands, False
    if POSITION.fullmatch(as_of):
        position = int(as_of)
        if position > head:
            raise invalid("/as_of", f"lies beyond the ledger's head, which is {head}", slug="as_of_beyond_head")
        return position, True
    if as_of == now.date().isoformat():
        return stands, False
    instant = instant_of("as_of", as_of, "a position, ")
    if instant > now:
        raise invalid("/as_of", "lies in the future", slug="as_of_in_future")
    return position_at(connection, instant), True


def position_at(connection: Connection, instant: datetime) -> int:
    """The last position recorded by an instant; 0 if none was."""
    row = connection.execute(SQL["position_at"], {"instant": instant}).fetchone()
    return row[0] if row else 0


def instant_of(name: str, text: str, more: str = "") -> datetime:
    """An instant, or the end of a day."""
    try:
        if _DAY.fullmatch(text):
            return end_of(date.fromisoformat(text))
        if _INSTANT.fullmatch(text):
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise invalid(f"/{name}", f"{text} is not in the calendar") from None
    raise invalid(f"/{name}", f"must be {more}an instant such as 2026-03-31T12:00:00Z, or a date such as 2026-03-31")
