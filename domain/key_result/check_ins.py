"""Checking in on a key result, and putting check-ins right.

A check-in is a statement: saying the same again is a new event. A correction and a retraction take effect
when the check-in did, and are reported at the command's own time.
"""

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import Field, StrictBool

from domain.errors import Conflict, invalid, missing, too_early
from domain.history import History
from domain.kernel import Claim, Command, Context, Decision, Draft, Kind, Ref
from domain.key_result.decisions import not_dropped, open_to_change, workable
from domain.key_result.events import CheckedIn, CheckInCorrected, CheckInRetracted, Confidence, Said
from domain.key_result.state import KEY_RESULT, KeyResult
from domain.key_result.statements import CheckIn
from domain.measures import VALUE_FIELDS, AnyMeasure, Milestones, Zone, value_field
from domain.rules import CheckInRef, Creation, KeyResultRef, external, same
from domain.values import Label, Note, NotNegative, Number

CHECK_INS = "check_in"
_WORDS = ("confidence", "status", "note", "progress", "plans", "problems")
_UNSET: Any = None
_Completed = Annotated[tuple[Label, ...], Field(max_length=200)]


class CheckInOn(Creation):
    """Say where a key result stands: a value of its measure, a status, or only words."""

    NAME: ClassVar[str] = "check_in"

    key_result: KeyResultRef
    value: Number = _UNSET
    completed: _Completed = _UNSET
    done: StrictBool = _UNSET
    zone: Zone = _UNSET
    score: NotNegative = _UNSET
    confidence: Confidence | None = None
    status: Said | None = None
    note: Note | None = None
    progress: Note | None = None
    plans: Note | None = None
    problems: Note | None = None


class CorrectCheckIn(Command):
    """Say what a check-in should have said; what is left out stays, `null` clears."""

    NAME: ClassVar[str] = "correct_check_in"
    COPIES_TEXTS: ClassVar[bool] = True

    check_in: CheckInRef
    value: Number | None = None
    completed: _Completed | None = None
    done: StrictBool | None = None
    zone: Zone | None = None
    score: NotNegative | None = None
    confidence: Confidence | None = None
    status: Said | None = None
    note: Note | None = None
    progress: Note | None = None
    plans: Note | None = None
    problems: Note | None = None
    reason: Note


class RetractCheckIn(Command):
    """Take a check-in back."""

    NAME: ClassVar[str] = "retract_check_in"

    check_in: CheckInRef
    reason: Note


def check_in(command: CheckInOn, context: Context) -> Decision:
    """Records a statement about a key result that is not dropped, in a cycle that is not closed."""
    ref = Ref(Kind.CHECK_IN, command.id or context.new_id())
    holder = context.look.holder(CHECK_INS, str(ref.id)) if command.id is not None else None
    said = {name: value for name, value in command.given(*VALUE_FIELDS, *_WORDS).items() if value is not None}
    event = CheckedIn(**said, check_in=ref.id, external_id=command.external_id, source=context.source)
    if holder is not None:
        return _said_again(context.look(KEY_RESULT, holder.id), command, event)
    history, state, _ = workable(context, command, command.key_result)
    _suits(state.measure, said)
    if history.now.kpi is not None and said.keys() & set(VALUE_FIELDS):
        raise Conflict(
            f"The value of the key result {command.key_result} is that of the KPI {history.now.kpi}; "
            "check in without one, or unlink it first.",
            slug="kpi_linked",
        )
    claims = (Claim(CHECK_INS, str(ref.id)), *external(command, context, ref))
    return Decision(ref, (Draft(history.ref, event, command.effective_at, claims=claims),), created=True)


def _said_again(history: History[KeyResult], command: CheckInOn, event: CheckedIn) -> Decision:
    for fact in history.facts:
        if isinstance(fact.event, CheckedIn) and fact.event.check_in == event.check_in:
            alike = same(fact.event, event) and history.ref.id == command.key_result
            if alike and command.effective_at in (None, fact.effective_at):
                return Decision(Ref(Kind.CHECK_IN, event.check_in))
    raise Conflict(f"The id {event.check_in} is taken by another check-in.", slug="id_taken")


def _suits(measure: AnyMeasure, said: dict[str, Any]) -> None:
    field = value_field(measure)
    for name in VALUE_FIELDS:
        if name in said and name != field:
            raise invalid(f"/{name}", f"does not suit the measure, which is {measure.type}: it takes {field}")
    if isinstance(measure, Milestones) and "completed" in said:
        known = {step.id for step in measure.milestones}
        for place, id in enumerate(said["completed"]):
            if id not in known:
                raise invalid(f"/completed/{place}", f"there is no milestone {id!r}")


def _find(context: Context, id: UUID) -> tuple[History[KeyResult], CheckIn]:
    holder = context.look.holder(CHECK_INS, str(id))
    if holder is None:
        raise missing("/check_in", "check-in", id)
    history = context.look(KEY_RESULT, holder.id)
    found = history.now.check_in(id)
    assert found is not None  # noqa: S101  # the claim was made with the check-in
    return history, found


def _open_to_revision(command: Command, context: Context, history: History[KeyResult], said: CheckIn) -> None:
    open_to_change(context, history, said.effective_at)
    not_dropped(history.now)
    if command.effective_at is not None and command.effective_at < said.effective_at:
        raise too_early(f"lies before the check-in, of {_shown(said.effective_at)}")


def _shown(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def correct_check_in(command: CorrectCheckIn, context: Context) -> Decision:
    """Corrects a check-in that stands; the correction holds from when the check-in was made."""
    history, said = _find(context, command.check_in)
    if said.state == "retracted":
        raise Conflict(f"The check-in {said.id} was retracted.", slug="retracted")
    then = history.at(said.effective_at)
    assert then is not None  # noqa: S101  # no check-in precedes its key result
    before = _fields(said)
    given = command.given(*VALUE_FIELDS, *_WORDS)
    if any(given.get(name) is not None for name in VALUE_FIELDS):  # another value takes the place of the old
        given = dict.fromkeys(VALUE_FIELDS) | given
    after = {name: value for name, value in (before | given).items() if value is not None}
    if after == before:
        return Decision(Ref(Kind.CHECK_IN, said.id))
    _open_to_revision(command, context, history, said)
    _suits(then.measure, {name: value for name, value in given.items() if value is not None})
    event = CheckInCorrected(**after, check_in=said.id, reason=command.reason)
    return _revised(command, history, said, event)


def _fields(said: CheckIn) -> dict[str, Any]:
    fields = {name: getattr(said, name) for name in _WORDS}
    if said.field is not None:
        fields[said.field] = said.value
    return {name: value for name, value in fields.items() if value is not None}


def retract_check_in(command: RetractCheckIn, context: Context) -> Decision:
    """Takes a check-in back, from when it was made."""
    history, said = _find(context, command.check_in)
    if said.state == "retracted":
        return Decision(Ref(Kind.CHECK_IN, said.id))
    _open_to_revision(command, context, history, said)
    return _revised(command, history, said, CheckInRetracted(check_in=said.id, reason=command.reason))


def _revised(
    command: Command, history: History[KeyResult], said: CheckIn, event: CheckInCorrected | CheckInRetracted
) -> Decision:
    draft = Draft(history.ref, event, said.effective_at, reported_at=command.effective_at)
    return Decision(Ref(Kind.CHECK_IN, said.id), (draft,))
