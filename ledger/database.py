"""Connections to PostgreSQL: whose role they take, what they are set to, and what an absent database means.

The server's connections run as the role `{schema}_app`, which can read and append and nothing else (migration
0005); the login that they are made with must be a member of it. Only migrating uses the login's own role.
Every failure to reach the database is `NotReady`: the caller tries again, nothing here does so blindly.
"""

import re
import select
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self, TypeAlias

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from domain.errors import NotReady
from ledger.watch import UNWATCHED, Watch

Connection: TypeAlias = psycopg.Connection[TupleRow]

POOL_SIZE = 12
PATIENCE = 5.0
"""Seconds to wait for a connection, new or from the pool, before a caller is told to try again."""

# 63 bytes is PostgreSQL's limit for a name; the longest that we derive ends in _shadow.
_SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,55}")

# A peer that vanished without a word is noticed in about half a minute, not in two hours.
_TRANSPORT: Mapping[str, Any] = {
    "connect_timeout": int(PATIENCE),
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


class Database:
    """The database and the schema in it that one ledger lives in. Connects on `open()`, not before."""

    def __init__(
        self, url: str, schema: str = "quarterdeck", *, pool_size: int = POOL_SIZE, patience: float = PATIENCE
    ) -> None:
        if not _SCHEMA.fullmatch(schema):
            raise ValueError(f"{schema!r} cannot name a schema here: use a-z, 0-9 and _, at most 56 of them")
        self.url = url
        self.schema = schema
        self.books = f"{schema}_books"
        self.shadow = f"{schema}_shadow"
        self.app_role = f"{schema}_app"
        self.watch: Watch = UNWATCHED
        self._conninfo = self._with_settings(
            role=self.app_role,
            search_path=f'"{self.books}","{schema}"',
            # A process that hangs in the middle of an append must not hold up all writers for long, and one whose
            # machine vanished must not keep a lease.
            idle_in_transaction_session_timeout="30s",
            tcp_keepalives_idle="10",
            tcp_keepalives_interval="5",
            tcp_keepalives_count="3",
            # Our tables grow from nothing: a plan from when they were small would read them whole.
            plan_cache_mode="force_custom_plan",
        )
        self._pool = ConnectionPool(
            self._conninfo,
            kwargs={"autocommit": True},
            min_size=0,  # connects when it is asked for, so a ledger may be opened before it is migrated
            max_size=pool_size,
            timeout=patience,
            # Its attempts come ever more rarely; given up early, the next caller begins them anew, and a database
            # that is back after an hour is found within seconds.
            reconnect_timeout=PATIENCE,
            open=False,
            name=f"quarterdeck-{schema}",
            check=_check,
        )

    def open(self) -> Self:
        """Starts the pool. It connects in the background: an absent database shows at the first use."""
        self._pool.open()
        return self

    def close(self) -> None:
        """Closes the pool; connections that are in use close when they are given back."""
        self._pool.close()

    def pool(self) -> tuple[int, int, int]:
        """Of the pool: its connections, those of them that nobody uses, and the callers that wait for one."""
        told = self._pool.get_stats()
        return told["pool_size"], told["pool_available"], told["requests_waiting"]

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A pooled connection of the app role, in autocommit; `with connection.transaction()` for more."""
        with reachable(), self._pool.connection() as connection:
            yield connection

    def dedicated(self) -> Connection:
        """A connection of the app role outside the pool, in autocommit, for locks and LISTEN. Close it."""
        with reachable():
            return psycopg.connect(self._conninfo, autocommit=True)

    @contextmanager
    def owner_connection(self) -> Iterator[Connection]:
        """A connection with the login's own role, in autocommit, whose search_path is the ledger's schema."""
        conninfo = self._with_settings(
            search_path=f'"{self.schema}",pg_temp',
            client_min_messages="warning",
            **{"quarterdeck.schema": self.schema},
        )
        with reachable(), psycopg.connect(conninfo, autocommit=True) as connection:
            yield connection

    def _with_settings(self, **settings: str) -> str:
        """The URL with what it leaves open, and with session settings, which it cannot change."""
        given = conninfo_to_dict(self.url)
        # Appends lock the head and then look at what was committed before, as only "read committed" can.
        settings |= {"timezone": "UTC", "default_transaction_isolation": "read committed"}
        options = " ".join(f"-c {name}={_escaped(value)}" for name, value in settings.items())
        given["options"] = f"{given.get('options') or ''} {options}".strip()
        return make_conninfo("", **{"application_name": "quarterdeck", **_TRANSPORT, **given})


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace(" ", "\\ ")


# What psycopg says when a database is away, or sends us away.
_AWAY = (
    psycopg.OperationalError,
    psycopg.errors.IdleInTransactionSessionTimeout,
    psycopg.errors.ReadOnlySqlTransaction,
)


@contextmanager
def reachable() -> Iterator[None]:
    """Turns every failure to reach the database into `NotReady`."""
    try:
        yield
    except (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable) as error:
        raise NotReady("This took the database too long, and was given up.") from error
    except _AWAY as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise NotReady(f"The database cannot be reached just now: {reason}") from error


def _check(connection: Connection) -> None:
    """Finds connections that broke in the pool, without a round trip for those that did not.

    The server says nothing on an idle connection until it closes it, so only a readable one is asked.
    """
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN)
        if not poll.poll(0):
            return
    ConnectionPool.check_connection(connection)
