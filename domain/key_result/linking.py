"""Letting a KPI drive a key result, and ending it.

While the link holds, what the KPI measures is the key result's value: `domain.key_result.value`.
"""

from typing import ClassVar

from domain.errors import Conflict
from domain.kernel import Command, Context, Decision, Draft, Event
from domain.key_result.decisions import workable
from domain.key_result.events import KpiLinked, KpiUnlinked
from domain.key_result.state import KEY_RESULT, Link
from domain.kpi.decisions import active_kpi
from domain.kpi.suiting import Linkable, units_agree
from domain.rules import KeyResultRef, KpiRef, existing, not_before
from domain.values import Note

_LATEST = "the key result's latest change of state"


class LinkKpi(Command):
    """Let a KPI drive a key result, in the place of check-ins, or of another KPI."""

    NAME: ClassVar[str] = "link_kpi"

    key_result: KeyResultRef
    kpi: KpiRef
    reason: Note | None = None


class UnlinkKpi(Command):
    """End what lets a KPI drive a key result; the value stays what the KPI's was."""

    NAME: ClassVar[str] = "unlink_kpi"

    key_result: KeyResultRef
    reason: Note | None = None


def link_kpi(command: LinkKpi, context: Context) -> Decision:
    """Links a KPI to a key result that it can drive; another link of the key result ends."""
    history, state = existing(context, command, KEY_RESULT, command.key_result)
    not_before(command, history.now.state_since, _LATEST)
    link = history.now.link
    if link is not None and link.kpi == command.kpi:
        return Decision(history.ref)
    workable(context, command, command.key_result)
    kpi = active_kpi(context, command, command.kpi)
    if not isinstance(state.measure, Linkable):
        raise Conflict(
            f"A KPI cannot drive a measure of the type {state.measure.type}; it must be metric or threshold.",
            slug="not_linkable",
        )
    units_agree(state.measure, kpi.unit)
    events: list[Event] = [_ended(link, command.reason)] if link is not None else []
    events.append(KpiLinked(link=context.new_id(), kpi=command.kpi, reason=command.reason))
    return Decision(history.ref, tuple(Draft(history.ref, event, command.effective_at) for event in events))


def unlink_kpi(command: UnlinkKpi, context: Context) -> Decision:
    """Ends the link of a key result, if it has one."""
    history, _ = existing(context, command, KEY_RESULT, command.key_result)
    not_before(command, history.now.state_since, _LATEST)
    link = history.now.link
    if link is None:
        return Decision(history.ref)
    workable(context, command, command.key_result)
    return Decision(history.ref, (Draft(history.ref, _ended(link, command.reason), command.effective_at),))


def _ended(link: Link, reason: str | None) -> KpiUnlinked:
    return KpiUnlinked(link=link.id, kpi=link.kpi, reason=reason)
