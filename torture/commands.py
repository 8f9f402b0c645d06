"""What a client says: commands of every kind, to goals of its own and to shared ones, and some that must be refused.

A client knows only what it was told: a command that nobody answered changes nothing in its picture, except that a thing
which may have been dropped, or closed, is not spoken of again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4, uuid5

from torture.journal import Entry, Fate

Body = Mapping[str, Any]
_NAMES = UUID("6a2f3a42-6c7c-5d5e-9d53-6a0f6a4a7a11")
TODAY = datetime.now(UTC).date  # a function, called when it is needed
METRIC = {"type": "metric", "baseline": 0, "target": 100}
SHARED = "shared"
"""The label of the cycle that all clients have goals in; see `beginning`."""


def id_of(name: str) -> str:
    """The id of a thing that a client made."""
    return str(uuid5(_NAMES, name))


SHARED_PARTS = (id_of("shared key result 0"), id_of("shared key result 1"))


def days_ago(days: float) -> str:
    """An instant."""
    return (datetime.now(UTC) - timedelta(days=days)).isoformat().replace("+00:00", "Z")


@dataclass(slots=True)
class Said:
    """A command; what its speaker learns from an answer, or from none; and where it can read what it wrote."""

    entry: Entry
    learn: Callable[[Body], None] = lambda _: None
    doubt: Callable[[], None] = lambda: None
    shows: Callable[[Body], tuple[str, str, Any]] | None = None
    """From the answer to an address, a field and its value there."""


@dataclass(slots=True)
class Cycle:
    """One of a client's own cycles: `next` is what it does with it next."""

    label: str
    next: str = "open"


