"""One plain sentence for each event, for readers who do not know the fields."""

from collections.abc import Sequence
from typing import Any

from domain.kernel import Fact
from domain.measures import VALUE_FIELDS
from domain.values import Redacted, plain
from projections.sentence_parts import moved, old_of

_SENTENCES = {
    "cycle.planned": "The cycle {label} was planned, from {starts_on} to {ends_on}.",
    "cycle.opened": "The cycle was opened.",
    "cycle.closed": "The cycle was closed.",
    "cycle.reopened": "The cycle was reopened.",
    "cycle.sealed": "The cycle's scores were sealed, as of position {closed_position}.",
    "team.formed": "The team “{name}” was formed.",
    "team.disbanded": "The team was disbanded.",
    "team.member_joined": "A member joined the team as {role}.",
    "team.member_left": "A member left the team.",
    "member.registered": "A {kind} was registered.",
    "member.erased": "The member's personal data were erased.",
    "member.role_given": "The member was given the role {role} by {source}.",
    "objective.set": "The objective “{title}” was set.",
    "objective.moved": "The objective was moved into another cycle.",
    "objective.dropped": "The objective was dropped.",
    "objective.restored": "The objective was restored.",
    "key_result.added": "The key result “{title}” was added.",
    "key_result.dropped": "The key result was dropped.",
    "key_result.restored": "The key result was restored.",
    "key_result.check_in_retracted": "A check-in was retracted.",
    "key_result.kpi_linked": "A KPI was linked to the key result: from now on its measurements are the value.",
    "key_result.kpi_unlinked": "The KPI was unlinked from the key result; the value stays what the KPI's was.",
    "initiative.started": "The initiative “{title}” was started.",
    "kpi.defined": "The KPI “{name}” was defined.",
    "kpi.paired": "The KPI was paired with another, to watch what the one costs the other.",
    "kpi.unpaired": "The KPI is no longer watched together with the other one.",
    "kpi.retired": "The KPI was retired.",
    "kpi.restored": "The KPI was restored.",
    "key.revoked": "The key was revoked; it opens nothing any more.",
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
                return f"The {what}'s grade was taken back{_before(changes, 'grade')}."
            return f"The {what} was graded {plain(event.score)}{_before(changes, 'grade')}."
        case "key_result.checked_in":
            return f"A check-in said {_said(event)}."
        case "key_result.check_in_corrected":
            return f"A check-in was corrected: {_put_right(event, changes)}."
        case "kpi.target_set":
            return _target(event, changes)
        case "kpi.benchmark_set":
            against = "another KPI" if event.value is None else plain(event.value)
            return f"The benchmark “{event.name}” was set: {against}{_days(event)}."
        case "measurements.recorded":
            return _measured(event, changes)
        case "measurements.restated":
            old = next((f" from {plain(change['old'])}" for change in changes if change["old"] is not None), "")
            return f"The value for {event.on} was restated{old} to {plain(event.value)}."
        case "key.created":
            return _issued(event)
        case _:
            words = moved(changes) or "nothing changed that shows"
            return f"{words[0].upper()}{words[1:]}."


def _put_right(event: Any, changes: Sequence[dict[str, Any]]) -> str:
    """What it says now instead; that its state is another, every correction has in common."""
    return moved([change for change in changes if change["field"] != "state"]) or f"it says {_said(event)}"


def _issued(event: Any) -> str:
    whose = "" if event.member is None else " for a member"
    until = "" if event.expires_at is None else f", to end at {event.expires_at:%Y-%m-%d %H:%M} UTC"
    label = "" if event.label is None else f": “{_word(event.label)}”"
    return f"A key of the role {event.role} was made{whose}{until}{label}."


def _before(changes: Sequence[dict[str, Any]], field: str) -> str:
    old = old_of(changes, field)
    return "" if old is None else f"; it was {old} before"


def _target(event: Any, changes: Sequence[dict[str, Any]]) -> str:
    old = next((change["old"] for change in changes if change["old"] is not None), None)
    before = "" if old is None else f"; before it was {_aim(old['target'], old['low'], old['high'])}"
    near = "" if event.at_risk is None else f", at risk from {plain(event.at_risk)}"
    return f"A target was set: {_aim(event.target, event.low, event.high)}{near}{_days(event)}{before}."


def _aim(target: Any, low: Any, high: Any) -> str:
    return f"between {plain(low)} and {plain(high)}" if target is None else plain(target)


def _days(event: Any) -> str:
    since = "" if event.since is None else f", from {event.since}"
    if event.until is None:
        return since
    return f"{since} to {event.until}" if since else f", to {event.until}"


def _measured(event: Any, changes: Sequence[dict[str, Any]]) -> str:
    """How many points, of which days; and whether any of them says of a day what was not said before."""
    restated = sum(change["old"] is not None for change in changes)
    if len(event.points) == 1:
        (point,) = event.points
        if restated:
            return f"The value for {point.on} was recorded again: {plain(point.value)}, not {plain(changes[0]['old'])}."
        return f"The value for {point.on} was recorded: {plain(point.value)}."
    days = [point.on for point in event.points]
    again = f"; {restated} of them put earlier ones right" if restated else ""
    return f"{len(days)} values were recorded, for days from {min(days)} to {max(days)}{again}."


def _said(event: Any) -> str:
    for name in VALUE_FIELDS:
        value = getattr(event, name)
        if value is not None:
            said = (", ".join(value) or "nothing") if isinstance(value, tuple) else _word(value)
            return f"{name} {said}" + (f", {event.status.replace('_', ' ')}" if event.status else "")
    return event.status.replace("_", " ") if event.status else "how things stand, in words"


def _word(value: Any) -> str:
    if isinstance(value, Redacted):
        return "[redacted]"
    return plain(value) if hasattr(value, "as_tuple") else str(value)
