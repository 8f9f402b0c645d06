"""Pages and a day to end on → requests, in the order in which they would have been made.

A day has no clock here: what happens at the same hour for everybody is told apart by the minute, which
follows from its name. Requests say when they took effect (`effective_at`), since they are all made today.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zlib import crc32

from cli.demo.asking import Request, asked, at_hour, id_of
from cli.demo.company import PEOPLE, TEAMS
from cli.demo.first import FIRST
from cli.demo.kpis import KPIS
from cli.demo.measuring import kpi_id, measuring
from cli.demo.plot import Goal, Part, Quarter, Turn
from cli.demo.second import SECOND
from cli.demo.third import THIRD

MARK = "demo-"
"""What the company is called elsewhere begins so; the day on which the demo ends follows."""

_VALUE_FIELDS = {"milestones": "completed", "boolean": "done", "zones": "zone", "graded": "score"}


def script(today: date) -> list[Request]:
    """Everything that happened before a day."""
    end = at_hour(today)
    dates = quarters(today)
    requests = list(_founding(at_hour(dates[0][1]) - timedelta(days=30), today))
    requests += measuring(dates)
    before: Quarter | None = None
    for quarter, (label, starts_on, ends_on) in zip((FIRST, SECOND, THIRD), dates, strict=True):
        requests += _Telling(quarter, before, label, starts_on, ends_on, end).requests()
        before = quarter
    # What is late comes later than what it is about; otherwise this is the order in which it was told.
    return sorted((request for request in requests if request.at < end), key=lambda request: request.at)


def quarters(today: date) -> list[tuple[str, date, date]]:
    """The labels and dates of the running quarter and of the two before it, oldest first."""
    first = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    found = []
    for _ in range(3):
        after = date(first.year + (first.month == 10), (first.month + 2) % 12 + 1, 1)
        found.append((f"{first.year}-Q{(first.month + 2) // 3}", first, after - timedelta(days=1)))
        first = date(first.year - (first.month == 1), (first.month - 4) % 12 + 1, 1)
    return found[::-1]


def _founding(at: datetime, today: date) -> Iterator[Request]:
    """The teams and people. The company's own id outside says on which day the demo ends (`run.py`)."""
    for team in TEAMS:
        body = {
            "id": id_of(team.key),
            "name": team.name,
            "parent": id_of(team.parent) if team.parent else None,
            "external_id": MARK + today.isoformat() if team is TEAMS[0] else None,
        }
        yield asked(at, f"team:{team.key}", None, "POST", "teams", body)
    for person in PEOPLE:
        address = None if person.kind == "service" else f"{person.key}@wobblewheel.example"
        body = {"id": id_of(person.key), "name": person.name, "email": address, "kind": person.kind}
        yield asked(at, f"member:{person.key}", None, "POST", "members", body)
        path = f"teams/{id_of(person.team)}/members/{id_of(person.key)}"
        yield asked(at, f"joined:{person.key}", None, "PUT", path, {"role": person.role})


