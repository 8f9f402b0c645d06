"""The examples of what made a score what it is, which go on with the story of `api.examples`."""

from collections.abc import Mapping
from typing import Any

_MEMBER = "0190a2f0-3d22-7e2f-8b55-1a3c8d0e2f44"
_KEY_RESULT = "0190a2f0-5f44-7041-8d77-3c5eaf204166"
_FROM, _TO = "2026-02-28T23:59:59.999999Z", "2026-03-31T23:59:59.999999Z"
_MOVED, _AT = "2026-03-09T10:00:00.000000Z", "2026-04-21T09:30:00.000000Z"
_AS_OF = {"position": 61, "recorded_at": _AT}

BODIES: Mapping[str, dict[str, Any]] = {"what_if": {"policy": "linear-measured-v1", "without": [51]}}

SHAPES: Mapping[str, dict[str, Any]] = {
    "Explained": {
        "from": {"as_of": _AS_OF, "valid_at": _FROM, "score": 0.4},
        "to": {"as_of": _AS_OF, "valid_at": _TO, "score": 0.7},
        "change": 0.3,
        "parts": {
            "value": 0.201666,
            "goalpost": 0.121667,
            "weight": 0,
            "structure": 0,
            "correction": -0.023333,
            "policy": 0,
        },
    },
    "Goalposts": {
        "items": [
            {
                "position": 51,
                "effective_at": _MOVED,
                "actor": _MEMBER,
                "kind": "key_result",
                "id": _KEY_RESULT,
                "field": "measure",
                "old": {"type": "metric", "baseline": 120, "target": 200, "unit": "customers"},
                "new": {"type": "metric", "baseline": 120, "target": 180, "unit": "customers"},
                "reason": "Two of the expected launches were cancelled.",
                "score_effect": 0.133333,
            }
        ],
        "as_of": _AS_OF,
        "valid_at": _AT,
    },
}

ASSUMED: dict[str, Any] = {"assumed": {"policy": "linear-measured-v1", "without": [51]}, "change": -0.133333}
"""What a board under an assumption has besides the board's fields."""
