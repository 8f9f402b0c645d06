"""Examples for the OpenAPI document: a body for every operation that takes one, an answer for every shape.

They tell one small story, of the first quarter of 2026. Tests hold each against its command or shape.
"""

from collections.abc import Mapping
from typing import Any

from api import explain_examples, kpi_examples, past_examples, proof_examples

_CYCLE = "0190a2f0-1b7a-7cc0-8f63-d3a9a3c5e1b2"
_TEAM = "0190a2f0-2c11-7d1e-9a44-0f2b7c9d1e33"
_MEMBER = "0190a2f0-3d22-7e2f-8b55-1a3c8d0e2f44"
_OBJECTIVE = "0190a2f0-4e33-7f30-9c66-2b4d9e1f3055"
_KEY_RESULT = "0190a2f0-5f44-7041-8d77-3c5eaf204166"
_CHECK_IN = "0190a2f0-6055-7152-9e88-4d6fb0315277"
_INITIATIVE = "0190a2f0-7166-7263-8f99-5e70c1426388"
_EVENT = "0190a2f0-8277-7374-90aa-6f81d2537499"
_KEY = "0190a2f0-9388-7485-81bb-7092e36485aa"
_AT = "2026-02-13T09:30:00.000000Z"

_METRIC = {"type": "metric", "baseline": 120, "target": 200, "unit": "customers"}

BODIES: Mapping[str, dict[str, Any]] = {
    "plan_cycle": {"label": "2026-Q1", "kind": "quarter", "starts_on": "2026-01-01", "ends_on": "2026-03-31"},
    "open_cycle": {"effective_at": "2026-01-02T08:00:00Z"},
    "reschedule_cycle": {"ends_on": "2026-04-03", "reason": "Easter moved the review."},
    "close_cycle": {"reflection": "We learnt that onboarding, not marketing, was what held us back."},
    "reopen_cycle": {"reason": "The March invoices came late."},
    "form_team": {"name": "Growth"},
    "change_team": {"name": "Growth and retention"},
    "disband_team": {"reason": "Its work went to the product teams."},
    "join_team": {"role": "lead"},
    "register_member": {"name": "Ada Nowak", "email": "ada@example.com", "kind": "person"},
    "erase_member": {"reason": "Asked for it, ticket 4711."},
    "redact_text": {"field": "note", "reason": "It named a customer."},
    "set_objective": {
        "cycle": "2026-Q1",
        "title": "make new customers stay",
        "team": _TEAM,
        "owner": _MEMBER,
        "commitment": "committed",
        "tags": ["retention"],
    },
    "change_objective": {"weight": 2, "reason": "It matters more since the price change."},
    "move_objective": {"cycle": "2026-Q2"},
    "drop_objective": {"reason": "The market was left."},
    "restore_objective": {"reason": "We are back in the market."},
    "grade_objective": {"score": 0.7, "reflection": "Most of it, though late."},
    "carry_forward": {"to_cycle": "2026-Q2", "baseline": "from_current"},
    "add_key_result": {"title": "paying customers go from 120 to 200", "measure": _METRIC, "owner": _MEMBER},
    "change_key_result": {
        "measure": {"target": 180},
        "reason": "Two of the expected launches were cancelled.",
    },
    "drop_key_result": {"reason": "It cannot be measured any more."},
    "restore_key_result": {"reason": "The numbers are back."},
    "grade_key_result": {"score": 0.6, "reason": "The figure flatters us."},
    "check_in": {
        "value": 152,
        "confidence": 7,
        "status": "on_track",
        "progress": "The new onboarding is live.",
        "plans": "Call the ten largest trials.",
        "effective_at": "2026-02-13T09:30:00Z",
    },
    "correct_check_in": {"value": 149, "reason": "Three had been counted twice."},
    "retract_check_in": {"reason": "It was meant for another key result."},
    "start_initiative": {
        "title": "rebuild the onboarding",
        "url": "https://example.com/tickets/812",
        "hypothesis": "A first success within a day halves early cancellations.",
    },
    "change_initiative": {"state": "done", "learning": "Early cancellations fell by a third."},
    **kpi_examples.BODIES,
    **explain_examples.BODIES,
    "execute_commands": {
        "commands": [
            {"command": "check_in", "key_result": _KEY_RESULT, "value": 152, "at": "2026-02-13T09:30:00Z"},
            {"command": "open_cycle", "cycle": "2026-Q2"},
        ]
    },
    "create_key": {
        "role": "member",
        "member": _MEMBER,
        "expires_at": "2027-01-01T00:00:00Z",
        "label": "Ada's laptop",
    },
}

