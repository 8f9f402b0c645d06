"""What may happen next in a random history: a command for every throw of the dice, whether or not it is refused."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from domain.errors import Refusal
from domain.kernel import Command, Kind
from domain.measures import AnyMeasure, Milestones, value_field
from tests.support import builders as b
from tests.support.memory import BEGIN, MemoryLedger, free_texts

MEASURES = {
    "leads": b.metric(20, 100),
    "latency": b.threshold("<=", 200),
    "share": b.between(4, 5),
    "launch": b.milestones({"title": "a", "weight": 2}, "b", "c"),
    "audit": b.boolean(),
    "fairs": b.zones(),
    "talks": b.graded(out_of=10),
}
Action = Callable[["Story"], Command | None]


@dataclass(frozen=True, slots=True)
class Step:
    """One command, and when it was given; `command.effective_at` says when it took effect, if earlier."""

    at: datetime
    command: Command


class Story:
    """A history in the making: what there is, and dice to throw for what comes next."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.ledger = MemoryLedger()
        self.steps: list[Step] = []
        self.now = BEGIN

    def give(self, command: Command | None) -> None:
        """Gives a command, unless the rules refuse it."""
        if command is None:
            return
        try:
            self.ledger.execute(command, self.now)
        except Refusal:
            return
        self.steps.append(Step(self.now, command))

    def passes(self) -> None:
        """Some hours pass, or some weeks."""
        self.now = max(self.now, self.ledger.facts[-1].recorded_at)
        self.now += timedelta(hours=self.random.choice((0, 1, 1, 30, 30, 70, 400)), seconds=1)

    def build(self, name: str, /, **fields: Any) -> Command:
        """The command, perhaps for an earlier time."""
        days = self.random.choice((None, None, None, 0, 1, 7, 30, 60))
        if days is not None:
            fields["at"] = self.now - timedelta(days=days)
        command: Command = b.build(name, **fields)
        return command

    def some(self, kind: Kind) -> UUID:
        """Any thing of a kind; often one of the first two, so that much happens to them."""
        known = [ref.id for ref in self.ledger.streams() if ref.kind is kind]
        return self.random.choice(known[:2] if self.coin() else known)

    def state(self, kind: Kind, id: UUID) -> Any:
        """How the thing stands now."""
        return self.ledger.state(kind, id)

    def new(self) -> UUID:
        """An id that nothing has."""
        return b.uid(f"new {len(self.steps)}")

    def maybe(self, **fields: Any) -> dict[str, Any]:
        """Some of the fields, each with one of its values."""
        return {name: self.random.choice(values) for name, values in fields.items() if self.coin()}

    def coin(self, sides: int = 2) -> bool:
        """Heads: once in two times, or in so many."""
        return self.random.randrange(sides) == 0

    def value(self, measure: AnyMeasure) -> dict[str, Any]:
        """A value that suits the measure."""
        field = value_field(measure)
        if isinstance(measure, Milestones):
            return {field: [step.id for step in measure.milestones if self.coin()]}
        numbers = ("0", "4.5", "60", "100", "180")
        values: dict[str, tuple[Any, ...]] = {
            "done": (True, False),
            "zone": ("fail", "commit", "target", "stretch"),
            "value": ("-10", *numbers),
        }
        return {field: self.random.choice(values.get(field, numbers))}


STATUSES = ("on_track", "at_risk", "off_track")
WEIGHTS = ("0", "1", "0.7", "3", "0.333333333333")
TEXTS = ("fine", "Acme left", "two\nlines")


def check_in(story: Story) -> Command:
    id = story.some(Kind.KEY_RESULT)
    value = {} if story.coin(5) else story.value(story.state(Kind.KEY_RESULT, id).measure)
    words = story.maybe(confidence=(0, 5, 10), status=STATUSES, note=TEXTS)
    return story.build("check_in", id=story.new(), key_result=id, **value, **words)


def _some_check_in(story: Story) -> tuple[Any, Any] | None:
    made = [
        (key_result, said)
        for ref in story.ledger.streams()
        if ref.kind is Kind.KEY_RESULT
        for key_result in (story.state(ref.kind, ref.id),)
        for said in key_result.check_ins
    ]
    return story.random.choice(made) if made else None


def correct_check_in(story: Story) -> Command | None:
    found = _some_check_in(story)
    if found is None:
        return None
    value = story.value(found[0].measure) if story.coin() else {}
    words = story.maybe(confidence=(None, 3), status=(None, *STATUSES), note=(None, *TEXTS))
    return story.build("correct_check_in", check_in=found[1].id, reason="a slip", **value, **words)


def retract_check_in(story: Story) -> Command | None:
    found = _some_check_in(story)
    return story.build("retract_check_in", check_in=found[1].id, reason="a slip") if found else None


def change_key_result(story: Story) -> Command:
    changes = story.maybe(
        title=TEXTS,
        weight=WEIGHTS,
        measure=tuple(MEASURES.values()),
        owner=(None, "ada", "bob"),
        team=(None, "core", "web"),
    )
    if story.coin(4):
        changes["objective"] = story.some(Kind.OBJECTIVE)
    return story.build("change_key_result", key_result=story.some(Kind.KEY_RESULT), reason="so it is", **changes)


def change_objective(story: Story) -> Command:
    changes = story.maybe(
        title=TEXTS,
        description=(None, *TEXTS),
        weight=WEIGHTS,
        commitment=("committed", "aspirational"),
        team=(None, "core", "web"),
        tags=(None, ["a"], ["a", "b"]),
    )
    above = story.random.choice((None, Kind.OBJECTIVE, Kind.KEY_RESULT))
    if above is not None:
        changes["aligned_to"] = story.some(above)
    return story.build("change_objective", objective=story.some(Kind.OBJECTIVE), reason="so it is", **changes)


