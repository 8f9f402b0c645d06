"""Who may do what: every endpoint for every role. An endpoint that is not in the table fails the test."""

from typing import Any

import pytest

from api.app import create_app
from api.openapi import document
from api.settings import Settings
from tests.support.builders import uid
from tests.support.http import METRIC, Api

CYCLE, TEAM, OBJECTIVE = "/cycles/2026-Q1", f"/teams/{uid('core')}", f"/objectives/{uid('grow')}"
KEY_RESULT, CHECK_IN = f"/key-results/{uid('revenue')}", f"/check-ins/{uid('monday')}"
NEXT = {"label": "2027-Q1", "kind": "quarter", "starts_on": "2027-01-01", "ends_on": "2027-03-31"}
REASON = {"reason": "x"}
KEY = f"/keys/{uid('none')}"
KPI, POINT = f"/kpis/{uid('signups')}", f"/kpis/{uid('signups')}/measurements/2026-02-28"

EVERYBODY = {"reader", "auditor", "service", "member", "lead", "admin"}
OWNERS = {"member", "lead", "admin"}
CHECKERS = OWNERS | {"service"}
ADMINS = {"admin"}

# operationId → a request, and who may make it about what their own team owns.
TABLE: dict[str, tuple[str, str, dict[str, Any] | None, set[str]]] = {
    **{
        name: ("GET", path, None, EVERYBODY)
        for name, path in {
            "list_cycles": "/cycles", "get_cycle": CYCLE, "get_cycle_history": f"{CYCLE}/history",
            "get_cycle_board": f"{CYCLE}/board",
            "list_teams": "/teams", "get_team": TEAM, "get_team_history": f"{TEAM}/history",
            "get_team_board": f"{TEAM}/board?cycle=2026-Q1", "get_team_report": f"{TEAM}/report",
            "list_members": "/members", "get_member": f"/members/{uid('ada')}",
            "get_member_history": f"/members/{uid('ada')}/history",
            "list_objectives": "/objectives", "get_objective": OBJECTIVE,
            "get_objective_history": f"{OBJECTIVE}/history",
            "list_objective_key_results": f"{OBJECTIVE}/key-results",
            "list_key_results": "/key-results", "get_key_result": KEY_RESULT,
            "get_key_result_history": f"{KEY_RESULT}/history",
            "list_key_result_check_ins": f"{KEY_RESULT}/check-ins",
            "list_key_result_initiatives": f"{KEY_RESULT}/initiatives",
            "list_check_ins": "/check-ins", "get_check_in": CHECK_IN,
            "get_check_in_history": f"{CHECK_IN}/history",
            "list_initiatives": "/initiatives", "get_initiative": f"/initiatives/{uid('campaign')}",
            "get_initiative_history": f"/initiatives/{uid('campaign')}/history",
            "list_key_result_kpi_links": f"{KEY_RESULT}/kpi-links",
            "list_kpis": "/kpis", "get_kpi": KPI, "get_kpi_history": f"{KPI}/history",
            "list_kpi_measurements": f"{KPI}/measurements", "get_kpi_series": f"{KPI}/series",
            "get_kpi_chart": f"{KPI}/chart.svg", "get_cycle_chart": f"{CYCLE}/chart.svg",
            "get_cycle_seals": f"{CYCLE}/seals", "get_cycle_series": f"{CYCLE}/series",
            "get_cycle_replay": f"{CYCLE}/replay", "get_cycle_replay_picture": f"{CYCLE}/replay.svg",
            "get_cycle_diff": f"{CYCLE}/diff", "get_objective_diff": f"{OBJECTIVE}/diff",
            "get_team_series": f"{TEAM}/series", "get_team_diff": f"{TEAM}/diff?cycle=2026-Q1",
            "explain_cycle": f"{CYCLE}/explain", "explain_objective": f"{OBJECTIVE}/explain",
            "explain_key_result": f"{KEY_RESULT}/explain", "get_cycle_goalposts": f"{CYCLE}/goalposts",
            "get_key_history": f"{KEY}/history",
            "list_events": "/events", "list_audit": "/audit", "get_ledger": "/ledger",
            "get_checkpoint": "/ledger/checkpoint", "get_verifier_keys": "/ledger/key",
            "list_leaves": "/ledger/leaves", "prove_inclusion": "/ledger/proofs/inclusion?position=1",
            "prove_consistency": "/ledger/proofs/consistency?from=1",
        }.items()
    },
    "plan_cycle": ("POST", "/cycles", NEXT, ADMINS),
    "reschedule_cycle": ("PATCH", CYCLE, {"ends_on": "2026-12-30"} | REASON, ADMINS),
    "open_cycle": ("POST", f"{CYCLE}/open", {}, ADMINS),
    "close_cycle": ("POST", f"{CYCLE}/close", {}, ADMINS),
    "reopen_cycle": ("POST", f"{CYCLE}/reopen", REASON, ADMINS),
    "form_team": ("POST", "/teams", {"name": "Web"}, ADMINS),
    "change_team": ("PATCH", TEAM, {"name": "Kernel"}, ADMINS),
    "disband_team": ("POST", f"{TEAM}/disband", {}, ADMINS),
    "join_team": ("PUT", f"{TEAM}/members/{uid('cyd')}", {}, ADMINS),
    "leave_team": ("DELETE", f"{TEAM}/members/{uid('cyd')}", None, ADMINS),
    "register_member": ("POST", "/members", {"name": "dee", "kind": "person"}, ADMINS),
    "erase_member": ("POST", f"/members/{uid('cyd')}/erase", REASON, ADMINS),
    "redact_text": ("POST", "/events/11/redact", {"field": "note"} | REASON, ADMINS),
    "set_objective": ("POST", "/objectives", {"cycle": "2026-Q1", "title": "x", "team": str(uid("core"))}, OWNERS),
    "change_objective": ("PATCH", OBJECTIVE, {"title": "x"}, OWNERS),
    "move_objective": ("POST", f"{OBJECTIVE}/move", {"cycle": "2026-Q1"}, OWNERS),
    "drop_objective": ("POST", f"{OBJECTIVE}/drop", REASON, OWNERS),
    "restore_objective": ("POST", f"{OBJECTIVE}/restore", REASON, OWNERS),
    "grade_objective": ("POST", f"{OBJECTIVE}/grade", {"score": 1}, OWNERS),
    "carry_forward": ("POST", f"{OBJECTIVE}/carry-forward", {"to_cycle": "2026-Q1", "baseline": "restart"}, OWNERS),
    "add_key_result": ("POST", f"{OBJECTIVE}/key-results", {"title": "x", "measure": METRIC}, OWNERS),
    "change_key_result": ("PATCH", KEY_RESULT, {"title": "x"}, OWNERS),
    "drop_key_result": ("POST", f"{KEY_RESULT}/drop", REASON, OWNERS),
    "restore_key_result": ("POST", f"{KEY_RESULT}/restore", REASON, OWNERS),
    "grade_key_result": ("POST", f"{KEY_RESULT}/grade", {"score": 1}, OWNERS),
    "check_in": ("POST", f"{KEY_RESULT}/check-ins", {"value": 1}, CHECKERS),
    "start_initiative": ("POST", f"{KEY_RESULT}/initiatives", {"title": "x"}, OWNERS),
    "correct_check_in": ("POST", f"{CHECK_IN}/correct", {"value": 2} | REASON, CHECKERS),
    "retract_check_in": ("POST", f"{CHECK_IN}/retract", REASON, CHECKERS),
    "change_initiative": ("PATCH", f"/initiatives/{uid('campaign')}", {"state": "done"}, OWNERS),
    "define_kpi": ("POST", "/kpis", {"name": "x", "direction": "increase", "frequency": "daily",
                                      "team": str(uid("core"))}, OWNERS),
    "change_kpi": ("PATCH", KPI, {"name": "x"}, OWNERS),
    "set_kpi_target": ("POST", f"{KPI}/targets", {"from": "2026-01-01", "target": 9}, OWNERS),
    "set_kpi_benchmark": ("POST", f"{KPI}/benchmarks", {"name": "best", "value": 9}, OWNERS),
    "pair_kpi": ("PUT", f"{KPI}/counter-metrics/{uid('churn')}", {}, OWNERS),
    "unpair_kpi": ("DELETE", f"{KPI}/counter-metrics/{uid('churn')}", None, OWNERS),
    "record_measurements": ("POST", f"{KPI}/measurements", {"points": [{"on": "2026-03-31", "value": 9}]}, CHECKERS),
    "record_measurement": ("PUT", POINT, {"value": 9}, CHECKERS),
    "restate_measurement": ("POST", f"{POINT}/restate", {"value": 8} | REASON, CHECKERS),
    "link_kpi": ("PUT", f"{KEY_RESULT}/kpi", {"kpi": str(uid("signups"))}, OWNERS),
    "unlink_kpi": ("DELETE", f"{KEY_RESULT}/kpi?reason=x", None, OWNERS),
    "retire_kpi": ("POST", f"{KPI}/retire", REASON, OWNERS),
    "restore_kpi": ("POST", f"{KPI}/restore", REASON, OWNERS),
    "what_if": ("POST", f"{CYCLE}/what-if", {"policy": "linear-v1"}, EVERYBODY),
    "execute_commands": ("POST", "/commands", {"commands": [
        {"command": "check_in", "key_result": str(uid("revenue")), "value": 1}]}, CHECKERS),
    "create_key": ("POST", "/keys", {"role": "reader"}, ADMINS),
    "list_keys": ("GET", "/keys", None, ADMINS),
    "get_key": ("GET", KEY, None, ADMINS),
    "revoke_key": ("DELETE", KEY, None, ADMINS),
}  # fmt: skip


