"""A quarter of 500 objectives with 4 key results each, checked in on week after week."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from uuid import UUID, uuid5

from benchmarks.appends import order
from ledger.application import Ledger
from ledger.orders import Order

CYCLE = UUID("5f0c0c0e-0000-4000-8000-000000000001")
OBJECTIVES, PARTS = 500, 4
_START = datetime(2026, 1, 1, 9, tzinfo=UTC)
_METRIC = {"type": "metric", "baseline": 0, "target": 100}
_AT_ONCE = 2_000


def fill(ledger: Ledger, check_ins: int) -> int:
    """Writes it, with so many check-ins a key result. Answers how many events that made."""
    orders, count = _orders(check_ins), 0
    while some := list(islice(orders, _AT_ONCE)):
        ledger.execute_all(some)
        count += len(some)
    return count


def _orders(check_ins: int) -> Iterator[Order]:
    quarter = {"kind": "quarter", "starts_on": "2026-01-01", "ends_on": "2026-03-31"}
    yield order("plan_cycle", id=CYCLE, label="2026-Q1", effective_at=_START, **quarter)
    key_results = []
    for n in range(OBJECTIVES):
        objective = uuid5(CYCLE, str(n))
        yield order("set_objective", id=objective, cycle=CYCLE, title=f"Objective {n}", effective_at=_START)
        for m in range(PARTS):
            id, title = uuid5(objective, str(m)), f"Key result {m} of {n}"
            key_results.append(id)
            more = {"measure": _METRIC, "effective_at": _START}
            yield order("add_key_result", id=id, objective=objective, title=title, **more)
    for week in range(check_ins):
        at = _START + timedelta(weeks=week, hours=1)
        for n, id in enumerate(key_results):
            value = str((week * 7 + n) % 120)
            yield order("check_in", key_result=id, value=value, note="a good week", effective_at=at)
