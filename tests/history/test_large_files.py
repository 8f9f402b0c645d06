"""Files larger than memory: taken in parts, and still whole or not at all, without keeping others waiting."""

import gc
import tracemalloc
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from domain.kernel import Kind, Ref
from domain.objective.decisions import DropObjective
from domain.team.decisions import FormTeam
from ledger import bulk, importing, reader, translation
from ledger.application import Ledger
from ledger.export import export_ledger
from ledger.history_file import HistoryFile, LineNotTaken
from ledger.importing import import_history
from ledger.orders import Order
from ledger.recorder import LedgerRecorder
from tests.history.conftest import HEADER, another_ledger
from tests.history.lines import GOALS, check_in, id_of, key_result, line, objective, plan
from tests.support.builders import uid
from tests.support.postgres import Postgres

CLOSE, DATES = "2026-04-02T09:00:00Z", {"starts_on": "2026-04-01", "ends_on": "2026-06-30"}
YEAR = (
    *GOALS,
    line("register_member", id="bob", name="Bob", kind="person"),
    line("form_team", id="core", name="Core", actor="bob"),
    line("join_team", team="core", member="bob"),
    objective("sell", team="core", owner="bob", aligned_to="grow"),
    key_result("deals", objective="sell"),
    line("open_cycle", cycle="2026-Q1"),
    check_in(value=10, id="first", note="a good week"),
    check_in("deals", value=30, actor="eve", at="2026-02-03T09:00:00Z"),
    line("correct_check_in", check_in="first", value=20, reason="counted twice", at="2026-02-04T09:00:00Z"),
    line("define_kpi", id="churn", name="Churn", direction="decrease", frequency="monthly"),
    line("record_measurements", kpi="churn", points=[{"on": f"2026-0{n}-28", "value": n} for n in (1, 2)]),
    line("restate_measurement", kpi="churn", on="2026-01-28", value=4, reason="late", at="2026-03-02T09:00:00Z"),
    line("link_kpi", key_result="deals", kpi="churn", at="2026-03-02T09:00:00Z"),
    check_in(value=60, at="2026-03-20T09:00:00Z"),
    line("close_cycle", cycle="2026-Q1", at=CLOSE),
    plan("2026-Q2", **DATES, at="2026-03-01T09:00:00Z"),
    line("carry_forward", objective="sell", to_cycle="2026-Q2", baseline="restart", id="again", at=CLOSE),
    line("reopen_cycle", cycle="2026-Q1", reason="one was late", at="2026-04-03T09:00:00Z"),
    check_in(value=70, at="2026-04-04T09:00:00Z", actor="eve"),
    line("close_cycle", cycle="2026-Q1", at="2026-04-05T09:00:00Z"),
    line("erase_member", member="bob", reason="asked to", at="2026-04-05T10:00:00Z"),
    line("change_objective", objective="again", title="sell more", at="2026-04-06T09:00:00Z"),
    line("close_cycle", cycle="2026-Q1", at="2026-04-06T10:00:00Z"),
)  # fmt: skip

EVERYTHING = """
SELECT 'event', stream, version::text, type, effective_at::text, reported_at::text, actor::text, position FROM events
 UNION ALL SELECT 'attachment', parent, child, '', '', '', '', position FROM attachments
 UNION ALL SELECT 'cycle event', cycle::text, '', '', effective_at::text, '', '', position FROM cycle_events
 UNION ALL SELECT 'claim', scope, value, stream, '', '', '', position FROM claims
 UNION ALL SELECT 'person', member::text, name, external_id, source, '', '', 0 FROM people
 UNION ALL SELECT 'line', scope, key, subject, created::text, encode(request_hash, 'hex'), '', position FROM idempotency
 ORDER BY 1, 8, 2, 3
"""


def everything(recorder: LedgerRecorder) -> list[Any]:
    """What the ledger holds, but for ids and times of its own making."""
    with recorder.database.connection() as connection:
        own = {str(fact.stream.id) for fact in recorder.iterate() if fact.stream.kind is Kind.KEY_RESULT}
        own -= {str(id_of("key_result", name)) for name in ("revenue", "deals")}
        rows = connection.execute(EVERYTHING).fetchall()
    return [tuple(_but_for(own, value) for value in row) for row in rows]


def _but_for(own: set[str], value: Any) -> Any:
    for id in own if isinstance(value, str) else ():
        value = value.replace(id, "made here")
    return value


