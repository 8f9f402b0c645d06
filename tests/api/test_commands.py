"""Every command of the contract, once through HTTP: its address, its status, and the resource as it then reads."""

from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from api import shapes
from api.credentials import ENVIRONMENT_KEY
from api.documents import written
from domain.catalogue import COMMANDS
from tests.support.builders import uid
from tests.support.http import METRIC, Api, company

CYCLE, TEAM, MEMBER = "/cycles/2026-Q1", f"/teams/{uid('core')}", f"/members/{uid('cyd')}"
OBJECTIVE, KEY_RESULT = f"/objectives/{uid('grow')}", f"/key-results/{uid('revenue')}"
CHECK_IN, INITIATIVE = f"/check-ins/{uid('monday')}", f"/initiatives/{uid('campaign')}"
KPI = f"/kpis/{uid('signups')}"
NEXT = {"label": "2027-Q1", "kind": "quarter", "starts_on": "2027-01-01", "ends_on": "2027-03-31"}

# In this order, since one makes what another changes: name, method, path, body, and what then reads how.
CALLS: list[tuple[str, str, str, dict[str, Any], type[BaseModel], dict[str, Any]]] = [
    ("plan_cycle", "POST", "/cycles", NEXT, shapes.Cycle, {"state": "planned", "label": "2027-Q1"}),
    ("open_cycle", "POST", "/cycles/2027-Q1/open", {}, shapes.Cycle, {"state": "open"}),
    ("reschedule_cycle", "PATCH", CYCLE, {"ends_on": "2026-12-30", "reason": "a holiday"}, shapes.Cycle,
     {"ends_on": "2026-12-30"}),
    ("form_team", "POST", "/teams", {"name": "Web", "parent": str(uid("core"))}, shapes.Team, {"name": "Web"}),
    ("change_team", "PATCH", TEAM, {"name": "Kernel"}, shapes.Team, {"name": "Kernel"}),
    ("register_member", "POST", "/members", {"name": "dee", "kind": "service"}, shapes.Member, {"name": "dee"}),
    ("join_team", "PUT", f"{TEAM}/members/{uid('cyd')}", {"role": "member"}, shapes.Team, {}),
    ("leave_team", "DELETE", f"{TEAM}/members/{uid('cyd')}", {}, shapes.Team, {}),
    ("set_objective", "POST", "/objectives", {"id": str(uid("spare")), "cycle": "2026-Q1", "title": "spare"},
     shapes.Objective, {"title": "spare", "statement": "We will spare."}),
    ("change_objective", "PATCH", OBJECTIVE, {"title": "grow more", "tags": ["money"]}, shapes.Objective,
     {"title": "grow more", "tags": ["money"]}),
    ("move_objective", "POST", f"/objectives/{uid('spare')}/move", {"cycle": "2027-Q1"}, shapes.Objective,
     {"title": "spare"}),
    ("add_key_result", "POST", f"{OBJECTIVE}/key-results", {"title": "users", "measure": METRIC},
     shapes.KeyResult, {"measure": METRIC | {"unit": None}, "value": None, "status": "pending"}),
    ("change_key_result", "PATCH", KEY_RESULT, {"measure": {"target": 80}, "reason": "less budget"},
     shapes.KeyResult, {"score": Decimal("0.5")}),
    ("check_in", "POST", f"{KEY_RESULT}/check-ins", {"value": "60.0", "confidence": 7}, shapes.CheckIn,
     {"value": 60, "confidence": 7, "state": "active"}),
    ("correct_check_in", "POST", f"{CHECK_IN}/correct", {"value": 41, "reason": "a slip"}, shapes.CheckIn,
     {"value": 41, "state": "corrected"}),
    ("retract_check_in", "POST", f"{CHECK_IN}/retract", {"reason": "wrong one"}, shapes.CheckIn,
     {"state": "retracted"}),
    ("grade_key_result", "POST", f"{KEY_RESULT}/grade", {"score": 0.6, "reason": "luck"}, shapes.KeyResult,
     {"grade": Decimal("0.6")}),
    ("start_initiative", "POST", f"{KEY_RESULT}/initiatives", {"title": "fair", "url": "https://example.com"},
     shapes.Initiative, {"state": "active"}),
    ("change_initiative", "PATCH", INITIATIVE, {"state": "done", "learning": "it works"}, shapes.Initiative,
     {"state": "done", "learning": "it works"}),
    ("drop_key_result", "POST", f"{KEY_RESULT}/drop", {"reason": "no data"}, shapes.KeyResult,
     {"state": "dropped"}),
    ("restore_key_result", "POST", f"{KEY_RESULT}/restore", {"reason": "data again"}, shapes.KeyResult,
     {"state": "active"}),
    ("grade_objective", "POST", f"{OBJECTIVE}/grade", {"score": 1.2}, shapes.Objective, {"grade": Decimal("1.2")}),
    ("drop_objective", "POST", f"{OBJECTIVE}/drop", {"reason": "other plans"}, shapes.Objective,
     {"state": "dropped"}),
    ("restore_objective", "POST", f"{OBJECTIVE}/restore", {"reason": "back to it"}, shapes.Objective,
     {"state": "active"}),
    ("carry_forward", "POST", f"{OBJECTIVE}/carry-forward", {"to_cycle": "2027-Q1", "baseline": "from_current"},
     shapes.Objective, {"carried_from": str(uid("grow"))}),
    ("define_kpi", "POST", "/kpis", {"id": str(uid("visits")), "name": "visits", "direction": "increase",
     "frequency": "weekly", "unit": "visits", "perspective": "customer", "indicator": "lead"}, shapes.Kpi,
     {"name": "visits", "frequency": "weekly", "health": "no_data", "latest": None, "stale": False}),
    ("change_kpi", "PATCH", KPI, {"name": "Sign-ups", "tags": ["growth"]}, shapes.Kpi,
     {"name": "Sign-ups", "tags": ["growth"]}),
    ("set_kpi_target", "POST", f"{KPI}/targets", {"from": "2026-01-01", "target": "100", "at_risk": 8}, shapes.Kpi,
     {"health": "at_risk", "target": {"from": "2026-01-01", "to": None, "target": 100, "low": None, "high": None,
                                      "at_risk": 8}}),
    ("set_kpi_benchmark", "POST", f"{KPI}/benchmarks", {"name": "best", "value": 12.5}, shapes.Kpi,
     {"benchmarks": [{"name": "best", "value": Decimal("12.5"), "benchmark_kpi": None}]}),
    ("pair_kpi", "PUT", f"{KPI}/counter-metrics/{uid('churn')}", {}, shapes.Kpi,
     {"counter_metrics": [str(uid("churn"))]}),
    ("unpair_kpi", "DELETE", f"{KPI}/counter-metrics/{uid('churn')}", {}, shapes.Kpi, {"counter_metrics": []}),
    ("record_measurements", "POST", f"{KPI}/measurements", {"points": [{"on": "2026-03-31", "value": 9}]},
     shapes.Kpi, {"latest": {"on": "2026-03-31", "value": 9}, "trend": "improving"}),
    ("restate_measurement", "POST", f"{KPI}/measurements/2026-03-31/restate", {"value": 6, "reason": "a slip"},
     shapes.Kpi, {"latest": {"on": "2026-03-31", "value": 6}, "health": "off_track", "trend": "worsening"}),
    ("link_kpi", "PUT", f"{KEY_RESULT}/kpi", {"kpi": str(uid("signups"))}, shapes.KeyResult,
     {"kpi": str(uid("signups")), "value": 6}),
    ("unlink_kpi", "DELETE", f"{KEY_RESULT}/kpi?reason=enough", {}, shapes.KeyResult, {"kpi": None, "value": 6}),
    ("retire_kpi", "POST", f"{KPI}/retire", {"reason": "nobody looks"}, shapes.Kpi, {"state": "retired"}),
    ("restore_kpi", "POST", f"{KPI}/restore", {"reason": "somebody does"}, shapes.Kpi, {"state": "active"}),
    ("close_cycle", "POST", f"{CYCLE}/close", {"reflection": "we learnt"}, shapes.Cycle, {"state": "closed"}),
    ("reopen_cycle", "POST", f"{CYCLE}/reopen", {"reason": "a late figure"}, shapes.Cycle, {"state": "open"}),
    ("redact_text", "POST", "/events/11/redact", {"field": "note", "reason": "names a customer"}, shapes.Event,
     {"position": 11, "type": "key_result.checked_in"}),
    ("disband_team", "POST", f"{TEAM}/disband", {"reason": "merged"}, shapes.Team, {"state": "disbanded"}),
    ("create_key", "POST", "/keys", {"id": str(uid("laptop")), "role": "member", "member": str(uid("cyd"))},
     shapes.NewKey, {"role": "member", "state": "active", "created_by": str(ENVIRONMENT_KEY)}),
    ("revoke_key", "DELETE", f"/keys/{uid('laptop')}?reason=lost", {}, shapes.Key, {"state": "revoked"}),
    ("erase_member", "POST", f"{MEMBER}/erase", {"reason": "asked for it"}, shapes.Member,
     {"state": "erased", "name": None, "email": None}),
]  # fmt: skip
CREATING = {"plan_cycle", "form_team", "register_member", "set_objective", "add_key_result", "check_in",
            "start_initiative", "carry_forward", "define_kpi", "create_key"}  # fmt: skip

