"""What may happen to an initiative."""

from typing import Annotated, Any, ClassVar

from pydantic import StringConstraints

from domain.initiative.events import InitiativeChanged, InitiativeStarted, InitiativeState
from domain.initiative.state import INITIATIVE
from domain.kernel import Command, Context, Decision, Draft, Kind, Ref
from domain.key_result.decisions import workable
from domain.key_result.state import KEY_RESULT
from domain.rules import Creation, InitiativeRef, KeyResultRef, created, differing, existing
from domain.values import Label, Note, Title

_UNSET: Any = None
Url = Annotated[Note, StringConstraints(pattern=r"^https?://[^\s]+$", max_length=2000)]


class StartInitiative(Creation):
    """Begin work that is meant to move a key result."""

    NAME: ClassVar[str] = "start_initiative"

    key_result: KeyResultRef
    title: Title
    url: Url | None = None
    sprint: Label | None = None
    hypothesis: Note | None = None


class ChangeInitiative(Command):
    """Change an initiative, end it, or say what was learnt from it."""

    NAME: ClassVar[str] = "change_initiative"

    initiative: InitiativeRef
    title: Title = _UNSET
    url: Url | None = None
    sprint: Label | None = None
    hypothesis: Note | None = None
    state: InitiativeState = _UNSET
    learning: Note | None = None


def start_initiative(command: StartInitiative, context: Context) -> Decision:
    """Starts an initiative on a key result that is not dropped, in a cycle that is not closed."""
    existing(context, command, KEY_RESULT, command.key_result)
    ref = Ref(Kind.INITIATIVE, command.id or context.new_id())
    event = InitiativeStarted(
        key_result=command.key_result,
        title=command.title,
        url=command.url,
        sprint=command.sprint,
        hypothesis=command.hypothesis,
        external_id=command.external_id,
        source=context.source,
    )
    decision = created(command, context, INITIATIVE, ref, event)
    if decision.drafts:
        workable(context, command, command.key_result)
    return decision


def change_initiative(command: ChangeInitiative, context: Context) -> Decision:
    """Changes an initiative; only what differs is recorded."""
    history, state = existing(context, command, INITIATIVE, command.initiative)
    given = command.given("title", "url", "sprint", "hypothesis", "state", "learning")
    changes = differing(state, given)
    if not changes:
        return Decision(history.ref)
    workable(context, command, history.now.key_result)
    event = InitiativeChanged(**changes)
    return Decision(history.ref, (Draft(history.ref, event, command.effective_at),))
