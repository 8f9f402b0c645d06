"""Targets and benchmarks of a KPI: what it is held to, and compared with, on which days.

They may overlap; then the one set later holds. Setting the same one again is nothing new as long as nothing
set later stands over it.
"""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from domain.errors import Conflict, Invalid, invalid
from domain.kernel import Command, Context, Decision
from domain.kpi.decisions import active_kpi, not_retired
from domain.kpi.events import BenchmarkSet, TargetSet
from domain.kpi.state import KPI, Kpi, Target, benchmark_of, target_of
from domain.kpi.suiting import faults_of
from domain.objective.decisions import decided
from domain.rules import KpiRef, existing
from domain.values import Day, Label, Note, Number


class SetKpiTarget(Command):
    """Say what a KPI is to reach from one day on: a number, or for one to maintain a range."""

    NAME: ClassVar[str] = "set_kpi_target"

    kpi: KpiRef
    from_: Day = Field(alias="from")
    to: Day | None = None
    target: Number | None = None
    low: Number | None = None
    high: Number | None = None
    at_risk: Number | None = None
    reason: Note | None = None


class SetKpiBenchmark(Command):
    """Say what a KPI is compared with: a number, or another KPI."""

    NAME: ClassVar[str] = "set_kpi_benchmark"

    kpi: KpiRef
    name: Label
    value: Number | None = None
    benchmark_kpi: KpiRef | None = None
    from_: Day | None = Field(default=None, alias="from")
    to: Day | None = None


def set_kpi_target(command: SetKpiTarget, context: Context) -> Decision:
    """Sets a target that suits the KPI's direction then."""
    history, state = existing(context, command, KPI, command.kpi)
    event = TargetSet(
        since=command.from_,
        until=command.to,
        target=command.target,
        low=command.low,
        high=command.high,
        at_risk=command.at_risk,
        reason=command.reason,
    )
    target = target_of(event)
    if faults := faults_of(state.direction, target):
        raise Invalid(f"{faults[0].pointer.lstrip('/')}: {faults[0].reason}", faults=faults)
    if _stands(state, target):
        return Decision(history.ref)
    not_retired(history.now)
    return decided(command, history.ref, event)


def _stands(kpi: Kpi, target: Target) -> bool:
    """Whether the target was set, and nothing over it since."""
    for known in reversed(kpi.targets):
        if known == target:
            return True
        if known.overlaps(target):
            return False
    return False


def set_kpi_benchmark(command: SetKpiBenchmark, context: Context) -> Decision:
    """Sets a benchmark; one that is a KPI must not in the end be compared with this one."""
    if (command.value is None) == (command.benchmark_kpi is None):
        raise invalid("/value", "is needed, or else benchmark_kpi, and not both")
    if command.from_ is not None and command.to is not None and command.to < command.from_:
        raise invalid("/to", "lies before from")
    history, state = existing(context, command, KPI, command.kpi)
    event = BenchmarkSet(
        name=command.name,
        value=command.value,
        benchmark_kpi=command.benchmark_kpi,
        since=command.from_,
        until=command.to,
    )
    of_that_name = [known for known in state.benchmarks if known.name == command.name]
    if of_that_name and of_that_name[-1] == benchmark_of(event):
        return Decision(history.ref)
    not_retired(history.now)
    if command.benchmark_kpi is not None:
        active_kpi(context, command, command.benchmark_kpi, "/benchmark_kpi")
        _no_loop(context, command.kpi, command.benchmark_kpi)
    return decided(command, history.ref, event)


def _no_loop(context: Context, kpi: UUID, benchmark: UUID) -> None:
    """Refuses a benchmark that is compared, over however many others, with the KPI itself.

    A state keeps every benchmark there ever was, so what is known now names all that any later state does; for
    which days each was set is not considered.
    """
    reached, ahead = {benchmark}, [benchmark]
    while ahead:
        next_ = ahead.pop()
        if next_ == kpi:
            raise Conflict(f"The KPI {kpi} would be its own benchmark.", slug="benchmark_loop")
        found = {known.benchmark_kpi for known in context.look(KPI, next_).now.benchmarks}
        new = {id for id in found if id is not None} - reached
        reached |= new
        ahead += new