def test_every_endpoint_is_in_the_table():
    paths = document(create_app(Settings()), ())["paths"]
    found = {operation["operationId"] for methods in paths.values() for operation in methods.values()}
    assert found - {"get_health", "get_readiness"} == set(TABLE)


@pytest.mark.parametrize("role", ["reader", "auditor", "service", "member", "lead", "admin"])
def test_each_role_may_do_what_the_table_says(at_work: Api, role: str):
    somebody = at_work.as_(role, {"lead": "ada", "admin": None}.get(role, "bob"))
    for name, (method, path, body, allowed) in TABLE.items():
        answer = somebody.call(method, path, body)
        assert answer.status not in (401, 422, 500), (name, answer)
        assert (answer.status != 403) == (role in allowed), (role, name, answer)


@pytest.mark.parametrize("role", ["service", "member", "lead"])
def test_whoever_owns_nothing_only_reads(at_work: Api, role: str):
    for stranger in (at_work.as_(role, "cyd"), at_work.as_(role)):
        for name, (method, path, body, allowed) in TABLE.items():
            answer = stranger.call(method, path, body)
            assert (answer.status == 403) == (allowed != EVERYBODY), (role, name, answer)


def test_nobody_does_nothing(at_work: Api):
    nobody = at_work.with_key(None)
    for name, (method, path, body, _) in TABLE.items():
        assert nobody.call(method, path, body).status == 401, name


def test_a_lead_leads_the_teams_below_too_and_may_backdate(at_work: Api):
    web = at_work.post("/teams", name="Web", parent=uid("core")).body["id"]
    made = at_work.post("/objectives", cycle="2026-Q1", title="faster", team=web).body
    path, at = f"/objectives/{made['id']}", made["as_of"]["recorded_at"]
    ada, bob = at_work.as_("lead", "ada"), at_work.as_("member", "bob")
    assert ada.patch(path, title="much faster", effective_at=at).status == 200
    assert bob.patch(path, title="a little faster").status == 403
    assert bob.patch(OBJECTIVE, title="x", effective_at=at).slug == "forbidden"
    assert bob.post(f"{KEY_RESULT}/check-ins", value=5, effective_at=at).status == 201


def test_naming_a_team_that_is_not_there_is_no_way_in(at_work: Api):
    bob = at_work.as_("member", "bob")
    answer = bob.post("/objectives", cycle="2026-Q1", title="x", team=uid("none"))
    assert answer.status in (403, 404), answer
    assert bob.post("/objectives", cycle="2026-Q1", title="x").status == 403
