"""The comparison with the peers: how its figures are told, and that the peers' versions are pinned.

What it measures is not run here: no test needs Django or Node, and no test depends on a clock.
"""

import re
from itertools import pairwise

import pytest
from rich.console import Console

from benchmarks.side_by_side.environment import pins
from benchmarks.side_by_side.measure import Figure, Goal, Round, interleaved, percentile
from benchmarks.side_by_side.picture import draw
from benchmarks.side_by_side.story import CheckInFact, CycleFact, Story
from benchmarks.side_by_side.table import figures_table, goals_table, told

RATE = Figure(
    "appends",
    "a second",
    {"ours": [Round(3_000, [1, 2, 3]), Round(1_000), Round(2_000)], "theirs": [Round(400, [9]), Round(500)]},
    goals=[Goal("theirs", "ours", 4, than="theirs"), Goal("p99", "ours", 4, than="theirs", of="p99")],
)
TIME = Figure(
    "board",
    "ms",
    {"ours": [Round(10)], "theirs": [Round(25)]},
    less=True,
    goals=[Goal("theirs", "ours", 3, than="theirs"), Goal("ms", "ours", 10), Goal("others", "ours", 2, than="others")],
)


def shown(table: object) -> list[str]:
    console = Console(width=160, record=True, file=None, quiet=False)
    with console.capture() as capture:
        console.print(table)
    return [" ".join(line.split()) for line in capture.get().splitlines()]


def test_a_row_tells_median_spread_percentiles_and_how_the_first_side_compares():
    lines = shown(figures_table([RATE, TIME]))
    assert lines[1:] == [
        "appends ours 2,000 1,000–3,000 a second 2.00 3.00 3.00",
        "theirs 450 400–500 a second 9.00 9.00 9.00 4.44 ×",
        "board ours 10.0 10.0–10.0 ms",
        "theirs 25.0 25.0–25.0 ms 2.50 ×",
    ]


def test_a_goal_is_reached_missed_or_not_measured():
    assert shown(goals_table([RATE, TIME]))[1:] == [
        "appends: theirs 4.00 × 4.44 × yes",
        "appends: p99 4.00 × 3.00 × NO",
        "board: theirs 3.00 × 2.50 × NO",
        "board: ms 10.0 ms 10.0 ms yes",
        "board: others 2.00 × not measured",
    ]


@pytest.mark.parametrize(("share", "value"), [(50, 51), (95, 96), (99, 100), (100, 100)])
def test_a_percentile_is_one_of_the_values(share, value):
    assert percentile(range(100, 0, -1), share) == value


def test_sides_take_turns():
    turns: list[str] = []

    def measure(side: str) -> Round:
        turns.append(side)
        return Round(len(turns))

    rounds = interleaved(2, {"a": lambda: measure("a"), "b": lambda: measure("b")})
    assert (turns, [round.value for round in rounds["b"]]) == (["a", "b", "a", "b"], [2, 4])


def test_numbers_are_told_with_three_digits():
    assert [told(number) for number in (None, 1_234.5, 99.94, 0.126)] == ["", "1,234", "99.9", "0.13"]


def test_the_picture_has_a_panel_for_each_figure(tmp_path):
    draw([RATE, TIME], [tmp_path / "figures.svg", tmp_path / "figures.png"])
    svg = (tmp_path / "figures.svg").read_text()
    assert [what for what in ("appends, a second", "board, ms (less is better)") if what not in svg] == []
    assert (tmp_path / "figures.png").read_bytes().startswith(b"\x89PNG")


def test_the_story_has_the_events_that_it_says_at_instants_that_never_repeat():
    story = Story(2, objectives=3)
    facts = list(story.facts())
    assert sum(fact.events for fact in facts) == story.events
    assert all(before.at < after.at for before, after in pairwise(facts))
    assert [fact.label for fact in facts if isinstance(fact, CycleFact)] == ["Q0", story.label]


def test_an_instant_of_the_past_has_the_share_of_check_ins_that_was_asked_for():
    story = Story(2, objectives=3)
    said = [fact for fact in story.facts() if isinstance(fact, CheckInFact) and fact.cycle == story.cycle(1)]
    assert sum(fact.at <= story.past(0.75) for fact in said) == len(said) * 3 // 4


def test_every_package_of_the_peers_is_pinned_to_an_exact_version():
    assert {"Django", "djangorestframework", "django-simple-history", "@event-driven-io/emmett-postgresql"} <= set(
        pins()
    )
    assert [pin for pin in pins().items() if not re.fullmatch(r"\d+(\.\d+)+", pin[1])] == []
