"""What may happen to a KPI. Targets and benchmarks are in `domain.kpi.targets`, pairs in `domain.kpi.pairs`."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from domain.errors import Conflict
from domain.history import History
from domain.kernel import Command, Context, Decision, Kind, Ref, instant
from domain.key_result.state import KEY_RESULT
from domain.kpi.events import (
    Direction,
    Frequency,
    Indicator,
    KpiChanged,
    KpiDefined,
    KpiRestored,
    KpiRetired,
    Perspective,
)
from domain.kpi.state import KPI, Kpi
from domain.kpi.suiting import faults_of, units_agree
from domain.loops import Above, loops
from domain.objective.decisions import belongs, decided
from domain.rules import (
    Creation,
    KpiRef,
    MemberRef,
    TeamRef,
    created,
    differing,
    existing,
    not_before,
    supposing,
)
from domain.values import Label, Note, Tags, Title

_UNSET: Any = None
_FIELDS = (
    *("name", "unit", "direction", "frequency", "definition", "team", "owner", "parent"),
    *("perspective", "indicator", "tags"),
)


class DefineKpi(Creation):
    """Say what is to be followed, across cycles."""

    NAME: ClassVar[str] = "define_kpi"

    name: Title
    unit: Label | None = None
    direction: Direction
    frequency: Frequency
    definition: Note | None = None
    team: TeamRef | None = None
    owner: MemberRef | None = None
    parent: KpiRef | None = None
    perspective: Perspective | None = None
    indicator: Indicator | None = None
    tags: Tags = ()


class ChangeKpi(Command):
    """Change something about a KPI."""

    NAME: ClassVar[str] = "change_kpi"

    kpi: KpiRef
    name: Title = _UNSET
    unit: Label | None = None
    direction: Direction = _UNSET
    frequency: Frequency = _UNSET
    definition: Note | None = None
    team: TeamRef | None = None
    owner: MemberRef | None = None
    parent: KpiRef | None = None
    perspective: Perspective | None = None
    indicator: Indicator | None = None
    tags: Tags | None = None
    reason: Note | None = None


class RetireKpi(Command):
    """Stop following a KPI; what was measured stays."""

    NAME: ClassVar[str] = "retire_kpi"

    kpi: KpiRef
    reason: Note


class RestoreKpi(Command):
    """Follow a retired KPI again."""

    NAME: ClassVar[str] = "restore_kpi"

    kpi: KpiRef
    reason: Note


def not_retired(kpi: Kpi) -> None:
    """What is retired takes no change but its restoring; judged on what is known now."""
    if kpi.state == "retired":
        raise Conflict(f"The KPI {kpi.id} was retired; restore it first.", slug="retired")


def active_kpi(context: Context, command: Command, id: UUID, pointer: str = "/kpi") -> Kpi:
    """The KPI as known now, which must exist then and not be retired."""
    history, _ = existing(context, command, KPI, id, pointer)
    not_retired(history.now)
    return history.now


def define_kpi(command: DefineKpi, context: Context) -> Decision:
    """Defines a KPI, perhaps as a part of another."""
    ref = Ref(Kind.KPI, command.id or context.new_id())
    event = KpiDefined(
        name=command.name,
        unit=command.unit,
        direction=command.direction,
        frequency=command.frequency,
        definition=command.definition,
        team=command.team,
        owner=command.owner,
        parent=command.parent,
        perspective=command.perspective,
        indicator=command.indicator,
        tags=command.tags,
        external_id=command.external_id,
        source=context.source,
    )
    decision = created(command, context, KPI, ref, event)
    if decision.drafts:
        belongs(context, command, command.team, command.owner)
        if command.parent is not None:
            active_kpi(context, command, command.parent, "/parent")
    return decision


def change_kpi(command: ChangeKpi, context: Context) -> Decision:
    """Changes a KPI that is not retired; only what differs is recorded."""
    history, state = existing(context, command, KPI, command.kpi)
    given = command.given(*_FIELDS)
    if given.get("tags", ()) is None:
        given["tags"] = ()
    changes = differing(state, given)
    if not changes:
        return Decision(history.ref)
    not_retired(history.now)
    belongs(context, command, changes.get("team"), changes.get("owner"))
    if "direction" in changes:
        _targets_suit(history.now, changes["direction"])
    if changes.get("unit") is not None:
        _links_agree(context, history.ref, changes["unit"])
    if command.reason is not None:
        changes["reason"] = command.reason
    event = KpiChanged(**changes)
    if changes.get("parent") is not None:
        active_kpi(context, command, changes["parent"], "/parent")
        _no_loop(command, context, supposing(history, command, context, event))
    return decided(command, history.ref, event)


def _targets_suit(kpi: Kpi, direction: Direction) -> None:
    if any(faults_of(direction, target) for target in kpi.targets):
        raise Conflict(
            f"The KPI {kpi.id} has a target that does not suit the direction {direction}.", slug="target_does_not_suit"
        )


def _links_agree(context: Context, kpi: Ref, unit: str) -> None:
    """Refuses a unit other than that of a key result that the KPI drives now."""
    for id in context.look.children(kpi, Kind.KEY_RESULT):
        key_result = context.look(KEY_RESULT, id).now
        if key_result.kpi == kpi.id:
            units_agree(key_result.measure, unit)


def _no_loop(command: Command, context: Context, supposed: History[Kpi]) -> None:
    def above(ref: Ref, since: datetime) -> Iterator[Above]:
        history = supposed if ref == supposed.ref else context.look(KPI, ref.id)
        for at, kpi in history.states_since(since):
            yield at, Ref(Kind.KPI, kpi.parent) if kpi.parent is not None else None

    if loops(supposed.ref, instant(command, context), above):
        raise Conflict(f"The KPI {supposed.ref.id} would be part of itself.", slug="kpi_loop")


def retire_kpi(command: RetireKpi, context: Context) -> Decision:
    """Retires a KPI."""
    history = _restated(command, context, command.kpi)
    if history.now.state == "retired":
        return Decision(history.ref)
    return decided(command, history.ref, KpiRetired(reason=command.reason))


def restore_kpi(command: RestoreKpi, context: Context) -> Decision:
    """Restores a retired KPI."""
    history = _restated(command, context, command.kpi)
    if history.now.state == "active":
        return Decision(history.ref)
    return decided(command, history.ref, KpiRestored(reason=command.reason))


def _restated(command: Command, context: Context, id: UUID) -> History[Kpi]:
    history, _ = existing(context, command, KPI, id)
    not_before(command, history.now.state_since, "the KPI's latest change of state")
    return history
