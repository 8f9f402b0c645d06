"""Teams and who is in them (contract, section 4)."""

import pytest

from domain.errors import Conflict, Invalid
from domain.team.events import MemberJoined, MemberLeft, TeamChanged, TeamDisbanded, TeamFormed
from tests.support.builders import (
    change_team,
    disband_team,
    erase_member,
    form_team,
    join_team,
    leave_team,
    on,
    register_member,
    uid,
)
from tests.support.specs import given, like, unreadable

TEAM = (form_team("core"),)
TREE = (form_team("all"), form_team("core", parent="all"), form_team("web", parent="core"))
PEOPLE = (*TEAM, register_member("ada"))

# --- the teams


def test_a_team_is_formed():
    given().when(form_team("core", name="Core")).then(
        TeamFormed(name="Core", parent=None, external_id=None, source="http")
    )


def test_a_team_is_formed_inside_another():
    given(*TEAM).when(form_team("web", parent="core")).then(like(TeamFormed, parent=uid("core")))


def test_a_team_is_not_formed_inside_one_that_was_formed_later():
    late = form_team("web", parent="core", at="2026-01-03")
    given(*TEAM).when(late).refused(Invalid, "effective_too_early", "/effective_at")


def test_a_team_needs_a_name():
    assert unreadable(form_team, name=" ") == ["/name"]


def test_a_team_is_renamed():
    outcome = given(*TREE).when(change_team("web", name="Site"))
    outcome.then(TeamChanged(name="Site"))
    assert (outcome.team("web").name, outcome.team("web").parent) == ("Site", uid("core"))


def test_a_teams_name_cannot_be_cleared():
    assert unreadable(change_team, name=None) == ["/name"]


def test_a_team_is_moved():
    given(*TREE).when(change_team("web", parent="all")).then(TeamChanged(parent=uid("all")))


def test_a_team_is_moved_to_the_top_by_null():
    given(*TREE).when(change_team("web", parent=None)).then(TeamChanged(parent=None))


def test_only_what_differs_is_recorded():
    given(*TREE).when(change_team("web", name="Site", parent="core")).then(TeamChanged(name="Site"))


def test_a_team_is_disbanded():
    outcome = given(*TEAM).when(disband_team(reason="done"))
    outcome.then(TeamDisbanded(reason="done"))
    assert outcome.team().state == "disbanded"


def test_a_team_is_not_disbanded_before_it_was_formed():
    world = given(*TEAM, on("2026-02-01"))
    world.when(disband_team(at="2026-01-04")).refused(Invalid, "effective_too_early", "/effective_at")


def test_a_team_that_was_disbanded_was_not_disbanded_earlier():
    world = given(*TEAM, on("2026-02-01"), disband_team(), on("2026-03-01"))
    world.when(disband_team(at="2026-01-20")).refused(Invalid, "effective_too_early", "/effective_at")


@pytest.mark.parametrize(
    "command",
    [
        change_team(name="Site"),
        join_team(role="lead"),
        leave_team(),
        form_team("web", parent="core"),
        change_team("other", parent="core"),
    ],
    ids=["rename", "join", "leave", "form inside", "move inside"],
)
def test_a_disbanded_team_takes_no_change(command):
    world = given(*PEOPLE, form_team("other"), join_team(), disband_team())
    world.when(command).refused(Conflict, "disbanded")


# --- no loops


@pytest.mark.parametrize(("team", "parent"), [("all", "all"), ("all", "core"), ("all", "web")])
def test_a_team_never_stands_inside_itself(team, parent):
    given(*TREE).when(change_team(team, parent=parent)).refused(Conflict, "team_loop")


def test_a_team_may_move_below_one_that_stood_below_it_before():
    turned = (*TREE, change_team("core", parent=None))
    given(*turned).when(change_team("all", parent="core")).then(TeamChanged(parent=uid("core")))


def test_a_late_move_makes_no_loop_in_the_past():
    """In January `core` stood in `all`; to say in March that `all` stood in `core` then would be a loop then."""
    world = given(*TREE, on("2026-02-01"), change_team("core", parent=None), on("2026-03-01"))
    world.when(change_team("all", parent="core", at="2026-01-20")).refused(Conflict, "team_loop")


def test_a_late_move_that_was_over_before_the_other_began_makes_no_loop():
    formed = (form_team("all"), form_team("core"), form_team("web"))
    world = given(*formed, on("2026-02-01"), change_team("all", parent="web"), change_team("core", parent="all"))
    world.when(change_team("all", parent="core", at="2026-01-20")).then(TeamChanged(parent=uid("core")))


# --- the members


def test_a_member_joins():
    outcome = given(*PEOPLE).when(join_team("core", "ada"))
    outcome.then(MemberJoined(member=uid("ada"), role="member"))
    assert outcome.team().members == {uid("ada"): "member"}


def test_a_member_becomes_a_lead():
    outcome = given(*PEOPLE, join_team("core", "ada")).when(join_team("core", "ada", role="lead"))
    outcome.then(MemberJoined(member=uid("ada"), role="lead"))
    assert outcome.team().members == {uid("ada"): "lead"}


def test_a_member_leaves():
    outcome = given(*PEOPLE, join_team()).when(leave_team())
    outcome.then(MemberLeft(member=uid("ada")))
    assert outcome.team().members == {}


def test_who_is_not_in_a_team_has_left_it():
    given(*PEOPLE).when(leave_team()).nothing()


def test_who_has_left_may_join_again():
    given(*PEOPLE, join_team(), leave_team()).when(join_team()).then(like(MemberJoined))


def test_a_late_joining_counts_from_when_it_was():
    world = given(*PEOPLE, on("2026-03-01"), join_team(at="2026-02-01"))
    assert world.team(at="2026-01-20").members == {}
    assert world.team(at="2026-02-01").members == {uid("ada"): "member"}


@pytest.mark.parametrize(
    "command", [join_team("core", "ada", at="2026-01-20"), leave_team("core", "ada", at="2026-01-20")]
)
def test_nobody_joins_or_leaves_before_being_registered(command):
    world = given(*TEAM, on("2026-02-01"), register_member("ada"))
    world.when(command).refused(Invalid, "effective_too_early", "/effective_at")


def test_an_erased_member_joins_no_team():
    given(*PEOPLE, erase_member()).when(join_team()).refused(Conflict, "erased")


def test_an_erased_member_may_leave():
    given(*PEOPLE, join_team(), erase_member()).when(leave_team()).then(MemberLeft(member=uid("ada")))
