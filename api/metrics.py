"""What is counted, for Prometheus: `GET /metrics`, in a registry of the server's own.

Counting is a few additions on the way of a request. How far the books and the sealer are is asked when somebody looks,
by one query that reads single rows; nothing is scanned. Every label has few values: templates of routes and not paths,
slugs of the table of problems, names of books, the outcomes that an append can have.
"""

import platform
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from typing import Any

import psycopg
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from psycopg.rows import dict_row

from api.tally import registry_of
from domain.errors import NotReady
from ledger.append import Appended, Outcome
from ledger.database import Database
from ledger.sql import load

_SQL = load("api", "metrics.sql")
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_COMMANDS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """The figures of one server. `registry` has them all; with several workers, what all of them counted."""

    def __init__(self, database: Database) -> None:
        registry = CollectorRegistry()
        self.registry = registry_of(registry)
        self._events = Counter("quarterdeck_events", "Events that this server appended.", registry=registry)
        self._commands = Counter(
            "quarterdeck_commands", "Commands that came to be appended, by outcome.", ["outcome"], registry=registry
        )
        self._batch = Histogram(
            "quarterdeck_append_commands", "Commands in one commit.", buckets=_COMMANDS, registry=registry
        )
        self._commit = Histogram(
            "quarterdeck_append_seconds", "Time of one commit, of however many commands.",
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._requests = Counter(
            "quarterdeck_http_requests", "Requests that were answered.", ["route", "method", "status"],
            registry=registry,
        )  # fmt: skip
        self._durations = Histogram(
            "quarterdeck_http_request_seconds", "Time from a request's head to the end of its answer.",
            ["route", "method"], buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._refusals = Counter("quarterdeck_refusals", "Refused requests, by slug.", ["slug"], registry=registry)
        self._answered: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        """Of each label set that there was, what counts it: to look that up by labels takes five times as long."""
        self.in_flight = Gauge(
            "quarterdeck_http_requests_in_flight", "Requests in hand.", registry=registry, multiprocess_mode="livesum"
        )
        if self.registry is registry:  # of several workers, the one that is asked would tell of itself alone
            ProcessCollector(registry=registry)
            PlatformCollector(registry=registry)
        self.registry.register(_Standing(database))

    def appended(self, outcomes: Sequence[Outcome], seconds: float) -> None:
        """A group of commands was committed."""
        self._batch.observe(len(outcomes))
        self._commit.observe(seconds)
        for outcome in outcomes:
            self._commands.labels(_name(outcome)).inc()
        self._events.inc(sum(outcome.count for outcome in outcomes if isinstance(outcome, Appended)))

    def answered(self, route: str, method: str, status: int, seconds: float, refused: str | None) -> None:
        """A request was answered; `refused`: a problem's slug."""
        labels = (route, known_method(method), status)
        if labels not in self._answered:
            requests = self._requests.labels(route, labels[1], str(status))
            self._answered[labels] = requests, self._durations.labels(route, labels[1])
        requests, durations = self._answered[labels]
        requests.inc()
        durations.observe(seconds)
        if refused is not None:
            self._refusals.labels(refused).inc()


def known_method(method: str) -> str:
    """A method that HTTP knows; anything else has one name, for anybody may send what they like."""
    return method if method in _METHODS else "other"


def _name(outcome: Outcome) -> str:
    """`Appended` → appended, `GuardConflict` → guard_conflict."""
    name = type(outcome).__name__
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


class _Standing(Collector):
    """Where the ledger, its books and its tree are, and the pool: asked for when somebody looks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def describe(self) -> Iterable[Any]:
        """Nothing: a registry would otherwise collect once when this is registered, with no database yet."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """The figures of this moment; those of the ledger are missing while the database is away."""
        built = {"version": version("quarterdeck"), "python": platform.python_version()}
        yield InfoMetricFamily("quarterdeck_build", "What is running.", built)
        size, available, waiting = self._database.pool()
        pool = GaugeMetricFamily("quarterdeck_pool_connections", "Connections to the database.", labels=["state"])
        pool.add_metric(["open"], size)
        pool.add_metric(["available"], available)
        yield pool
        yield GaugeMetricFamily("quarterdeck_pool_waiting", "Callers that wait for a connection.", waiting)
        try:
            rows = self._ask()
        except (NotReady, psycopg.errors.UndefinedTable):
            rows = []
        yield GaugeMetricFamily("quarterdeck_database_up", "Whether the ledger can be asked.", int(bool(rows)))
        yield from _lags(rows)

    def _ask(self) -> list[dict[str, Any]]:
        with self._database.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(_SQL["standing"]).fetchall()


def _lags(rows: Sequence[dict[str, Any]]) -> Iterator[GaugeMetricFamily]:
    if rows:
        yield GaugeMetricFamily("quarterdeck_ledger_position", "The last event's position.", rows[0]["head"])
    books = {
        "lag_events": GaugeMetricFamily("quarterdeck_book_lag_events", "Events behind the ledger.", labels=["book"]),
        "lag_seconds": GaugeMetricFamily(
            "quarterdeck_book_lag_seconds", "Age of the first event that it lacks.", labels=["book"]
        ),
        "stopped": GaugeMetricFamily("quarterdeck_book_stopped", "1 if it cannot go on.", labels=["book"]),
    }
    for row in rows:
        if row["name"] is None:
            yield GaugeMetricFamily("quarterdeck_sealer_lag_events", "Events not sealed yet.", row["lag_events"])
            yield GaugeMetricFamily(
                "quarterdeck_sealer_lag_seconds", "Age of the first event that is not sealed yet.", row["lag_seconds"]
            )
            continue
        for name, family in books.items():
            family.add_metric([row["name"]], row[name])
    yield from books.values()