class _Telling:
    """One quarter, told between its dates; of the running one, what lies before `end`."""

    def __init__(
        self,
        quarter: Quarter,
        before: Quarter | None,
        label: str,
        starts_on: date,
        ends_on: date,
        end: datetime,
    ) -> None:
        self._quarter = quarter
        self._before = before
        self._label = label
        self._dates = {"starts_on": starts_on, "ends_on": ends_on}
        self._start = at_hour(starts_on)
        # Endings and the close take five days, or, where the next quarter has hardly begun, what there is of
        # it.
        self._over = at_hour(ends_on, 18)
        self._closing = min(timedelta(days=5), end - self._over - timedelta(hours=1))
        self._names = _Names(quarter)

    def requests(self) -> Iterator[Request]:
        """Everything that happens in the quarter, and to it."""
        planned = self._start - timedelta(days=14)
        plan = {
            "id": id_of(f"{self._quarter.name}:cycle"),
            "label": self._label,
            "kind": "quarter",
            "check_in_every_days": 30,
            **self._dates,
        }
        yield self._asked(planned, "plan", "ines", "POST", "cycles", plan)
        for n, goal in enumerate(self._quarter.goals):
            yield from self._set(planned + timedelta(days=1 + n * 0.9, hours=9), goal)
        yield self._asked(self._start + timedelta(hours=7), "open", "ines", "POST", f"cycles/{self._label}/open", {})
        for goal in self._quarter.goals:
            for part in goal.parts:
                yield from self._check_ins(goal, part)
        yield from self._turns("turn", self._quarter.turns, self._start - timedelta(weeks=1), timedelta(weeks=1))
        if self._quarter.reflection is not None:
            yield from self._ending(self._quarter.reflection)

    def _ending(self, reflection: str) -> Iterator[Request]:
        close = f"cycles/{self._label}/close"
        closed = self._over + self._closing
        yield from self._turns("ending", self._quarter.endings, self._over, self._closing)
        yield self._asked(closed, "close", "ines", "POST", close, {"reflection": reflection})
        if self._quarter.reopened_for is not None:
            again = closed + timedelta(days=8)
            reason = {"reason": self._quarter.reopened_for}
            yield self._asked(again, "reopen", "ines", "POST", f"cycles/{self._label}/reopen", reason)
            yield from self._turns("afterthought", self._quarter.afterthoughts, again, timedelta(days=1))
            body = {"reflection": reflection}
            yield self._asked(again + timedelta(days=1), "close-again", "ines", "POST", close, body)

    def _set(self, at: datetime, goal: Goal) -> Iterator[Request]:
        id = self._names[goal.key]
        if goal.carries is not None and self._before is not None:
            old = f"{self._before.name}:{goal.carries}"
            carry = {"id": id, "to_cycle": self._label, "baseline": "from_current"}
            carries = {str(id_of(f"{self._before.name}:{part.key}")): self._names[part.key] for part in goal.parts}
            path = f"objectives/{id_of(old)}/carry-forward"
            request = self._asked(at, f"carry:{goal.key}", goal.owner, "POST", path, carry)
            yield replace(request, carries=carries)
            return
        body: dict[str, Any] = {
            "id": id,
            "cycle": self._label,
            "title": goal.title,
            "description": goal.description,
            "team": id_of(goal.team),
            "owner": id_of(goal.owner),
            "commitment": goal.commitment,
            "weight": str(goal.weight),
            "aligned_to": self._names[goal.aligned_to] if goal.aligned_to else None,
            "tags": list(goal.tags),
        }
        yield self._asked(at, f"set:{goal.key}", goal.owner, "POST", "objectives", body)
        for n, part in enumerate(goal.parts):
            body = {
                "id": self._names[part.key],
                "title": part.title,
                "measure": part.measure,
                "owner": id_of(part.owner) if part.owner else None,
                "weight": str(part.weight),
            }
            later, path = at + timedelta(minutes=10 * (n + 1)), f"objectives/{id}/key-results"
            yield self._asked(later, f"add:{part.key}", goal.owner, "POST", path, body)

    def _check_ins(self, goal: Goal, part: Part) -> Iterator[Request]:
        field = _VALUE_FIELDS.get(self._type(goal, part), "value")
        for week in sorted(part.values.keys() | part.words.keys()):
            effective_at = self._check_in_at(part.key, week)
            body = {"id": id_of(f"{self._quarter.name}:{part.key}@{week}")} | dict(part.words.get(week, {}))
            if part.values.get(week) is not None:
                body[field] = part.values[week]
            at = effective_at + timedelta(days=part.late.get(week, 0))
            path, name = f"key-results/{self._names[part.key]}/check-ins", f"check-in:{part.key}@{week}"
            yield self._asked(at, name, part.owner or goal.owner, "POST", path, body, effective_at)

    def _check_in_at(self, key: str, week: int) -> datetime:
        """On the fifth day of the week, in the afternoon, at the key result's own minute."""
        return self._start + timedelta(days=7 * week - 3, hours=14, minutes=crc32(key.encode()) % 180)

    def _type(self, goal: Goal, part: Part) -> str:
        if part.measure or self._before is None:
            return str(part.measure["type"])
        old = next(old for old in self._before.goals if old.key == goal.carries)
        return next(str(same.measure["type"]) for same in old.parts if same.key == part.key)

    def _turns(self, what: str, turns: Iterable[Turn], since: datetime, unit: timedelta) -> Iterator[Request]:
        for n, turn in enumerate(turns):
            at = since + unit * turn.week
            path = turn.path.format_map(self._names)
            body = {name: self._filled(value) for name, value in turn.body.items()}
            key = turn.path.partition("{")[2].partition("}")[0]
            effective_at = at if turn.of_week is None else self._check_in_at(key, turn.of_week)
            yield self._asked(at, f"{what}:{n}", turn.by, turn.method, path, body, effective_at)

    def _filled(self, value: Any) -> Any:
        return value.format_map(self._names) if isinstance(value, str) else value

    def _asked(
        self,
        at: datetime,
        name: str,
        by: str,
        method: str,
        path: str,
        body: Mapping[str, Any],
        effective_at: datetime | None = None,
    ) -> Request:
        name = f"{self._quarter.name}:{name}"
        return asked(at, name, id_of(by), method, path, body, effective_at)


class _Names(dict[str, str]):
    """What the pages of a quarter call things by, with their ids."""

    def __init__(self, quarter: Quarter) -> None:
        super().__init__()
        self._quarter = quarter.name
        self.update({f"kpi_{kpi.key}": str(kpi_id(kpi.key)) for kpi in KPIS})
        for goal in quarter.goals:
            if goal.carries is not None:
                self.update({part.key: f"carried-{part.key}" for part in goal.parts})

    def __missing__(self, name: str) -> str:
        return str(id_of(f"{self._quarter}:{name}"))
