"""KPIs at a glance, in 80 columns: where each stands, what it is held to, and where it is going.

Nothing is told by colour alone: health has a word and a sign, the trend an arrow.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from api.settings import Settings
from cli.board import shown
from cli.opening import catch_up, opened
from cli.terminal import answers, clean, print_json, progress
from domain.errors import NotFound
from domain.kernel import Kind
from domain.values import plain
from projections import questions
from projections.reading import Reading

Shape: TypeAlias = Mapping[str, Any]

_AT_ONCE, _UNIT, _WIDEST, _NARROW = 500, 2, 110, 100
_POINTS, _FEWER = 12, 8
_HEALTH = {
    "on_track": ("●", "green"),
    "at_risk": ("▲", "yellow"),
    "off_track": ("✖", "red"),
    "no_data": ("○", "dim"),
}
_TREND = {"improving": ("↗", "green"), "flat": ("→", ""), "worsening": ("↘", "red"), None: ("", "")}
_HELD_TO = {"increase": "≥", "decrease": "≤", "maintain": ""}
_STEPS = "▁▂▃▄▅▆▇█"


def show(
    given: Settings, team: str | None, state: str | None, as_of: str | None, valid_at: str | None, *, as_json: bool
) -> None:
    """Prints the KPIs. Raises `NotFound` or `Invalid`."""
    with opened(given) as runtime:
        with progress() as step:
            catch_up(runtime, step)
        with runtime.books.reading(as_of, valid_at) as reading:
            found = _glance(reading, team, state)
            teams = {one["id"]: clean(one["name"]) for one in _all(reading, Kind.TEAM, {})}
    if as_json:
        print_json(found)
    else:
        console = answers()
        width = min(console.width, _WIDEST)
        console.print(render(found, teams, width), width=width)


def _glance(reading: Reading, team: str | None, state: str | None) -> dict[str, Any]:
    """The KPIs as the API lists them, each with its last points."""
    filters = {"team": None if team is None else _team_named(reading, team), "state": state}
    kpis = list(_all(reading, Kind.KPI, filters))
    recent = questions.recent_points(reading, [kpi["id"] for kpi in kpis], _POINTS)
    return {
        "as_of": reading.stamp(),
        "valid_at": reading.valid_at,
        "items": [{**kpi, "recent": recent[kpi["id"]]} for kpi in kpis],
    }


def _all(reading: Reading, kind: Kind, filters: Mapping[str, Any]) -> Iterator[Shape]:
    after = None
    while True:
        page = questions.listing(reading, kind, filters, _AT_ONCE, after)
        yield from page.items
        if page.next is None:
            return
        after = page.next


def _team_named(reading: Reading, named: str) -> UUID:
    """The team with this id, name, or id in the file it came from."""
    teams = list(_all(reading, Kind.TEAM, {}))
    for field in ("id", "name", "external_id"):
        found = [team["id"] for team in teams if str(team[field]) == named]
        if len(found) == 1:
            return UUID(str(found[0]))
    raise NotFound(f"There is no team {named} at these clocks, or more than one.")


def render(found: Shape, teams: Mapping[UUID, str], width: int) -> RenderableType:
    """The KPIs as they are printed."""
    return Group(_heading(found), Text(), _table(found["items"], teams, width), *_remarks(found["items"]))


def _heading(found: Shape) -> Text:
    counts = Counter(kpi["health"] for kpi in found["items"] if kpi["state"] == "active")
    now = found["as_of"]
    count = len(found["items"])
    text = Text("1 KPI" if count == 1 else f"{count} KPIs", "bold")
    for health, (sign, colour) in _HEALTH.items():
        if counts[health]:
            text.append(f"   {sign} {counts[health]} {_words(health)}", colour)
    known = f"as of position {now['position']}" + (f", {shown(now['recorded_at'])}" if now["recorded_at"] else "")
    return text.append(f"\n{known}; valid at {shown(found['valid_at'])}", "dim")


def _table(kpis: Sequence[Shape], teams: Mapping[UUID, str], width: int) -> Table:
    points = _POINTS if width >= _NARROW else _FEWER
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", pad_edge=False, expand=True)
    table.add_column("KPI", ratio=1)
    table.add_column("latest", justify="right", max_width=12, overflow="ellipsis", no_wrap=True)
    table.add_column("on", width=11, no_wrap=True)
    table.add_column("target", justify="right", max_width=11, overflow="ellipsis", no_wrap=True)
    table.add_column("health", width=11, no_wrap=True)
    table.add_column("", width=1)
    table.add_column("", width=points, no_wrap=True)
    # What is followed no more comes last.
    names = Counter(str(kpi["name"]) for kpi in kpis)
    for kpi in sorted(kpis, key=lambda kpi: kpi["state"] != "active"):
        # A name that several teams have given says little without the team.
        team = teams.get(kpi["team"], "") if names[str(kpi["name"])] > 1 else ""
        table.add_row(*_row(kpi, team, points))
    return table


def _row(kpi: Shape, team: str, points: int) -> Iterator[Text]:
    sign, colour = _HEALTH[kpi["health"]]
    active = kpi["state"] == "active"
    unit = clean(kpi["unit"] or "")
    name = Text(clean(kpi["name"]), "" if active else "dim")
    if len(unit) > _UNIT:
        name.append(f", {unit}", "dim")
    if team:
        name.append(f", {team}", "dim")
    latest = kpi["latest"]
    yield name
    yield Text(_with_unit(latest["value"], unit) if latest else "–", "bold" if active else "dim")
    day = Text(str(latest["on"]) if latest else "", "dim")
    yield day.append("!", "red") if kpi["stale"] and active else day
    yield Text(_target(kpi, unit))
    yield Text(f"{sign} {_words(kpi['health'])}", colour) if active else Text("retired", "dim")
    yield Text(*_TREND[kpi["trend"]])
    yield Text(line([Decimal(point["value"]) for point in kpi["recent"][-points:]]), colour if active else "dim")


def _target(kpi: Shape, unit: str) -> str:
    target = kpi["target"]
    if target is None:
        return "–"
    if target["target"] is not None:
        return f"{_HELD_TO[kpi['direction']]} {_with_unit(target['target'], unit)}".strip()
    ends = (target["low"], target["high"])
    return "–" if None in ends else f"{plain(Decimal(ends[0]))}–{_with_unit(ends[1], unit)}"


def _with_unit(value: Any, unit: str) -> str:
    number = plain(Decimal(value))
    return f"{number} {unit}" if unit and len(unit) <= _UNIT else number


def line(values: Sequence[Decimal]) -> str:
    """The values as a line of little columns, from the least to the greatest of them."""
    if not values:
        return ""
    least, range_ = min(values), max(values) - min(values)
    if not range_:
        return _STEPS[3] * len(values)
    return "".join(_STEPS[int((value - least) / range_ * (len(_STEPS) - 1))] for value in values)


def _words(health: str) -> str:
    return health.replace("_", " ")


def _remarks(kpis: Sequence[Shape]) -> Iterator[RenderableType]:
    said = []
    if not kpis:
        said.append("No KPIs at these clocks.")
    if any(kpi["trend"] for kpi in kpis):
        said.append("↗ improving  → flat  ↘ worsening, over the last three points")
    if any(kpi["stale"] and kpi["state"] == "active" for kpi in kpis):
        said.append("! the next point is overdue")
    if said:
        yield Text("\n" + "\n".join(said), "dim")