@dataclass
class Speaker:
    """One client's picture of the ledger, and its dice."""

    name: str
    dice: Random
    reader_key: str
    run: str = field(default_factory=lambda: uuid4().hex[:8])
    count: int = 0
    objectives: list[str] = field(default_factory=list)
    key_results: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    check_ins: list[tuple[str, str]] = field(default_factory=list)
    """Each with its key result."""
    kpis: dict[str, int] = field(default_factory=dict)
    """Each with how many days back it was measured."""
    cycles: list[Cycle] = field(default_factory=list)
    keyed: list[Entry] = field(default_factory=list)

    def say(self) -> Said:
        """The next command."""
        if len(self.key_results) < 2:
            return self._add_key_result() if self.objectives else self._set_objective()
        kinds: list[tuple[int, Callable[[], Said]]] = [
            (30, self._check_in),
            (14, self._check_in_shared),
            (3, self._set_objective),
            (5, self._add_key_result),
            (12, self._measure),
            (7, self._correct),
            (3, self._retract),
            (4, self._drop),
            (6, self._restore),
            (8, self._close),
            (8, self._refused),
        ]
        _, choice = self.dice.choices(kinds, [weight for weight, _ in kinds])[0]
        return choice()

    def entry(self, command: str, method: str, path: str, body: Body, **headers: str) -> Entry:
        """A command with a token of its own; some are sent with an idempotency key."""
        self.count += 1
        token = f"{self.run}-{self.name}-{self.count}"
        if self.dice.random() < 0.65:
            headers.setdefault("Idempotency-Key", f"key-{token}")
        if self.dice.random() < 0.08:
            headers.setdefault("Prefer", "respond-async")
        return Entry(token, command, method, path, body, headers)

    def _text(self) -> str:
        return f"said by {self.name}, {self.count + 1}, {self.run}"

    def _number(self) -> float:
        """Hardly ever the same again: a correction that says what stands already is no event."""
        return self.dice.randint(0, 12_000_000) / 100_000

    def _new_id(self) -> str:
        return id_of(f"{self.run}-{self.name}-{self.count + 1}")

    def _set_objective(self) -> Said:
        body = {"id": self._new_id(), "cycle": SHARED, "title": self._text(), "effective_at": days_ago(40)}
        entry = self.entry("set_objective", "POST", "/objectives", body)
        return Said(
            entry,
            lambda answer: self.objectives.append(answer["id"]),
            shows=lambda answer: (f"/objectives/{answer['id']}", "title", body["title"]),
        )

    def _add_key_result(self) -> Said:
        objective = self.dice.choice(self.objectives)
        body: dict[str, Any] = {"title": self._text(), "measure": METRIC, "effective_at": days_ago(35)}
        if self.dice.random() < 0.5:
            body["id"] = self._new_id()
        entry = self.entry("add_key_result", "POST", f"/objectives/{objective}/key-results", body)
        return Said(
            entry,
            lambda answer: self.key_results.append(answer["id"]),
            shows=lambda answer: (f"/key-results/{answer['id']}", "title", body["title"]),
        )

    def _check_in(self, key_result: str | None = None) -> Said:
        key_result = key_result or self.dice.choice(self.key_results)
        body: dict[str, Any] = {"value": self._number(), "note": self._text()}
        if self.dice.random() < 0.3:
            body["effective_at"] = days_ago(self.dice.uniform(0.1, 30))
        if self.dice.random() < 0.5:
            body["id"] = self._new_id()
        entry = self.entry("check_in", "POST", f"/key-results/{key_result}/check-ins", body)
        return Said(
            entry,
            lambda answer: self.check_ins.append((answer["id"], key_result)),
            shows=lambda answer: (f"/check-ins/{answer['id']}", "value", body["value"]),
        )

    def _check_in_shared(self) -> Said:
        return self._check_in(self.dice.choice(SHARED_PARTS))

    def _correct(self) -> Said:
        known = self._correctable()
        if not known:
            return self._check_in()
        chosen = self.dice.choice(known)
        check_in, _ = chosen
        body = {"value": self._number(), "reason": self._text()}
        entry = self.entry("correct_check_in", "POST", f"/check-ins/{check_in}/correct", body)
        return Said(
            entry,
            doubt=lambda: self.check_ins.remove(chosen),
            shows=lambda _: (f"/check-ins/{check_in}", "value", body["value"]),
        )

    def _retract(self) -> Said:
        known = self._correctable()
        if not known:
            return self._check_in()
        chosen = self.dice.choice(known)
        self.check_ins.remove(chosen)
        check_in, _ = chosen
        entry = self.entry("retract_check_in", "POST", f"/check-ins/{check_in}/retract", {"reason": self._text()})
        return Said(entry, shows=lambda _: (f"/check-ins/{check_in}", "state", "retracted"))

    def _correctable(self) -> list[tuple[str, str]]:
        """Some of its latest check-ins; not those on what is, or may be, dropped."""
        return [each for each in self.check_ins[-30:] if each[1] in self.key_results or each[1] in SHARED_PARTS]

    def _drop(self) -> Said:
        key_result = self.key_results.pop(self.dice.randrange(len(self.key_results)))
        entry = self.entry("drop_key_result", "POST", f"/key-results/{key_result}/drop", {"reason": self._text()})
        return Said(
            entry,
            lambda _: self.dropped.append(key_result),
            shows=lambda _: (f"/key-results/{key_result}", "state", "dropped"),
        )

    def _restore(self) -> Said:
        if not self.dropped:
            return self._drop()
        key_result = self.dropped.pop()
        entry = self.entry("restore_key_result", "POST", f"/key-results/{key_result}/restore", {"reason": self._text()})
        return Said(
            entry,
            lambda _: self.key_results.append(key_result),
            shows=lambda _: (f"/key-results/{key_result}", "state", "active"),
        )

    def _measure(self) -> Said:
        if not self.kpis or self.dice.random() < 0.05:
            body = {"id": self._new_id(), "name": self._text(), "direction": "increase", "frequency": "daily"}
            entry = self.entry("define_kpi", "POST", "/kpis", body)
            return Said(entry, lambda answer: self.kpis.update({answer["id"]: 1}))
        kpi, back = self.dice.choice(list(self.kpis.items()))
        days = [(TODAY() - timedelta(days=back + n)).isoformat() for n in range(self.dice.randint(1, 5))]
        days = [day for day in days if _quarter(day) == _quarter(days[0])]  # one event for each quarter
        self.kpis[kpi] = back + len(days)
        points = [{"on": day, "value": self._number(), "note": self._text()} for day in days]
        entry = self.entry("record_measurements", "POST", f"/kpis/{kpi}/measurements", {"points": points})
        return Said(entry)

    def _close(self) -> Said:
        """The next step in the life of a cycle of its own, which ends with its closing and another opening."""
        if not self.cycles:
            label = f"{self.run}-{self.name}-{self.count + 1}"
            dates = {"starts_on": str(TODAY() - timedelta(days=5)), "ends_on": str(TODAY() + timedelta(days=5))}
            body = {"label": label, "kind": "custom", **dates}
            entry = self.entry("plan_cycle", "POST", "/cycles", body)
            return Said(entry, lambda _: self.cycles.append(Cycle(label)))
        cycle = self.cycles.pop()
        after = {"open": "set", "set": "close", "close": "reopen", "reopen": "close"}
        if cycle.next == "set":
            body = {"id": self._new_id(), "cycle": cycle.label, "title": self._text()}
            entry = self.entry("set_objective", "POST", "/objectives", body)
        else:
            texts = {"close": {"reflection": self._text()}, "reopen": {"reason": self._text()}}
            path = f"/cycles/{cycle.label}/{cycle.next}"
            entry = self.entry(f"{cycle.next}_cycle", "POST", path, texts.get(cycle.next, {}))
        keep = self.dice.random() < 0.7

        def learn(_: Body) -> None:
            if cycle.next != "close" or keep:
                self.cycles.append(Cycle(cycle.label, after[cycle.next]))

        return Said(entry, learn)

    def _refused(self) -> Said:
        own = self.dice.choice(self.key_results)
        check_in = {"value": self._number(), "note": self._text()}
        other_dates = {"label": SHARED, "kind": "year", "starts_on": "2020-01-01", "ends_on": "2020-12-31"}
        choices: list[tuple[str, str, Body, dict[str, str]]] = [
            ("POST", f"/key-results/{id_of('nothing')}/check-ins", check_in, {}),
            ("POST", f"/key-results/{own}/check-ins", {"value": "many", "note": self._text()}, {}),
            ("POST", f"/key-results/{own}/check-ins", check_in, {"If-Match": '"1"'}),
            ("POST", f"/key-results/{own}/check-ins", check_in, {"Authorization": f"Bearer {self.reader_key}"}),
            ("POST", "/cycles", other_dates, {}),
            ("POST", "/objectives", {"id": self.objectives[0], "cycle": SHARED, "title": self._text()}, {}),
        ]
        choices += [("POST", f"/key-results/{each}/check-ins", check_in, {}) for each in self.dropped[:1]]
        if self.keyed:
            used = self.dice.choice(self.keyed)
            other = {**used.body, "effective_at": days_ago(0.01)}
            choices.append((used.method, used.path, other, {"Idempotency-Key": str(used.key)}))
        method, path, body, headers = self.dice.choice(choices)
        entry = self.entry("refused", method, path, body, **headers)
        entry.meant = Fate.REFUSED
        return Said(entry)


def beginning(reader_key: str) -> list[Said]:
    """What is there before anything breaks: the shared cycle, and a goal in it that all clients check in on."""
    setup = Speaker("setup", Random(0), reader_key)
    dates = {"starts_on": str(TODAY() - timedelta(days=60)), "ends_on": str(TODAY() + timedelta(days=60))}
    cycle = {"label": SHARED, "kind": "custom", **dates, "effective_at": days_ago(70)}
    goal = {"id": id_of("shared"), "cycle": SHARED, "title": "shared", "effective_at": days_ago(50)}
    entries = [
        setup.entry("plan_cycle", "POST", "/cycles", cycle),
        setup.entry("open_cycle", "POST", f"/cycles/{SHARED}/open", {"effective_at": days_ago(60)}),
        setup.entry("set_objective", "POST", "/objectives", goal),
    ]
    for each in SHARED_PARTS:
        part = {"id": each, "title": "shared", "measure": METRIC, "effective_at": days_ago(45)}
        entries.append(setup.entry("add_key_result", "POST", f"/objectives/{goal['id']}/key-results", part))
    return [Said(entry) for entry in entries]


def _quarter(day: str) -> tuple[int, int]:
    on = date.fromisoformat(day)
    return on.year, (on.month - 1) // 3
