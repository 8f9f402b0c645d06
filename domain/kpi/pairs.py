"""Watching two KPIs together: a counter-metric shows what the gain in the one costs in the other.

A pair has no order, so each of the two says that it is in it: one command, an event on both.
"""

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from domain.errors import invalid
from domain.history import History
from domain.kernel import Command, Context, Decision, Draft, Kind, Ref
from domain.kpi.decisions import not_retired
from domain.kpi.events import KpiPaired, KpiUnpaired
from domain.kpi.state import KPI, Kpi
from domain.rules import KpiRef, existing

_Side = tuple[History[Kpi], Kpi, UUID]
"""One of the two: its history, its state then, and the other's id."""


class PairKpi(Command):
    """Watch two KPIs together, the one as the counter-metric of the other."""

    NAME: ClassVar[str] = "pair_kpi"

    kpi: KpiRef
    other: KpiRef


class UnpairKpi(Command):
    """Stop watching two KPIs together."""

    NAME: ClassVar[str] = "unpair_kpi"

    kpi: KpiRef
    other: KpiRef


def pair_kpi(command: PairKpi, context: Context) -> Decision:
    """Pairs two KPIs that are not retired."""
    sides = [side for side in _sides(command, context) if side[2] not in side[1].counter_metrics]
    if sides:
        not_retired(context.look(KPI, command.kpi).now)
        not_retired(context.look(KPI, command.other).now)
    return _on_each(command, sides, KpiPaired)


def unpair_kpi(command: UnpairKpi, context: Context) -> Decision:
    """Takes a pair apart; the other may have been retired meanwhile."""
    sides = [side for side in _sides(command, context) if side[2] in side[1].counter_metrics]
    if sides:
        not_retired(context.look(KPI, command.kpi).now)
    return _on_each(command, sides, KpiUnpaired)


def _sides(command: PairKpi | UnpairKpi, context: Context) -> tuple[_Side, _Side]:
    if command.other == command.kpi:
        raise invalid("/other", "is the KPI itself")
    one = existing(context, command, KPI, command.kpi)
    other = existing(context, command, KPI, command.other, "/other")
    return (*one, command.other), (*other, command.kpi)


def _on_each(
    command: PairKpi | UnpairKpi, sides: Sequence[_Side], event: type[KpiPaired] | type[KpiUnpaired]
) -> Decision:
    drafts = tuple(Draft(history.ref, event(other=id), command.effective_at) for history, _, id in sides)
    return Decision(Ref(Kind.KPI, command.kpi), drafts)
