"""Advice, never enforced: what the field's practice recommends (re:Work, "Set goals with OKRs"; Kaplan and Norton on
measures; Grove on pairing an indicator with one that shows its cost).

Each function answers the sentences that apply; the counts are of active things.
"""

import re
from collections.abc import Sequence
from datetime import date

MOST_OBJECTIVES, FEWEST_KEY_RESULTS, MOST_KEY_RESULTS = 5, 2, 5
YOUNG_DAYS, SEVERAL = 100, 2
"""A KPI that is retired within about a quarter was hardly followed; two of them begin to be a habit."""

_ACQUIRING = re.compile(
    r"\b(sign[ -]?ups?|acquisitions?|new (customer|user|client|account|subscriber)s?|registrations?|downloads?"
    r"|leads?|installs?|installations?|visits?|visitors?|traffic)\b",
    re.IGNORECASE,
)
_QUALITATIVE = {"milestones", "boolean", "zones", "graded"}


def on_objectives(count: int) -> list[str]:
    """For the number of objectives that a team has in a cycle."""
    if count > MOST_OBJECTIVES:
        return [f"The team has {count} objectives in this cycle; at most {MOST_OBJECTIVES} keeps the focus."]
    return []


def on_key_results(count: int) -> list[str]:
    """For the number of key results that an objective has."""
    if count < FEWEST_KEY_RESULTS:
        return [f"The objective has {count} key result{'' if count == 1 else 's'}; two to five measure it well."]
    if count > MOST_KEY_RESULTS:
        return [f"The objective has {count} key results; two to five measure it well."]
    return []


def on_key_result_measure(type: str) -> list[str]:
    """For the type of a key result's measure."""
    if type in _QUALITATIVE:
        return [
            f"The measure is of the type {type}, which says what was done and not what came of it; "
            "a metric, perhaps driven by a KPI, would."
        ]
    return []


def on_kpi(
    *,
    name: str,
    tags: Sequence[str],
    has_target: bool,
    has_benchmark: bool,
    counter_metrics: int,
    overlaps: Sequence[tuple[date, date]] = (),
) -> list[str]:
    """For a KPI. `overlaps`: the first days of a target and of one set earlier that it overlaps."""
    said = []
    if not has_target:
        said.append("The KPI has no target now; without one nothing says whether it does well.")
    if not has_benchmark:
        said.append("The KPI has no benchmark now; one shows what others, or earlier years, have reached.")
    if counter_metrics == 0 and any(map(_acquires, (name, *tags))):
        said.append(
            "The KPI counts what is gained; pair it with one of retention or quality, "
            "so that it does not grow at their cost."
        )
    said += [
        f"The target from {later} overlaps one set earlier, from {earlier}; "
        f"from {max(later, earlier)} on the later one holds."
        for later, earlier in overlaps
    ]
    return said


def on_replaced(retired_young: int) -> list[str]:
    """For the number of a team's KPIs that were retired within `YOUNG_DAYS` days of their definition."""
    if retired_young >= SEVERAL:
        return [
            f"{retired_young} KPIs of the team were retired within {YOUNG_DAYS} days of their definition; "
            "a KPI that is followed across cycles shows more than a new one each quarter."
        ]
    return []


def _acquires(text: str) -> bool:
    return _ACQUIRING.search(text) is not None
