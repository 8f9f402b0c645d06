"""Random histories: commands that were all accepted, in order, each with the instant at which it was given.

    @hypothesis.given(histories())
    def test_…(history):
        ledger = play(history)

Every history begins with two cycles, three teams, four objectives and a key result of every measure; then anything
may happen, backdated or not: check-ins, corrections, retractions, changes, moves, drops, closings and reopenings.
What the domain refuses is left out, so the rules decide what is possible, and not this generator.

    @hypothesis.given(histories(actions=[*ANYTHING, *KPIS], more=KPI_BEGINNING))

These begin with some KPIs besides, two of which drive key results.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

import hypothesis
from hypothesis import strategies as st

from domain.kernel import Command, Kind, Ref
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

KPI_BEGINNING = (
    b.define_kpi("signups", team="core", frequency="weekly"),
    b.define_kpi("churn", direction="decrease", owner="ada"),
    b.define_kpi("stock", direction="maintain", frequency="irregular", team="web", unit="crates"),
    b.define_kpi("trials", parent="signups", frequency="daily"),
    b.set_kpi_target("signups", target=90, at_risk=50),
    b.set_kpi_target("stock", low=4, high=60),
    b.set_kpi_benchmark("signups", benchmark_kpi="trials"),
    b.pair_kpi("signups", "churn"),
    b.record_measurements("signups", {"2025-12-28": 20, "2026-01-04": 30}),
    b.record_measurements("stock", {"2025-09-30": 4, "2025-12-31": "4.5"}),
    b.link_kpi("leads", "signups"),
    b.link_kpi("share", "stock"),
)
"""What a history begins with besides, if KPIs are to play a part in it."""

MEASURED_BEGINNING = (
    b.plan_cycle("first half", kind="half", ends_on="2026-06-30", scoring="linear-measured-v1"),
    b.set_objective("measure", cycle="first half", team="all"),
    b.add_key_result("rate", objective="measure", measure=MEASURES["leads"], weight=2),
    b.add_key_result("reach", objective="measure", measure=MEASURES["talks"]),
    b.move_objective("build", cycle="first half"),
)
"""What it begins with besides, if not every cycle is to be scored by the same policy."""


def play(steps: Sequence[Step], ledger: MemoryLedger | None = None) -> MemoryLedger:
    """The ledger after the steps. Playing the same steps again gives the same ledger."""
    ledger = ledger or MemoryLedger()
    for step in steps:
        ledger.execute(step.command, step.at)
    return ledger


@st.composite
def histories(
    draw: Any, most: int = MOST_STEPS, actions: Sequence[Action] = (), more: Sequence[Command] = ()
) -> list[Step]:
    """A history of the beginning, of `more`, and of up to `most` steps of anything or of these actions only.

    A failing one shrinks to its shortest beginning.
    """
    return tell(Random(draw(st.integers(0, 2**32))), draw(st.integers(0, most)), actions, more)


def tell(
    random: Random, most: int = MOST_STEPS, actions: Sequence[Action] = (), more: Sequence[Command] = ()
) -> list[Step]:
    """The history that the dice make."""
    story = Story(random)
    for command in (*BEGINNING, *more):
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
