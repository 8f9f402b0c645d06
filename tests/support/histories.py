"""Random histories: commands that were all accepted, in order, each with the instant at which it was given.

    @hypothesis.given(histories())
    def test_…(history):
        ledger = play(history)

Every history begins with two cycles, three teams, four objectives and a key result of every measure; then anything
may happen, backdated or not: check-ins, corrections, retractions, changes, moves, drops, closings and reopenings.
What the domain refuses is left out, so the rules decide what is possible, and not this generator.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

import hypothesis
from hypothesis import strategies as st

from domain.kernel import Kind, Ref
from tests.support import builders as b
from tests.support.actions import ANYTHING, MEASURES, Action, Step, Story
from tests.support.memory import MemoryLedger

MOST_STEPS = 50
BEGINNING = (
    b.plan_cycle("2026-Q1"),
    b.plan_cycle("2026-Q2", starts_on="2026-04-01", ends_on="2026-06-30"),
    b.open_cycle("2026-Q1"),
    b.form_team("all"),
    b.form_team("core", parent="all"),
    b.form_team("web", parent="core"),
    b.register_member("ada"),
    b.register_member("bob"),
    b.set_objective("grow", team="all", commitment="committed"),
    b.set_objective("sell", team="core", owner="ada", aligned_to="grow"),
    b.set_objective("build", team="web", weight="0.5"),
    b.set_objective("plan", cycle="2026-Q2", owner="bob"),
    *(
        b.add_key_result(name, objective=("grow", "sell", "build", "plan")[n % 4], measure=measure, weight=n % 3)
        for n, (name, measure) in enumerate(MEASURES.items(), 1)
    ),
    b.start_initiative("campaign", key_result="leads"),
)


def play(steps: Sequence[Step], ledger: MemoryLedger | None = None) -> MemoryLedger:
    """The ledger after the steps. Playing the same steps again gives the same ledger."""
    ledger = ledger or MemoryLedger()
    for step in steps:
        ledger.execute(step.command, step.at)
    return ledger


@st.composite
def histories(draw: Any, most: int = MOST_STEPS, actions: Sequence[Action] = ()) -> list[Step]:
    """A history of the beginning and up to `most` steps more, of anything or of these actions only.

    A failing one shrinks to its shortest beginning.
    """
    return tell(Random(draw(st.integers(0, 2**32))), draw(st.integers(0, most)), actions)


def tell(random: Random, most: int = MOST_STEPS, actions: Sequence[Action] = ()) -> list[Step]:
    """The history that the dice make."""
    story = Story(random)
    for command in BEGINNING:
        story.give(command)
    for _ in range(most):
        story.passes()
        story.give(random.choice(actions or ANYTHING)(story))
    return story.steps


def things(ledger: MemoryLedger, kind: Kind) -> list[Ref]:
    """Everything of a kind in a ledger."""
    return [ref for ref in ledger.streams() if ref.kind is kind]


def instants(ledger: MemoryLedger) -> list[datetime]:
    """Every instant at which something took effect, in order, and one before all of them."""
    times = sorted({fact.effective_at for fact in ledger.facts})
    return [times[0] - timedelta(days=1), *times]


bounded = hypothesis.settings(
    derandomize=True,
    deadline=None,
    max_examples=50,
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate, hypothesis.Phase.shrink],
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large],
)
"""How the properties are tried: the same examples every time, and not for ever."""
