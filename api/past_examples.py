"""The examples of past quarters, which go on with the story of `api.examples`: the close, and what came late."""

from typing import Any

_CYCLE = "0190a2f0-1b7a-7cc0-8f63-d3a9a3c5e1b2"
_OBJECTIVE = "0190a2f0-4e33-7f30-9c66-2b4d9e1f3055"
_KEY_RESULT = "0190a2f0-5f44-7041-8d77-3c5eaf204166"
_INITIATIVE = "0190a2f0-7166-7263-8f99-5e70c1426388"
_CLOSED, _SEALED = "2026-04-10T09:00:00.000000Z", "2026-04-10T09:00:00.250000Z"
_ENDED, _AT = "2026-03-31T23:59:59.999999Z", "2026-04-21T09:30:00.000000Z"
_CLOCKS = {"as_of": {"position": 61, "recorded_at": _AT}, "valid_at": _AT}
_PARTS = {"value": 0, "goalpost": 0, "weight": 0, "structure": 0, "correction": -0.0375, "policy": 0}
_SCORES = {_OBJECTIVE: 0.4}

SHAPES: dict[str, dict[str, Any]] = {
    "Seals": {
        "items": [
            {
                "position": 57,
                "sealed_at": _CLOSED,
                "recorded_at": _SEALED,
                "policy": "linear-v1",
                "score": 0.4,
                "restated_score": 0.3625,
                "change": -0.0375,
                "parts": _PARTS,
                "objectives": [
                    {
                        "id": _OBJECTIVE,
                        "score": 0.4,
                        "grade": None,
                        "key_results": [{"id": _KEY_RESULT, "value": 152, "score": 0.4, "grade": None}],
                    }
                ],
            }
        ],
        **_CLOCKS,
    },
    "Series": {
        "cycle": _CYCLE,
        **_CLOCKS,
        "step": "week",
        "points": [
            {"at": "2026-01-01T23:59:59.999999Z", "score": None, "expected": None, "objectives": {}},
            {"at": _ENDED, "score": 0.4, "expected": 1, "objectives": _SCORES},
        ],
    },
    "TeamSeries": {
        "items": [
            {
                "cycle": _CYCLE,
                "label": "2026-Q1",
                "kind": "quarter",
                "starts_on": "2026-01-01",
                "ends_on": "2026-03-31",
                "state": "closed",
                "position": 57,
                "sealed_at": _CLOSED,
                "sealed_score": 0.4,
                "sealed_subtree_score": 0.4,
                "score": 0.3625,
                "subtree_score": 0.3625,
            }
        ],
        **_CLOCKS,
    },
    "Diff": {
        "from": {"as_of": {"position": 57, "recorded_at": _CLOSED}, "valid_at": _ENDED},
        "to": {"as_of": {"position": 61, "recorded_at": _AT}, "valid_at": _ENDED},
        "score": {"old": 0.4, "new": 0.3625},
        "added": [],
        "removed": [{"kind": "initiative", "id": _INITIATIVE}],
        "changed": [{"kind": "key_result", "id": _KEY_RESULT, "field": "value", "old": 152, "new": 149}],
    },
}
SHAPES["TeamDiff"] = SHAPES["Diff"] | {"subtree_score": {"old": 0.4, "new": 0.3625}}
