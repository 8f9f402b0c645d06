"""Rules that must hold at every instant of every history, also after late changes of the past."""

import hypothesis

from domain.errors import Conflict, Refusal
from domain.kernel import Draft, Kind, Ref
from domain.key_result.events import KeyResultChanged
from domain.measures import value_field
from domain.objective.events import ObjectiveChanged
from domain.places import place
from domain.team.events import TeamChanged
from tests.support.actions import (
    add_key_result,
    change_key_result,
    change_objective,
    change_team,
    check_in,
    correct_check_in,
    grade,
    move_objective,
    retract_check_in,
    run_a_cycle,
)
from tests.support.histories import bounded, histories, instants, play, things
from tests.support.memory import MemoryLedger

for_any_history = hypothesis.given(histories())
SAYINGS = (check_in, check_in, change_key_result, change_key_result, correct_check_in, retract_check_in)


@bounded
@hypothesis.given(histories(actions=SAYINGS))
def test_a_value_always_suits_the_measure(history):
    ledger = play(history)
    for ref in things(ledger, Kind.KEY_RESULT):
        for _, key_result in ledger.history(ref).states_since(instants(ledger)[0]):
            said = [
                c
                for c in key_result.standing
                if c.value is key_result.value and c.field == value_field(key_result.measure)
            ]
            assert key_result.value is None or said


UPWARDS = (change_team, change_objective, change_key_result)


@bounded
@hypothesis.given(histories(actions=UPWARDS))
def test_nothing_stands_above_itself_at_any_instant(history):
    assert not looped(play(history))


@bounded
@hypothesis.given(histories(most=20, actions=UPWARDS), histories(most=20, actions=UPWARDS))
def test_what_is_refused_as_a_loop_would_be_one(history, more):
    """Nothing is refused that would be no loop at any time: the event is recorded all the same, and there it is."""
    ledger = play(history)
    for step in more:
        try:
            ledger.execute(step.command)
        except Conflict as refusal:
            if refusal.slug in ("team_loop", "alignment_loop"):
                ledger.record(refused(step.command), ledger.passes())
                assert looped(ledger)
                return
        except Refusal:
            pass


def refused(command):
    """The part of a refused event that matters here."""
    parts = {
        "change_team": (Kind.TEAM, TeamChanged, "parent"),
        "change_objective": (Kind.OBJECTIVE, ObjectiveChanged, "aligned_to"),
        "change_key_result": (Kind.KEY_RESULT, KeyResultChanged, "objective"),
    }
    kind, event, field = parts[command.NAME]
    stream = Ref(kind, getattr(command, kind.value))
    return Draft(stream, event(**{field: getattr(command, field)}), command.effective_at)


def looped(ledger):
    """Whether anything stands above itself at any instant."""
    upper = {
        Kind.TEAM: lambda team: team.parent,
        Kind.OBJECTIVE: lambda objective: objective.aligned_to,
        Kind.KEY_RESULT: lambda key_result: key_result.objective,
    }
    known = [ledger.history(ref) for kind in upper for ref in things(ledger, kind)]
    for instant in instants(ledger):
        above = {
            history.ref.id: upper[history.ref.kind](state)
            for history in known
            if (state := history.at(instant)) is not None
        }
        for start in above:
            seen, on = set(), start
            while on is not None and on not in seen:
                seen.add(on)
                on = above.get(on)
            if on is not None:
                return True
    return False


@bounded
@for_any_history
def test_no_cycle_ends_before_it_starts_at_any_instant(history):
    ledger = play(history)
    for ref in things(ledger, Kind.CYCLE):
        for _, cycle in ledger.history(ref).states_since(instants(ledger)[0]):
            assert cycle.starts_on <= cycle.ends_on


@bounded
@for_any_history
def test_a_decision_looks_at_every_cycle_whose_goals_it_changes_and_none_of_them_is_closed(history):
    ledger = MemoryLedger()
    for step in history:
        closed = {ref.id for ref in things(ledger, Kind.CYCLE) if ledger.history(ref).now.state == "closed"}
        decision = ledger.execute(step.command, step.at)
        looked = {ref.id for ref in ledger.looked}
        for draft in decision.drafts:
            if draft.stream.kind in (Kind.OBJECTIVE, Kind.KEY_RESULT, Kind.INITIATIVE):
                cycles = place(draft.stream, draft.event, ledger).cycles
                assert looked >= set(cycles)
                assert closed.isdisjoint(cycles)


MOVES = (move_objective, move_objective, change_objective, change_objective, add_key_result, grade, run_a_cycle)


@bounded
@hypothesis.given(histories(actions=MOVES))
def test_a_closed_cycles_past_does_not_change(history):
    """What its goals were at any time is the same before and after a command, as long as it stays closed."""
    ledger = MemoryLedger()
    for step in history:
        before = {ref: goals(ledger, ref.id) for ref in closed_cycles(ledger)}
        ledger.execute(step.command, step.at)
        for ref in closed_cycles(ledger):
            assert ref not in before or goals(ledger, ref.id) == before[ref], step.command


def closed_cycles(ledger):
    return [ref for ref in things(ledger, Kind.CYCLE) if ledger.history(ref).now.state == "closed"]


def goals(ledger, cycle):
    """The states of everything in a cycle, with when they began to hold."""
    found = []
    start = instants(ledger)[0]
    for ref in (*things(ledger, Kind.OBJECTIVE), *things(ledger, Kind.KEY_RESULT)):
        for begin, state in ledger.history(ref).states_since(start):
            objective = state
            if ref.kind is Kind.KEY_RESULT:
                objective = ledger.history(Ref(Kind.OBJECTIVE, state.objective)).at(begin)
            if objective.cycle == cycle:
                found.append((ref, begin, state))
    return found
