"""Commands a second through the ledger, beside the library's `Application.save`, from 1 and from 16 callers.

Appends are of an event that is ready, as theirs is: a triggered event and a save of an aggregate in memory. Commands
are the whole way: look at what the check-in is about, judge it, guard it, append it. Rounds alternate, so that all
meet the same weather.
"""

from collections.abc import Iterator
from itertools import cycle
from statistics import median
from uuid import UUID, uuid4

from eventsourcing.application import Application

from benchmarks.library import KeyResult
from benchmarks.measuring import Effort, Figure, rate
from benchmarks.server import Server
from domain.catalogue import COMMANDS
from domain.kernel import Kind, Ref
from domain.member.events import MemberRegistered
from ledger.append import Append
from ledger.application import Ledger
from ledger.envelope import Recordable
from ledger.group import Group
from ledger.orders import Order
from ledger.recorder import LedgerRecorder

CALLERS = (1, 16)
EACH = 40
ACTOR = UUID(int=1)
_METRIC = {"type": "metric", "baseline": 0, "target": 100}


def figures(server: Server, effort: Effort) -> Iterator[Figure]:
    """The figures of this page."""
    ready: dict[int, list[float]] = {callers: [] for callers in CALLERS}
    ours: dict[int, list[float]] = {callers: [] for callers in CALLERS}
    theirs: dict[int, list[float]] = {callers: [] for callers in CALLERS}
    with server.ledger() as runtime:
        runtime.projector.stop()  # what is measured is the way in
        # A key result is checked in on some dozens of times in its life, so each caller has some dozens of them.
        goals = [cycle(key_results(runtime.ledger)) for _ in range(max(CALLERS))]
        application: Application[UUID] = Application(server.for_library())
        group = Group(runtime.recorder.append)
        aggregates = [cycle([KeyResult() for _ in range(EACH)]) for _ in goals]
        for _ in range(effort.rounds):
            for callers in CALLERS:
                ready[callers].append(rate(callers, effort.seconds, lambda _: _append(group, runtime.recorder)))
                ours[callers].append(rate(callers, effort.seconds, lambda n: _check_in(runtime.ledger, next(goals[n]))))
                theirs[callers].append(rate(callers, effort.seconds, lambda n: _save(application, next(aggregates[n]))))
        application.close()
    for callers in CALLERS:
        what = f"appends of an event, {callers} caller{'s' if callers > 1 else ''}"
        yield Figure(what, median(ready[callers]), "a second", median(theirs[callers]))
    for callers in CALLERS:
        what = f"commands through the ledger, {callers} caller{'s' if callers > 1 else ''}"
        yield Figure(what, median(ours[callers]), "a second", median(theirs[callers]))


def give(ledger: Ledger, name: str, /, **fields: object) -> UUID:
    """Gives a command, and answers the id of what it is about."""
    return ledger.execute(order(name, **fields)).subject.id


def order(name: str, /, **fields: object) -> Order:
    """An order of a command by its name."""
    return Order(COMMANDS[name].command.model_validate(fields), ACTOR)


def _append(group: Group, recorder: LedgerRecorder) -> None:
    group.append(_event(recorder))


def _event(recorder: LedgerRecorder) -> Append:
    """An event ready to append, on a stream of its own: as little as the library's save has to do."""
    recordable = Recordable(
        originator_id=str(Ref(Kind.MEMBER, uuid4())),
        originator_version=1,
        event=MemberRegistered(kind="service"),
        event_id=uuid4(),
        actor=ACTOR,
    )
    return Append(events=[recorder.mapper.to_stored_event(recordable)])


def key_results(ledger: Ledger) -> list[UUID]:
    """Some key results, ready to be checked in on."""
    quarter = {"kind": "quarter", "starts_on": "2026-01-01", "ends_on": "2026-03-31"}
    period = give(ledger, "plan_cycle", label=uuid4().hex[:8] + "-Q1", **quarter)
    objective = give(ledger, "set_objective", cycle=period, title="Grow")
    more = {"objective": objective, "title": "Revenue", "measure": _METRIC}
    return [give(ledger, "add_key_result", **more) for _ in range(EACH)]


def _check_in(ledger: Ledger, key_result: UUID) -> None:
    give(ledger, "check_in", key_result=key_result, value="40", note="a good week")


def _save(application: Application[UUID], aggregate: KeyResult) -> None:
    aggregate.check_in("40", "a good week")
    application.save(aggregate)
