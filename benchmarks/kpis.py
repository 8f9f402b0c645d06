"""Measurements: how many come in a second until the books show them, and how soon a key result is scored anew.

Over HTTP, from a client beside the server, with the same credential and the same checks as anybody's.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Thread
from time import perf_counter, sleep
from uuid import UUID, uuid4

import httpx
import orjson
import uvicorn

from api.app import create_app
from api.protocol import BoundedProtocol
from api.runtime import Runtime
from benchmarks.appends import give
from benchmarks.measuring import Effort, Figure, milliseconds, seconds
from benchmarks.server import ADMIN_KEY, Server
from ledger.history_file import HistoryFile
from ledger.importing import import_history

NHS = Path(__file__).parents[2] / "shared" / "data" / "nhs_ae.history.jsonl"
BATCH, MANY, TIMES = 1_000, 100_000, 200
_METRIC = {"type": "metric", "baseline": 0, "target": 1_000_000}


def figures(server: Server, effort: Effort) -> Iterator[Figure]:
    """The figures of this page."""
    with server.ledger() as runtime, client_of(runtime) as http:
        batches = 50 if effort.rounds > 3 else 15
        took = seconds(lambda: _batches(runtime, http, batches))
        yield Figure(f"points over HTTP, batches of {BATCH:,}, to the books", batches * BATCH / took, "a second")
        times = sorted(_rescored(runtime, http))
        for share in (50, 99):
            worst = times[min(len(times) - 1, len(times) * share // 100)]
            yield Figure(f"a point until its key result reads anew, p{share}", 1_000 * worst, "ms", less=True)
    with server.ledger() as runtime, client_of(runtime) as http:
        yield from _large(runtime, http)
    if NHS.exists():
        with server.ledger() as runtime:
            took = seconds(lambda: _imported(runtime))
            yield Figure("import of nhs_ae (12,801 points, one a line), to the books", 12_801 / took, "points a second")


@contextmanager
def client_of(runtime: Runtime) -> Iterator[httpx.Client]:
    """A client of the app on that ledger, served as in earnest."""
    # With its protocol named, as api.serve does: asyncio sets TCP_NODELAY on such sockets only.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        server = uvicorn.Server(
            uvicorn.Config(create_app(runtime), http=BoundedProtocol, log_level="warning", access_log=False)
        )
        thread = Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        while not server.started:
            sleep(0.01)
        base = f"http://127.0.0.1:{port}/v1"
        try:
            with httpx.Client(base_url=base, headers={"Authorization": f"Bearer {ADMIN_KEY}"}, timeout=60) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()


def _send(http: httpx.Client, method: str, path: str, body: object, **headers: str) -> None:
    answer = http.request(method, path, content=orjson.dumps(body), headers={**_JSON, **headers})
    answer.raise_for_status()


_JSON = {"Content-Type": "application/json"}


def _define(runtime: Runtime) -> UUID:
    return give(runtime.ledger, "define_kpi", name="Sign-ups", direction="increase", frequency="daily")


def _points(begin: date, count: int) -> list[dict[str, object]]:
    return [{"on": (begin + timedelta(days=n)).isoformat(), "value": n * 7 % 997} for n in range(count)]


def _today() -> date:
    return datetime.now(UTC).date()


def _batches(runtime: Runtime, http: httpx.Client, batches: int) -> None:
    for _ in range(batches):
        kpi = _define(runtime)
        body = {"points": _points(date(2020, 1, 1), BATCH)}
        _send(http, "POST", f"/kpis/{kpi}/measurements", body, Prefer="respond-async")
    runtime.books.wait_for(runtime.recorder.head().position, timeout=600)


def _rescored(runtime: Runtime, http: httpx.Client) -> Iterator[float]:
    """How long a point takes until the key result that it drives reads anew, point after point."""
    today = _today()
    dates = {"starts_on": (today - timedelta(days=60)).isoformat(), "ends_on": (today + timedelta(days=30)).isoformat()}
    period = give(runtime.ledger, "plan_cycle", label=uuid4().hex[:8], kind="quarter", **dates)
    objective = give(runtime.ledger, "set_objective", cycle=period, title="Grow")
    key_result = give(runtime.ledger, "add_key_result", objective=objective, title="Sign-ups", measure=_METRIC)
    kpi = _define(runtime)
    give(runtime.ledger, "link_kpi", key_result=key_result, kpi=kpi)
    for n in range(TIMES):
        started = perf_counter()
        _send(http, "PUT", f"/kpis/{kpi}/measurements/{today}", {"value": n})
        found = http.get(f"/key-results/{key_result}").json()
        if found["value"] != n:
            raise AssertionError(f"the key result reads {found['value']}, not {n}")
        yield perf_counter() - started


def _large(runtime: Runtime, http: httpx.Client) -> Iterator[Figure]:
    """A point a day for 274 years."""
    kpi, begin = _define(runtime), _today() - timedelta(days=MANY)
    for start in range(0, MANY, 10_000):
        body = {"points": _points(begin + timedelta(days=start), 10_000)}
        _send(http, "POST", f"/kpis/{kpi}/measurements", body, Prefer="respond-async")
    runtime.books.wait_for(runtime.recorder.head().position, timeout=600)
    what = f"a KPI with {MANY:,} points"
    read = milliseconds(3, lambda: http.get(f"/kpis/{kpi}/series").raise_for_status())
    yield Figure(f"{what}: its whole series", read, "ms", less=True)
    values = iter(range(1_000))

    def one_more() -> None:
        _send(http, "PUT", f"/kpis/{kpi}/measurements/{_today()}", {"value": next(values)})

    yield Figure(f"{what}: one more, readable", milliseconds(15, one_more), "ms", less=True)


def _imported(runtime: Runtime) -> None:
    import_history(runtime.ledger, HistoryFile(NHS), lambda *_: None)
    runtime.books.wait_for(runtime.recorder.head().position, timeout=600)
