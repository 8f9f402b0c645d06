"""One plain sentence for each event, for readers who do not know the fields."""

from collections.abc import Sequence
from typing import Any

from domain.kernel import Fact
from domain.measures import VALUE_FIELDS
from domain.values import Redacted, plain

_SENTENCES = {
    "cycle.planned": "The cycle {label} was planned, from {starts_on} to {ends_on}.",
    "cycle.opened": "The cycle was opened.",
    "cycle.rescheduled": "The cycle's dates were moved.",
    "cycle.closed": "The cycle was closed.",
    "cycle.reopened": "The cycle was reopened.",
    "cycle.sealed": "The cycle's scores were sealed, as of position {closed_position}.",
    "team.formed": "The team “{name}” was formed.",
    "team.disbanded": "The team was disbanded.",
    "team.member_joined": "A member joined the team as {role}.",
    "team.member_left": "A member left the team.",
    "member.registered": "A {kind} was registered.",
    "member.erased": "The member's personal data were erased.",
    "objective.set": "The objective “{title}” was set.",
    "objective.moved": "The objective was moved into another cycle.",
    "objective.dropped": "The objective was dropped.",
    "objective.restored": "The objective was restored.",
    "key_result.added": "The key result “{title}” was added.",
    "key_result.dropped": "The key result was dropped.",
    "key_result.restored": "The key result was restored.",
    "key_result.check_in_retracted": "A check-in was retracted.",
    "initiative.started": "The initiative “{title}” was started.",
    "event.text_redacted": "A text of the event at position {position} was redacted.",
}


def sentence(fact: Fact[Any], changes: Sequence[dict[str, Any]]) -> str:
    """What the event says, in words."""
    event = fact.event
    template = _SENTENCES.get(event.TOPIC)
    if template is not None:
        return template.format_map({name: _word(value) for name, value in event.given().items()})
    match event.TOPIC:
        case "objective.graded" | "key_result.graded":
            what = event.TOPIC.partition(".")[0].replace("_", " ")
            if event.score is None:
                return f"The {what}'s grade was taken back."
            return f"The {what} was graded {plain(event.score)}."
        case "key_result.checked_in":
            return f"A check-in said {_said(event)}."
        case "key_result.check_in_corrected":
            return f"A check-in was corrected: it says {_said(event)}."
        case _:
            names = ", ".join(change["field"].replace("_", " ") for change in changes) or "nothing that shows"
            return f"Changed: {names}."


def _said(event: Any) -> str:
    for name in VALUE_FIELDS:
        value = getattr(event, name)
        if value is not None:
            said = ", ".join(value) if isinstance(value, tuple) else _word(value)
            return f"{name} {said}" + (f", {event.status.replace('_', ' ')}" if event.status else "")
    return event.status.replace("_", " ") if event.status else "how things stand, in words"


def _word(value: Any) -> str:
    if isinstance(value, Redacted):
        return "[redacted]"
    return plain(value) if hasattr(value, "as_tuple") else str(value)
