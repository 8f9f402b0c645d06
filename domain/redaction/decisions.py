"""Redacting a free text: for an admin, with a reason, once."""

from typing import Annotated, ClassVar

from pydantic import Field, StrictInt

from domain.errors import Conflict, NotFound, invalid
from domain.kernel import Command, Context, Decision, Draft, Kind, Ref
from domain.redaction.events import TextRedacted
from domain.redaction.state import REDACTIONS
from domain.values import Label, Note


class RedactText(Command):
    """Remove a free text of an event; `field` is its name, or a JSON pointer to it.

    `reason` is for all to see, and stays.
    """

    NAME: ClassVar[str] = "redact_text"

    position: Annotated[StrictInt, Field(ge=1)]
    field: Label
    reason: Note


def redact_text(command: RedactText, context: Context) -> Decision:
    """Redacts one text of one event; the event, its place and all proofs stay as they are."""
    found = context.look.texts_at(command.position)
    if found is None:
        raise NotFound(f"There is no event at position {command.position}.")
    pointer = command.field if command.field.startswith("/") else f"/{command.field}"
    pointers = tuple(p for p in found.pointers if p == pointer or p.startswith(f"{pointer}/"))
    ref = Ref(Kind.EVENT, found.event)
    if not pointers:
        names = ", ".join(p.lstrip("/") for p in found.pointers) or "none"
        raise invalid("/field", f"is no free text of that event; it has: {names}")
    if found.stream.startswith(f"{Kind.EVENT.value}/"):
        # It stands beside the text that it took as well, and stands there for all who ask why: half gone is worse.
        raise Conflict("The reason of a redaction is shown wherever the text was, and stays.", slug="redaction_reason")
    history = context.look(REDACTIONS, found.event)
    done = history.now.pointers if history.exists else frozenset()
    left = tuple(p for p in pointers if p not in done)
    if not left:
        return Decision(ref)
    event = TextRedacted(
        event=found.event,
        position=command.position,
        stream=found.stream,
        pointers=left,
        reason=command.reason,
    )
    return Decision(ref, (Draft(ref, event, None, reported_at=command.effective_at),))