_KEY_RESULT_SHAPE: dict[str, Any] = {
    "id": _KEY_RESULT,
    "external_id": None,
    "objective": _OBJECTIVE,
    "title": "paying customers go from 120 to 200",
    "owner": _MEMBER,
    "team": None,
    "tags": [],
    "weight": 1,
    "measure": _METRIC,
    "carried_from": None,
    "state": "active",
    "value": 152,
    "progress": 0.4,
    "score": 0.4,
    "grade": None,
    "status": "on_track",
    "pace": "on_track",
    "confidence": 7,
    "checked_in_at": _AT,
    "stale": False,
    "kpi": None,
}

_DONE: dict[str, Any] = {"id": _CHECK_IN, "kind": "check_in", "position": 42, "created": True, "changed": True}

SHAPES: dict[str, dict[str, Any]] = {
    "Health": {"status": "ready"},
    "AsOf": {"position": 42, "recorded_at": _AT},
    "Accepted": {"id": _CHECK_IN, "kind": "check_in", "position": 42, "recorded_at": _AT, "advice": []},
    "CommandDone": _DONE,
    "BatchDone": {"items": [_DONE], "advice": []},
    "Cycle": {
        "id": _CYCLE,
        "external_id": None,
        "label": "2026-Q1",
        "kind": "quarter",
        "starts_on": "2026-01-01",
        "ends_on": "2026-03-31",
        "parent": None,
        "scoring": "linear-v1",
        "check_in_every_days": 14,
        "state": "open",
        "score": 0.4,
        "expected": 0.488889,
    },
    "Team": {
        "id": _TEAM,
        "external_id": None,
        "name": "Growth",
        "parent": None,
        "state": "active",
        "members": [{"member": _MEMBER, "role": "lead"}],
    },
    "Member": {
        "id": _MEMBER,
        "external_id": None,
        "name": "Ada Nowak",
        "email": None,
        "kind": "person",
        "state": "active",
        "teams": [{"team": _TEAM, "role": "lead"}],
    },
    "KeyResult": _KEY_RESULT_SHAPE,
    "Objective": {
        "id": _OBJECTIVE,
        "external_id": None,
        "cycle": _CYCLE,
        "title": "make new customers stay",
        "description": None,
        "statement": "We will make new customers stay, as measured by paying customers go from 120 to 200.",
        "team": _TEAM,
        "owner": _MEMBER,
        "tags": ["retention"],
        "commitment": "committed",
        "weight": 1,
        "aligned_to": None,
        "carried_from": None,
        "carried_to": None,
        "state": "active",
        "progress": 0.4,
        "score": 0.4,
        "grade": None,
        "reflection": None,
        "band": "yellow",
        "met": False,
        "status": "on_track",
        "key_results": [_KEY_RESULT_SHAPE],
    },
    "CheckIn": {
        "id": _CHECK_IN,
        "external_id": None,
        "key_result": _KEY_RESULT,
        "value": 152,
        "confidence": 7,
        "status": "on_track",
        "note": None,
        "progress": "The new onboarding is live.",
        "plans": "Call the ten largest trials.",
        "problems": None,
        "state": "active",
        "effective_at": _AT,
        "recorded_at": _AT,
        "actor": _MEMBER,
    },
    "Initiative": {
        "id": _INITIATIVE,
        "external_id": None,
        "key_result": _KEY_RESULT,
        "title": "rebuild the onboarding",
        "url": "https://example.com/tickets/812",
        "sprint": None,
        "hypothesis": "A first success within a day halves early cancellations.",
        "state": "active",
        "learning": None,
    },
    **kpi_examples.SHAPES,
    **past_examples.SHAPES,
    **explain_examples.SHAPES,
    **proof_examples.SHAPES,
    "HistoryItem": {
        "position": 42,
        "recorded_at": _AT,
        "effective_at": _AT,
        "reported_at": None,
        "actor": _MEMBER,
        "on_behalf_of": None,
        "type": "key_result.checked_in",
        "kind": "key_result",
        "id": _KEY_RESULT,
        "version": 2,
        "reason": None,
        "summary": "A check-in said value 152, on track.",
        "changes": [{"field": "value", "old": None, "new": 152}],
    },
    "Frame": {
        "position": 42,
        "recorded_at": _AT,
        "effective_at": _AT,
        "actor": _MEMBER,
        "type": "key_result.checked_in",
        "reason": None,
        "summary": "A check-in said value 152, on track.",
        "changes": [
            {"kind": "check_in", "id": _CHECK_IN, "field": "value", "old": None, "new": 152},
            {"kind": "key_result", "id": _KEY_RESULT, "field": "score", "old": 0, "new": 0.4},
            {"kind": "objective", "id": _OBJECTIVE, "field": "score", "old": 0, "new": 0.4},
        ],
        "score_before": 0,
        "score_after": 0.4,
    },
    "Event": {
        "specversion": "1.0",
        "id": _EVENT,
        "source": "/v1/ledger",
        "type": "key_result.checked_in",
        "subject": f"key_result/{_KEY_RESULT}",
        "time": _AT,
        "datacontenttype": "application/json",
        "data": {"check_in": _CHECK_IN, "value": 152, "status": "on_track", "source": "http"},
        "position": 42,
        "recordedat": _AT,
        "effectiveat": _AT,
        "reportedat": None,
        "actor": _MEMBER,
        "onbehalfof": None,
        "version": 2,
        "schemaversion": 1,
    },
    "LedgerStatus": {
        "position": 42,
        "recorded_at": _AT,
        "root": "dffaa48829cc5f8d1c5cd501501426299b0273c1f71974bea30840861d791e32",
        "checkpoint_position": 42,
        "projector": {"holder": "server-1:4711", "since": "2026-01-02T08:00:00.000000Z"},
        "sealer": {"state": "live", "position": 42, "lag": 0, "error": None},
        "replica": {"state": "live", "position": 42, "lag": 0, "error": None},
        "books": [
            {"name": "key_results", "version": 1, "position": 42, "lag": 0, "state": "live", "error": None},
        ],
    },
    "Key": {
        "id": _KEY,
        "external_id": None,
        "role": "member",
        "member": _MEMBER,
        "label": "Ada's laptop",
        "state": "active",
        "created_at": "2026-01-02T08:00:00.000000Z",
        "created_by": _MEMBER,
        "expires_at": "2027-01-01T00:00:00.000000Z",
        "revoked_at": None,
        "last_used_at": None,
    },
}
SHAPES["NewKey"] = SHAPES["Key"] | {"key": "qd_3q2-7wABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijk"}
SHAPES["AcceptedKey"] = SHAPES["Accepted"] | {"id": _KEY, "kind": "key", "key": SHAPES["NewKey"]["key"]}
SHAPES["Board"] = {
    "cycle": SHAPES["Cycle"],
    "as_of": SHAPES["AsOf"],
    "valid_at": _AT,
    "score": 0.4,
    "expected": 0.488889,
    "objectives": [SHAPES["Objective"]],
    "cycles": [],
}
SHAPES["AssumedBoard"] = SHAPES["Board"] | explain_examples.ASSUMED
SHAPES["TeamBoard"] = SHAPES["Board"] | {"team": SHAPES["Team"], "subtree_score": 0.4, "teams": []}
del SHAPES["TeamBoard"]["cycles"]
SHAPES["Report"] = {
    "team": SHAPES["Team"],
    "from": None,
    "to": SHAPES["AsOf"],
    "from_valid": "2026-02-06T09:30:00.000000Z",
    "to_valid": _AT,
    "as_of": SHAPES["AsOf"],
    "check_ins": [
        SHAPES["CheckIn"] | {"title": "paying customers go from 120 to 200", "objective": _OBJECTIVE},
    ],
    "moved": [
        {"id": _OBJECTIVE, "title": "make new customers stay", "cycle": _CYCLE, "old": 0.25, "new": 0.4},
    ],
    "stale": [],
}


def answer(schema: str) -> dict[str, Any]:
    """The example of a schema, by its name: a shape, or one that `api.documents` made of it."""
    if schema in SHAPES:
        return SHAPES[schema]
    if schema.endswith("Page"):
        return {"items": [SHAPES[schema.removesuffix("Page")]], "next": None}
    as_of = {"as_of": SHAPES["AsOf"]}
    if schema.endswith("Written"):
        return SHAPES[schema.removesuffix("Written")] | as_of | {"advice": []}
    return SHAPES[schema.removesuffix("AsOf")] | as_of