def set_objective(story: Story) -> Command:
    more = story.maybe(weight=WEIGHTS, owner=("ada", "bob"), team=("all", "web"))
    return story.build("set_objective", id=story.new(), cycle=story.some(Kind.CYCLE), title="more", **more)


def add_key_result(story: Story) -> Command:
    measure = story.random.choice(tuple(MEASURES.values()))
    objective = story.some(Kind.OBJECTIVE)
    return story.build("add_key_result", id=story.new(), objective=objective, title="more", measure=measure)


def carry_forward(story: Story) -> Command:
    baseline = story.random.choice(("restart", "from_current"))
    to = story.some(Kind.CYCLE)
    return story.build("carry_forward", objective=story.some(Kind.OBJECTIVE), to_cycle=to, baseline=baseline)


def move_objective(story: Story) -> Command:
    return story.build("move_objective", objective=story.some(Kind.OBJECTIVE), cycle=story.some(Kind.CYCLE))


def drop_or_restore(story: Story) -> Command:
    kind = story.random.choice((Kind.OBJECTIVE, Kind.KEY_RESULT))
    verb = story.random.choice(("drop", "restore"))
    return story.build(f"{verb}_{kind.value}", **{kind.value: story.some(kind)}, reason="so it is")


def grade(story: Story) -> Command:
    kind = story.random.choice((Kind.OBJECTIVE, Kind.KEY_RESULT))
    score = story.random.choice((None, "0.4", "1.2"))
    return story.build(f"grade_{kind.value}", **{kind.value: story.some(kind)}, score=score)


def run_a_cycle(story: Story) -> Command:
    cycle = story.some(Kind.CYCLE)
    verb = {"planned": "open", "open": "close", "closed": "reopen"}[story.state(Kind.CYCLE, cycle).state]
    reason = {"reason": "a late figure"} if verb == "reopen" else {}
    return story.build(f"{verb}_cycle", cycle=cycle, **reason)


def reschedule_cycle(story: Story) -> Command:
    days = story.maybe(
        starts_on=(date(2026, 1, 1), date(2026, 2, 1), date(2026, 4, 1)),
        ends_on=(date(2026, 2, 15), date(2026, 4, 3), date(2026, 6, 30)),
    )
    return story.build("reschedule_cycle", cycle=story.some(Kind.CYCLE), reason="the fair moved", **days)


def change_team(story: Story) -> Command:
    changes = story.maybe(name=TEXTS)
    if story.coin():
        changes["parent"] = story.random.choice((None, "all", "core", "web"))
    return story.build("change_team", team=story.some(Kind.TEAM), **changes)


def form_or_disband_a_team(story: Story) -> Command:
    if not story.coin(4):
        return story.build("form_team", id=story.new(), name="more", parent=story.some(Kind.TEAM))
    return story.build("disband_team", team=story.some(Kind.TEAM))


def join_or_leave_a_team(story: Story) -> Command:
    who = {"team": story.some(Kind.TEAM), "member": story.some(Kind.MEMBER)}
    if story.coin():
        return story.build("leave_team", **who)
    return story.build("join_team", **who, role=story.random.choice(("member", "lead")))


def register_or_erase_a_member(story: Story) -> Command:
    if not story.coin(4):
        return story.build("register_member", id=story.new(), name="more", kind="service")
    return story.build("erase_member", member=story.some(Kind.MEMBER), reason="asked for it")


def start_initiative(story: Story) -> Command:
    more = story.maybe(hypothesis=TEXTS, sprint=("7",))
    return story.build("start_initiative", id=story.new(), key_result=story.some(Kind.KEY_RESULT), title="x", **more)


def change_initiative(story: Story) -> Command:
    changes = story.maybe(state=("planned", "active", "done", "dropped"), learning=TEXTS, title=TEXTS)
    return story.build("change_initiative", initiative=story.some(Kind.INITIATIVE), **changes)


def redact_text(story: Story) -> Command | None:
    fact = story.random.choice(story.ledger.facts)
    pointers = tuple(free_texts(fact.event))
    if not pointers or fact.stream.kind is Kind.EVENT:
        return None
    return story.build("redact_text", position=fact.position, field=story.random.choice(pointers), reason="no")


def make_or_revoke_a_key(story: Story) -> Command:
    known = [ref.id for ref in story.ledger.streams() if ref.kind is Kind.KEY]
    if known and story.coin():
        return story.build("revoke_key", key=story.random.choice(known), **story.maybe(reason=TEXTS))
    whose = {"member": story.some(Kind.MEMBER)} if story.coin() else {}
    return story.build("create_key", id=story.new(), role="member", **whose, **story.maybe(label=TEXTS))


_OFTEN: dict[Action, int] = {
    check_in: 10,
    correct_check_in: 4,
    retract_check_in: 2,
    change_key_result: 5,
    change_objective: 5,
    set_objective: 1,
    add_key_result: 1,
    carry_forward: 1,
    move_objective: 2,
    drop_or_restore: 4,
    grade: 2,
    run_a_cycle: 4,
    reschedule_cycle: 1,
    change_team: 2,
    form_or_disband_a_team: 1,
    join_or_leave_a_team: 2,
    register_or_erase_a_member: 1,
    start_initiative: 1,
    change_initiative: 1,
    redact_text: 1,
}
ANYTHING = [action for action, times in _OFTEN.items() for _ in range(times)]
KEYS = [make_or_revoke_a_key, register_or_erase_a_member]
"""What may happen to keys: no goal depends on any of it."""