@pytest.fixture
def in_small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a short file is a long one."""
    monkeypatch.setattr(importing, "_DECIDED_AT_ONCE", 2)
    monkeypatch.setattr(bulk, "_KEPT_BYTES", 4_000)
    monkeypatch.setattr(translation, "_REMEMBERED", 4)


def test_how_large_the_parts_are_makes_no_difference(
    take, recorder, postgres: Postgres, write, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
):
    """Cycles closed, reopened and closed, members erased, KPIs, corrections: all that one line may mean for another."""
    take(*YEAR)
    request.getfixturevalue("in_small_parts")
    with another_ledger(postgres) as other:
        import_history(Ledger(other), HistoryFile(write(*YEAR)), lambda *_: None)
        assert everything(other) == everything(recorder)


@pytest.mark.usefixtures("in_small_parts")
def test_the_last_of_many_parts_may_stop_it_all(take, recorder):
    with pytest.raises(LineNotTaken) as refused:
        take(*YEAR, check_in(value=80, at="2026-04-07T09:00:00Z"))
    assert (refused.value.line, refused.value.slug) == (len(YEAR) + 2, "cycle_closed")
    assert everything(recorder) == []


@pytest.mark.usefixtures("in_small_parts")
def test_a_longer_file_goes_on_where_the_shorter_ended(take, recorder):
    take(*YEAR[:12])
    assert (take(*YEAR).already, take(*YEAR).already) == (12 + 1, len(YEAR))  # the last close says nothing new


@pytest.mark.usefixtures("in_small_parts")
def test_others_write_while_it_is_decided_and_it_is_not_decided_again(ledger, recorder, write):
    """What they write is not what the file relies on."""
    seen: list[str] = []

    def meanwhile(what: str, *_: Any) -> None:
        if what not in seen:
            seen.append(what)
            Ledger(recorder).execute(Order(FormTeam(name=what), uid("somebody")))

    import_history(ledger, HistoryFile(write(*GOALS)), lambda *_: None)
    imported = import_history(ledger, HistoryFile(write(*YEAR)), meanwhile)
    assert imported.new == len(YEAR) - len(GOALS) - 1
    assert seen == ["Deciding", "Recording"]
    assert recorder.head().position == len({fact.position for fact in recorder.iterate()})


@pytest.fixture
def interrupted(ledger, recorder, write) -> Callable[..., Any]:
    """Imports lines while, just before they are recorded, somebody else does something, the first time."""

    def interrupted(do: Callable[[], object], *lines: Any) -> Any:
        done: list[object] = []

        def meanwhile(what: str, *_: Any) -> None:
            if what == "Recording" and not done:
                done.append(do())

        return import_history(ledger, HistoryFile(write(*lines)), meanwhile)

    return interrupted


def test_what_it_relies_on_may_change_meanwhile_and_is_decided_anew(take, interrupted, recorder):
    take(*GOALS)
    somebody = Ledger(recorder)
    drop = Order(DropObjective(objective=id_of("objective", "grow"), reason="x"), uid("somebody"))
    with pytest.raises(LineNotTaken, match=r"line 5: .*dropped"):
        interrupted(lambda: somebody.execute(drop), *GOALS, line("change_objective", objective="grow", title="x"))
    assert recorder.head().position == len(GOALS) + 2  # ada was registered, and the drop


def test_a_file_that_is_imported_twice_at_once_is_imported_once(interrupted, write, recorder):
    lines = (*GOALS, check_in())
    again = HistoryFile(write(*lines))
    imported = interrupted(lambda: import_history(Ledger(recorder), again, lambda *_: None), *lines)
    assert (imported.new, imported.already) == (0, 4)
    assert recorder.head().position == 5


def test_nothing_of_it_is_seen_by_others_before_it_is_whole(interrupted, recorder):
    seen: list[Any] = []
    interrupted(lambda: seen.append((recorder.head().position, everything(recorder))), *YEAR)
    assert seen == [(0, [])]


def test_a_member_of_an_earlier_part_is_not_registered_again(take, recorder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(importing, "_DECIDED_AT_ONCE", 1)
    monkeypatch.setattr(translation, "_REMEMBERED", 1)
    take(*GOALS, *(check_in(actor=f"p{n % 3}", value=n) for n in range(9)))
    facts = list(recorder.iterate())
    assert sum(fact.stream.kind is Kind.MEMBER for fact in facts) == 4
    assert len(recorder.read_stream(Ref(Kind.KEY_RESULT, id_of("key_result", "revenue")))) == 10


# --- memory


def many(count: int) -> Iterator[dict[str, Any]]:
    """A file with a key result for every twenty check-ins."""
    yield plan()
    yield objective()
    for n in range(count - 2):
        name = f"k{n // 20}"
        note = f"what there is to say about it, number {n}"
        yield key_result(name) if n % 20 == 0 else check_in(name, id=f"c{n}", value=n % 100, note=note)


def test_memory_does_not_grow_with_the_file(postgres: Postgres, write, monkeypatch: pytest.MonkeyPatch):
    """Four times as many lines: the peak of what is allocated grows by less than what a tenth of them would need.

    Held whole, a line with what it comes to takes about 19 KB, and an exported event 4 KB. Nor does it grow on the
    way out.
    """
    monkeypatch.setattr(reader, "PAGE_BYTES", 40_000)
    monkeypatch.setattr(importing, "_DECIDED_AT_ONCE", 100)
    monkeypatch.setattr(bulk, "_KEPT_BYTES", 120_000)
    monkeypatch.setattr(translation, "_REMEMBERED", 200)

    def traced(do: Callable[[], object]) -> int:
        gc.collect()
        tracemalloc.start()
        try:
            do()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    def peaks(count: int) -> tuple[int, int]:
        file = HistoryFile(write(*many(count), header=HEADER))
        with another_ledger(postgres) as recorder:
            imported = traced(lambda: import_history(Ledger(recorder), file, lambda *_: None))
            position = recorder.head().position
            assert position == count + 1  # and the author's registration
            return imported, traced(lambda: deque(export_ledger(recorder, position), maxlen=0))

    few, many_more = peaks(200), peaks(800)
    assert many_more[0] - few[0] < 60 * 19_000
    assert many_more[1] - few[1] < 60 * 4_000


def test_of_large_events_fewer_are_read_at_once_and_none_is_left_out(take, recorder, monkeypatch: pytest.MonkeyPatch):
    take(*GOALS, *(check_in(value=n, note="long " * 100 * (n + 1)) for n in range(6)))
    whole = [stored.id for stored in recorder.iterate_stored()]
    monkeypatch.setattr(reader, "PAGE_BYTES", 1)
    assert [stored.id for stored in recorder.iterate_stored()] == whole == [*range(1, 11)]
    assert [stored.id for stored in recorder.iterate_stored(after=3, upto=5)] == [4, 5]
