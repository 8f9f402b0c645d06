"""What holds for every command (contract, section 4), shown on the examples of `tests.support.examples`."""

import pytest

from domain.catalogue import COMMANDS
from domain.errors import Conflict, Invalid
from domain.kernel import Kind, Ref
from domain.places import place
from tests.support.builders import (
    MEASURED,
    NEXT,
    add_key_result,
    change_initiative,
    change_key_result,
    change_objective,
    check_in,
    close_cycle,
    correct_check_in,
    drop_key_result,
    drop_objective,
    grade_key_result,
    grade_objective,
    link_kpi,
    move_objective,
    on,
    reopen_cycle,
    reschedule_cycle,
    restore_key_result,
    restore_objective,
    retract_check_in,
    set_objective,
    start_initiative,
    unlink_kpi,
)
from tests.support.examples import CREATING, ELSEWHEN, EXAMPLES, OF_ANOTHER_TIME, ON_NOTHING, WORLD
from tests.support.specs import given

every_command = pytest.mark.parametrize("name", EXAMPLES)


def every_command_but(*names):
    return pytest.mark.parametrize("name", [name for name in EXAMPLES if name not in names])


def at(command, day):
    return command.model_copy(update={"effective_at": on(day)})


def test_there_is_an_example_of_every_command():
    assert EXAMPLES.keys() == COMMANDS.keys()


@every_command
def test_it_leads_to_events(name):
    assert given(*WORLD).when(EXAMPLES[name]).decision.drafts


@every_command
def test_only_a_new_thing_is_reported_as_created(name):
    assert given(*WORLD).when(EXAMPLES[name]).decision.created == (name in CREATING)


@every_command_but("check_in")
def test_asking_twice_changes_nothing(name):
    """All but a check-in, which is a statement: saying the same again is a new event."""
    given(*WORLD, EXAMPLES[name]).when(EXAMPLES[name]).nothing()


@every_command_but("check_in")
def test_asking_twice_for_the_same_time_changes_nothing(name):
    command = at(EXAMPLES[name], "2026-02-20")
    given(*WORLD, command).when(command).nothing()


@every_command_but("check_in")
def test_it_answers_with_the_same_thing_when_asked_twice(name):
    world = given(*WORLD)
    first, second = world.when(EXAMPLES[name]), world.when(EXAMPLES[name])
    assert first.decision.subject == second.decision.subject


@every_command_but(*OF_ANOTHER_TIME)
def test_it_takes_effect_when_recorded_unless_it_says_otherwise(name):
    outcome = given(*WORLD).when(EXAMPLES[name])
    assert {draft.effective_at for draft in outcome.decision.drafts} == {None}


@every_command_but(*ELSEWHEN)
def test_it_takes_effect_when_it_says(name):
    outcome = given(*WORLD).when(at(EXAMPLES[name], "2026-02-20"))
    assert {draft.effective_at for draft in outcome.decision.drafts} == {on("2026-02-20")}


@every_command
def test_it_cannot_take_effect_in_the_future(name):
    command = at(EXAMPLES[name], "2026-03-02")
    given(*WORLD).when(command).refused(Invalid, "effective_in_future", "/effective_at")


@every_command_but(*ON_NOTHING)
def test_it_cannot_take_effect_before_what_it_acts_on_existed(name):
    command = at(EXAMPLES[name], "2026-01-04")
    given(*WORLD).when(command).refused(Invalid, "effective_too_early", "/effective_at")


@every_command
def test_what_it_relies_on_guards_the_append(name):
    """A decision looks at each known stream that it writes to, and at the cycle of every goal that it changes."""
    world = given(*WORLD)
    known = world.ledger.streams()
    drafts = world.when(EXAMPLES[name]).decision.drafts
    looked = set(world.ledger.looked)
    for draft in drafts:
        assert draft.stream in looked or draft.stream not in known
        assert {Ref(Kind.CYCLE, cycle) for cycle in place(draft.stream, draft.event, world.ledger).cycles} <= looked


ON_THE_GOALS = [
    reschedule_cycle(ends_on="2026-04-03"),
    set_objective("shrink"),
    change_objective(title="grow up"),
    move_objective("unmeasured"),
    drop_objective(),
    restore_objective("shelved"),
    grade_objective(),
    add_key_result("profit"),
    change_key_result(title="turnover"),
    drop_key_result(),
    restore_key_result("paused"),
    grade_key_result(),
    check_in(value=7),
    correct_check_in(value=6),
    retract_check_in(),
    start_initiative("fair"),
    change_initiative(state="done"),
    link_kpi("revenue"),
    unlink_kpi("driven"),
]


@pytest.mark.parametrize("command", ON_THE_GOALS, ids=lambda command: command.NAME)
def test_in_a_closed_cycle_goals_do_not_change(command):
    given(*WORLD, close_cycle()).when(command).refused(Conflict, "cycle_closed")


@pytest.mark.parametrize("command", ON_THE_GOALS, ids=lambda command: command.NAME)
def test_a_cycle_that_is_closed_now_is_closed_for_what_took_effect_before_its_close(command):
    early = at(command, "2026-02-20")
    given(*WORLD, close_cycle()).when(early).refused(Conflict, "cycle_closed")


@pytest.mark.parametrize("command", ON_THE_GOALS, ids=lambda command: command.NAME)
def test_a_reopened_cycle_takes_late_changes(command):
    late = at(command, "2026-02-20")
    given(*WORLD, close_cycle(), reopen_cycle()).when(late).decision  # noqa: B018


@pytest.mark.parametrize(
    "command",
    [
        drop_objective("shelved"),
        drop_key_result("paused"),
        restore_objective(),
        restore_key_result(),
        change_objective(title="grow"),
        grade_key_result(score=None),
        change_initiative(state="active"),
        correct_check_in(value=5),
        close_cycle(),
        set_objective(),
        add_key_result(),
    ],
    ids=lambda command: command.NAME,
)
def test_asking_a_closed_cycle_for_what_already_is_changes_nothing(command):
    given(*WORLD, close_cycle()).when(command).nothing()


@pytest.mark.parametrize(
    "command",
    [
        change_objective(title="grow up"),
        move_objective(),
        grade_objective(),
        add_key_result("profit"),
        change_key_result("elsewhere", objective="grow"),
    ],
    ids=lambda command: command.NAME,
)
def test_a_dropped_objective_takes_no_change(command):
    elsewhere = (set_objective("other"), add_key_result("elsewhere", objective="other"))
    given(*MEASURED, *NEXT, *elsewhere, drop_objective()).when(command).refused(Conflict, "dropped")


@pytest.mark.parametrize(
    "command",
    [
        change_key_result(title="turnover"),
        grade_key_result(),
        check_in(value=7),
        correct_check_in(value=6),
        retract_check_in(),
        start_initiative("fair"),
        change_initiative(state="done"),
        link_kpi(),
    ],
    ids=lambda command: command.NAME,
)
def test_a_dropped_key_result_takes_no_change(command):
    given(*WORLD, drop_key_result()).when(command).refused(Conflict, "dropped")


@pytest.mark.parametrize("command", [change_key_result(title="x"), check_in(value=7)], ids=lambda command: command.NAME)
def test_what_is_dropped_now_takes_no_change_for_a_time_before_it_was(command):
    given(*WORLD, drop_key_result()).when(at(command, "2026-02-20")).refused(Conflict, "dropped")