COLLECTIONS = {
    shapes.Cycle: "cycles",
    shapes.Team: "teams",
    shapes.Member: "members",
    shapes.Objective: "objectives",
    shapes.KeyResult: "key-results",
    shapes.CheckIn: "check-ins",
    shapes.Initiative: "initiatives",
    shapes.Kpi: "kpis",
    shapes.NewKey: "keys",
    shapes.Key: "keys",
}


def test_every_command_is_in_the_table():
    assert {name for name, *_ in CALLS} == set(COMMANDS)


def test_every_command_answers_with_the_resource_as_it_now_reads(api: Api):
    company(api)
    for name, method, path, body, shape, reads in CALLS:
        before = api.get("/ledger").body["position"]
        answer = api.call(method, path, body if method != "DELETE" else None)
        assert answer.status == (201 if name in CREATING else 200), (name, answer)
        written(shape).model_validate_json(answer.raw)
        said = answer.body
        assert said | reads == said, (name, answer)
        assert answer.position > before, name
        assert said["as_of"]["position"] == answer.position
        if shape in COLLECTIONS:
            read = api.get(f"/{COLLECTIONS[shape]}/{said['id']}")
            assert read.etag == answer.etag, name
            same = {k: v for k, v in said.items() if k not in ("advice", "key")}
            assert read.body | {"as_of": 0} == same | {"as_of": 0}, name
        if name in CREATING:
            assert answer.headers["Location"] == f"/v1/{COLLECTIONS[shape]}/{said['id']}"
