"""The only register: every event by its stored name, every command by its name, every kind with its fold."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

from domain.cycle import decisions as cycles
from domain.cycle.events import CycleEvent
from domain.cycle.state import CYCLE
from domain.errors import invalid
from domain.initiative import decisions as initiatives
from domain.initiative.events import InitiativeEvent
from domain.initiative.state import INITIATIVE
from domain.kernel import Command, Context, Decision, Event, Fold, Kind
from domain.key import decisions as keys
from domain.key.events import KeyEvent
from domain.key.state import KEY
from domain.key_result import check_ins, linking
from domain.key_result import decisions as key_results
from domain.key_result.events import KeyResultEvent
from domain.key_result.state import KEY_RESULT
from domain.kpi import decisions as kpis
from domain.kpi import pairs, targets
from domain.kpi.events import KpiEvent
from domain.kpi.state import KPI
from domain.measurements import decisions as measurements
from domain.measurements.events import MeasurementsEvent
from domain.measurements.state import MEASUREMENTS
from domain.member import decisions as members
from domain.member.events import MemberEvent
from domain.member.state import MEMBER
from domain.objective import carrying
from domain.objective import decisions as objectives
from domain.objective.events import ObjectiveEvent
from domain.objective.state import OBJECTIVE
from domain.redaction import decisions as redactions
from domain.redaction.events import TextRedacted
from domain.redaction.state import REDACTIONS
from domain.team import decisions as teams
from domain.team.events import TeamEvent
from domain.team.state import TEAM


def _events() -> dict[str, type[Event]]:
    unions: tuple[Any, ...] = (
        CycleEvent,
        TeamEvent,
        MemberEvent,
        ObjectiveEvent,
        KeyResultEvent,
        InitiativeEvent,
        KpiEvent,
        MeasurementsEvent,
        KeyEvent,
    )
    classes: list[type[Event]] = [event for union in unions for event in get_args(union)]
    classes.append(TextRedacted)
    return {event.TOPIC: event for event in classes}


EVENTS: dict[str, type[Event]] = _events()
"""Stored name → event class."""

FOLDS: dict[Kind, Fold[Any]] = {
    fold.kind: fold
    for fold in (CYCLE, TEAM, MEMBER, OBJECTIVE, KEY_RESULT, INITIATIVE, KPI, MEASUREMENTS, KEY, REDACTIONS)
}
"""Kind → how its facts become its state."""


@dataclass(frozen=True, slots=True)
class Verb:
    """A command's class and the function that decides it."""

    command: type[Command]
    decide: Callable[[Any, Context], Decision]


COMMANDS: dict[str, Verb] = {
    verb.command.NAME: verb
    for verb in (
        Verb(cycles.PlanCycle, cycles.plan_cycle),
        Verb(cycles.OpenCycle, cycles.open_cycle),
        Verb(cycles.RescheduleCycle, cycles.reschedule_cycle),
        Verb(cycles.CloseCycle, cycles.close_cycle),
        Verb(cycles.ReopenCycle, cycles.reopen_cycle),
        Verb(teams.FormTeam, teams.form_team),
        Verb(teams.ChangeTeam, teams.change_team),
        Verb(teams.DisbandTeam, teams.disband_team),
        Verb(teams.JoinTeam, teams.join_team),
        Verb(teams.LeaveTeam, teams.leave_team),
        Verb(members.RegisterMember, members.register_member),
        Verb(members.EraseMember, members.erase_member),
        Verb(redactions.RedactText, redactions.redact_text),
        Verb(objectives.SetObjective, objectives.set_objective),
        Verb(objectives.ChangeObjective, objectives.change_objective),
        Verb(objectives.MoveObjective, objectives.move_objective),
        Verb(objectives.DropObjective, objectives.drop_objective),
        Verb(objectives.RestoreObjective, objectives.restore_objective),
        Verb(objectives.GradeObjective, objectives.grade_objective),
        Verb(carrying.CarryForward, carrying.carry_forward),
        Verb(key_results.AddKeyResult, key_results.add_key_result),
        Verb(key_results.ChangeKeyResult, key_results.change_key_result),
        Verb(key_results.DropKeyResult, key_results.drop_key_result),
        Verb(key_results.RestoreKeyResult, key_results.restore_key_result),
        Verb(key_results.GradeKeyResult, key_results.grade_key_result),
        Verb(check_ins.CheckInOn, check_ins.check_in),
        Verb(check_ins.CorrectCheckIn, check_ins.correct_check_in),
        Verb(check_ins.RetractCheckIn, check_ins.retract_check_in),
        Verb(initiatives.StartInitiative, initiatives.start_initiative),
        Verb(initiatives.ChangeInitiative, initiatives.change_initiative),
        Verb(kpis.DefineKpi, kpis.define_kpi),
        Verb(kpis.ChangeKpi, kpis.change_kpi),
        Verb(targets.SetKpiTarget, targets.set_kpi_target),
        Verb(targets.SetKpiBenchmark, targets.set_kpi_benchmark),
        Verb(pairs.PairKpi, pairs.pair_kpi),
        Verb(pairs.UnpairKpi, pairs.unpair_kpi),
        Verb(measurements.RecordMeasurements, measurements.record_measurements),
        Verb(measurements.RestateMeasurement, measurements.restate_measurement),
        Verb(kpis.RetireKpi, kpis.retire_kpi),
        Verb(kpis.RestoreKpi, kpis.restore_kpi),
        Verb(linking.LinkKpi, linking.link_kpi),
        Verb(linking.UnlinkKpi, linking.unlink_kpi),
        Verb(keys.CreateKey, keys.create_key),
        Verb(keys.RevokeKey, keys.revoke_key),
    )
}
"""Command name, as in the history file → its class and its decision."""

CREDENTIALS = frozenset({keys.CreateKey.NAME, keys.RevokeKey.NAME})
"""Commands that no history file has: a key opens the ledger that it was made in, and no other."""


def decide(command: Command, context: Context) -> Decision:
    """What the command leads to. Raises a `Refusal` if it cannot be taken."""
    if command.effective_at is not None and command.effective_at > context.now:
        raise invalid("/effective_at", "lies in the future", slug="effective_in_future")
    return COMMANDS[command.NAME].decide(command, context)
