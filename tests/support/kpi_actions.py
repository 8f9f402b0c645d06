"""What may happen next to KPIs in a random history: `KPIS`, beside `tests.support.actions.ANYTHING`."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from domain.kernel import Command, Kind
from domain.kpi.series import Series
from tests.support.actions import TEXTS, Action, Story

NUMBERS = ("-10", "0", "4.5", "60", "100", "180")


def _days_ago(story: Story, *days: int) -> date:
    return story.now.date() - timedelta(days=story.random.choice(days))


def _points(story: Story, days: list[date]) -> list[dict[str, Any]]:
    return [{"on": day, "value": story.random.choice(NUMBERS), **story.maybe(note=(None, *TEXTS))} for day in days]


def record_a_point(story: Story) -> Command:
    """Of today, of the last days, or of long ago."""
    day = _days_ago(story, 0, 0, 0, 1, 1, 2, 7, 30, 100, 400)
    return story.build("record_measurements", kpi=story.some(Kind.KPI), points=_points(story, [day]))


def record_a_batch(story: Story) -> Command:
    """Daily, weekly or monthly points, oldest or newest first; some batches reach over quarters."""
    last, step = _days_ago(story, 0, 0, 1, 20, 90), story.random.choice((1, 7, 30))
    days = [last - timedelta(days=step * n) for n in range(story.random.choice((2, 5, 12)))]
    points = _points(story, days if story.coin() else days[::-1])
    return story.build("record_measurements", kpi=story.some(Kind.KPI), points=points, source="warehouse")


def restate_a_point(story: Story) -> Command | None:
    """By a restatement, or by recording the day again."""
    kpi = story.some(Kind.KPI)
    days = _measured(story, kpi)
    if not days:
        return None
    day, value = story.random.choice(days), story.random.choice(NUMBERS)
    if story.coin():
        return story.build("record_measurements", kpi=kpi, points=[{"on": day, "value": value}])
    return story.build("restate_measurement", kpi=kpi, on=day, value=value, reason="a late invoice")


def _measured(story: Story, kpi: UUID) -> list[date]:
    series = Series()
    for fact in story.ledger.facts:
        if fact.stream.kind is Kind.MEASUREMENTS and fact.event.kpi == kpi:
            series.add_fact(fact)
    return [day for day, _ in series.last((story.now + timedelta(days=1), 0), 1000)]


def link_or_unlink(story: Story) -> Command:
    key_result = story.some(Kind.KEY_RESULT)
    if story.coin(3):
        return story.build("unlink_kpi", key_result=key_result, **story.maybe(reason=TEXTS))
    return story.build("link_kpi", key_result=key_result, kpi=story.some(Kind.KPI), **story.maybe(reason=TEXTS))


def set_target(story: Story) -> Command:
    kpi = story.some(Kind.KPI)
    days = {"from": _days_ago(story, 0, 10, 60), **story.maybe(to=(story.now.date() + timedelta(days=40),))}
    if story.state(Kind.KPI, kpi).direction == "maintain":
        return story.build("set_kpi_target", kpi=kpi, low="4.5", high=story.random.choice(("60", "100")), **days)
    goal = {"target": story.random.choice(NUMBERS), **story.maybe(at_risk=NUMBERS)}
    return story.build("set_kpi_target", kpi=kpi, **goal, **days)


def set_benchmark(story: Story) -> Command:
    other = story.coin()
    against = {"benchmark_kpi": story.some(Kind.KPI)} if other else {"value": story.random.choice(NUMBERS)}
    days = story.maybe(**{"from": (_days_ago(story, 0, 60),), "to": (None, story.now.date())})
    name = story.random.choice(("industry", "best"))
    return story.build("set_kpi_benchmark", kpi=story.some(Kind.KPI), name=name, **against, **days)


def pair_or_unpair(story: Story) -> Command:
    verb = story.random.choice(("pair_kpi", "pair_kpi", "unpair_kpi"))
    return story.build(verb, kpi=story.some(Kind.KPI), other=story.some(Kind.KPI))


def retire_or_restore(story: Story) -> Command:
    verb = story.random.choice(("retire_kpi", "restore_kpi", "restore_kpi"))
    return story.build(verb, kpi=story.some(Kind.KPI), reason="so it is")


def define_kpi(story: Story) -> Command:
    more = story.maybe(unit=("users",), team=("all", "web"), owner=("ada",), parent=(story.some(Kind.KPI),))
    direction = story.random.choice(("increase", "decrease", "maintain"))
    return story.build("define_kpi", id=story.new(), name="more", direction=direction, frequency="irregular", **more)


def change_kpi(story: Story) -> Command:
    changes = story.maybe(
        name=TEXTS,
        unit=(None, "users", "€"),
        direction=("increase", "decrease", "maintain"),
        frequency=("daily", "monthly"),
        tags=(None, ["a"]),
        parent=(None, story.some(Kind.KPI)),
        definition=(None, *TEXTS),
    )
    return story.build("change_kpi", kpi=story.some(Kind.KPI), **changes, **story.maybe(reason=TEXTS))


_OFTEN: dict[Action, int] = {
    record_a_point: 6,
    record_a_batch: 4,
    restate_a_point: 5,
    link_or_unlink: 6,
    set_target: 2,
    set_benchmark: 1,
    pair_or_unpair: 1,
    retire_or_restore: 2,
    define_kpi: 1,
    change_kpi: 2,
}
KPIS = [action for action, times in _OFTEN.items() for _ in range(times)]
