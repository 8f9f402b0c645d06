"""The examples of KPIs, which go on with the story of `api.examples`."""

from collections.abc import Mapping
from typing import Any

KPI = "0190a2f0-a499-7596-92cc-81a3f47596bb"
OTHER = "0190a2f0-b5aa-76a7-93dd-92b4056a07cc"
_TEAM = "0190a2f0-2c11-7d1e-9a44-0f2b7c9d1e33"
_MEMBER = "0190a2f0-3d22-7e2f-8b55-1a3c8d0e2f44"
_KEY_RESULT = "0190a2f0-5f44-7041-8d77-3c5eaf204166"
_LINK = "0190a2f0-c6bb-77b8-94ee-a3c5167b18dd"
_DAY_ENDS = "2026-01-31T23:59:59.999999Z"
_THEN, _AT = "2026-02-02T08:00:00.000000Z", "2026-02-13T09:30:00.000000Z"

BODIES: Mapping[str, dict[str, Any]] = {
    "define_kpi": {
        "name": "paying customers",
        "unit": "customers",
        "direction": "increase",
        "frequency": "monthly",
        "definition": "Accounts with at least one paid invoice in the month.",
        "team": _TEAM,
        "perspective": "customer",
        "indicator": "lag",
    },
    "change_kpi": {"definition": "Accounts with a paid invoice in the month.", "reason": "Trials were counted."},
    "set_kpi_target": {"from": "2026-01-01", "to": "2026-12-31", "target": 200, "at_risk": 150},
    "set_kpi_benchmark": {"name": "best year", "value": 170, "from": "2026-01-01"},
    "pair_kpi": {"effective_at": "2026-02-13T09:30:00Z"},
    "record_measurements": {
        "points": [{"on": "2025-12-31", "value": 120}, {"on": "2026-01-31", "value": 131, "note": "a slow start"}],
        "source": "billing",
    },
    "record_measurement": {"value": 131, "note": "a slow start"},
    "restate_measurement": {"value": 134, "reason": "Three invoices came late."},
    "retire_kpi": {"reason": "The product was sold."},
    "restore_kpi": {"reason": "The sale fell through."},
    "link_kpi": {"kpi": KPI, "reason": "It is what the key result is about."},
}

_TARGET = {"from": "2026-01-01", "to": "2026-12-31", "target": 200, "low": None, "high": None, "at_risk": 150}
_BENCHMARK = {"name": "best year", "value": 170, "benchmark_kpi": None}
_KNOWN = [
    {"value": 131, "position": 40, "recorded_at": _THEN, "reason": None},
    {"value": 134, "position": 42, "recorded_at": _AT, "reason": "Three invoices came late."},
]

SHAPES: Mapping[str, dict[str, Any]] = {
    "Kpi": {
        "id": KPI,
        "external_id": None,
        "name": "paying customers",
        "unit": "customers",
        "direction": "increase",
        "frequency": "monthly",
        "definition": "Accounts with at least one paid invoice in the month.",
        "team": _TEAM,
        "owner": None,
        "parent": None,
        "perspective": "customer",
        "indicator": "lag",
        "tags": [],
        "target": _TARGET,
        "benchmarks": [_BENCHMARK],
        "latest": {"on": "2026-01-31", "value": 134},
        "health": "off_track",
        "trend": "improving",
        "stale": False,
        "counter_metrics": [OTHER],
        "key_results": [_KEY_RESULT],
        "state": "active",
    },
    "Measurement": {
        "kpi": KPI,
        "on": "2026-01-31",
        "value": 134,
        "note": "a slow start",
        "restated": True,
        "reason": "Three invoices came late.",
        "position": 42,
        "effective_at": _DAY_ENDS,
        "recorded_at": _AT,
    },
    "KpiSeries": {
        "points": [
            {
                "on": "2026-01-31",
                "value": 134,
                "note": "a slow start",
                "target": _TARGET,
                "benchmark": _BENCHMARK,
                "known": _KNOWN,
            }
        ],
    },
    "KpiLink": {
        "id": _LINK,
        "kpi": KPI,
        "from": _THEN,
        "to": None,
        "linked_by": _MEMBER,
        "reason": "It is what the key result is about.",
        "ended_by": None,
        "ended_reason": None,
    },
}
