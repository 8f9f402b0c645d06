"""Who may do what (contract, section 6).

    reader, auditor   nothing but reading
    member            check in on, measure and change what they or their team own; backdate their check-ins
    service           measurements and check-ins on what it, or its team, owns
    lead              everything of the teams they lead and of the teams below those; backdate it
    admin             everything

Judged on what is known now. What was looked at guards the append, so that a right taken away meanwhile
does not slip through. A key result belongs to its own team and owner, and to its objective's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from domain.errors import Forbidden
from domain.initiative.decisions import ChangeInitiative, StartInitiative
from domain.initiative.state import INITIATIVE
from domain.kernel import Command, Context
from domain.key_result.check_ins import CHECK_INS, CheckInOn, CorrectCheckIn, RetractCheckIn
from domain.key_result.decisions import (
    AddKeyResult,
    ChangeKeyResult,
    DropKeyResult,
    GradeKeyResult,
    RestoreKeyResult,
)
from domain.key_result.linking import LinkKpi, UnlinkKpi
from domain.key_result.state import KEY_RESULT
from domain.kpi.decisions import ChangeKpi, DefineKpi, RestoreKpi, RetireKpi
from domain.kpi.pairs import PairKpi, UnpairKpi
from domain.kpi.state import KPI
from domain.kpi.targets import SetKpiBenchmark, SetKpiTarget
from domain.measurements.decisions import RecordMeasurements, RestateMeasurement
from domain.objective.carrying import CarryForward
from domain.objective.decisions import (
    ChangeObjective,
    DropObjective,
    GradeObjective,
    MoveObjective,
    RestoreObjective,
    SetObjective,
)
from domain.objective.state import OBJECTIVE
from domain.roles import Role
from domain.team.state import TEAM

_STATEMENTS = (CheckInOn, CorrectCheckIn, RetractCheckIn, RecordMeasurements, RestateMeasurement)
_ON_KEY_RESULT = (
    ChangeKeyResult,
    DropKeyResult,
    RestoreKeyResult,
    GradeKeyResult,
    StartInitiative,
    CheckInOn,
    LinkKpi,
    UnlinkKpi,
)
_ON_OBJECTIVE = (
    ChangeObjective,
    MoveObjective,
    DropObjective,
    RestoreObjective,
    GradeObjective,
    CarryForward,
    AddKeyResult,
)
_ON_KPI = (
    ChangeKpi,
    SetKpiTarget,
    SetKpiBenchmark,
    PairKpi,
    UnpairKpi,
    RecordMeasurements,
    RestateMeasurement,
    RetireKpi,
    RestoreKpi,
)


@dataclass(frozen=True, slots=True)
class Owners:
    """Who something belongs to: members and teams."""

    members: frozenset[UUID]
    teams: frozenset[UUID]


def authorize(role: Role, member: UUID | None, command: Command, context: Context) -> None:
    """Raises `Forbidden` unless the role may give the command; `member` is for whom it is given."""
    if role == "admin":
        return
    if role in ("reader", "auditor"):
        raise Forbidden(f"The role {role} may only read.")
    if role == "service" and not isinstance(command, _STATEMENTS):
        raise Forbidden("A service may only measure and check in.")
    if command.effective_at is not None and role != "lead" and not isinstance(command, _STATEMENTS):
        raise Forbidden("A member may backdate check-ins and measurements only.")
    owners = _owners(command, context)
    if owners is None:
        raise Forbidden(f"Only an admin may {command.NAME.replace('_', ' ')}.")
    for owner in owners:
        if owner is not None and not _owns(role, member, owner, context):
            raise Forbidden(f"You may {command.NAME.replace('_', ' ')} only on what you or your team own.")


def _owners(command: Command, context: Context) -> list[Owners | None] | None:
    """Everything the command touches, by whom it belongs to; `None` for what is nobody's but an admin's.

    In the list, `None` stands for what does not exist, which the decision will say.
    """
    if isinstance(command, SetObjective | DefineKpi):
        nowhere = command.team is not None and not context.look(TEAM, command.team).exists
        return [None if nowhere else _belonging((command.owner, command.team))]
    if isinstance(command, CorrectCheckIn | RetractCheckIn):
        holder = context.look.holder(CHECK_INS, str(command.check_in))
        return [_of_key_result(holder.id, context) if holder is not None else None]
    if isinstance(command, ChangeInitiative):
        initiative = context.look(INITIATIVE, command.initiative)
        return [_of_key_result(initiative.now.key_result, context) if initiative.exists else None]
    if isinstance(command, _ON_KPI):
        kpi = context.look(KPI, command.kpi)
        return [_belonging((kpi.now.owner, kpi.now.team)) if kpi.exists else None]
    if isinstance(command, _ON_OBJECTIVE):
        return [_of_objective(command.objective, context)]
    if isinstance(command, _ON_KEY_RESULT):
        owners = [_of_key_result(command.key_result, context)]
        if isinstance(command, ChangeKeyResult) and "objective" in command.model_fields_set:
            owners.append(_of_objective(command.objective, context))
        return owners
    return None


def _belonging(*to: tuple[UUID | None, UUID | None]) -> Owners:
    members, teams = zip(*to, strict=True)
    return Owners(frozenset(filter(None, members)), frozenset(filter(None, teams)))


def _of_objective(id: UUID, context: Context) -> Owners | None:
    objective = context.look(OBJECTIVE, id)
    return _belonging((objective.now.owner, objective.now.team)) if objective.exists else None


def _of_key_result(id: UUID, context: Context) -> Owners | None:
    key_result = context.look(KEY_RESULT, id)
    if not key_result.exists:
        return None
    own = key_result.now
    above = context.look(OBJECTIVE, own.objective).now
    return _belonging((own.owner, own.team), (above.owner, above.team))


def _owns(role: Role, member: UUID | None, owners: Owners, context: Context) -> bool:
    if member is None:
        return False
    if member in owners.members:
        return True
    for team in owners.teams:
        if member in context.look(TEAM, team).now.members:
            return True
        if role == "lead" and any(_leads(member, above, context) for above in _upwards(team, context)):
            return True
    return False


def _upwards(team: UUID, context: Context) -> Iterator[UUID]:
    above: UUID | None = team
    while above is not None:
        yield above
        above = context.look(TEAM, above).now.parent


def _leads(member: UUID, team: UUID, context: Context) -> bool:
    return context.look(TEAM, team).now.members.get(member) == "lead"
