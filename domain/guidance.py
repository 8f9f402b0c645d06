"""Advice, never enforced: what the field's practice recommends (re:Work, "Set goals with OKRs").

Each function answers the sentences that apply; the counts are of active things.
"""

MOST_OBJECTIVES, FEWEST_KEY_RESULTS, MOST_KEY_RESULTS = 5, 2, 5


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
