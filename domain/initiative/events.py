"""What happens to an initiative."""

from typing import Any, ClassVar, Literal
from uuid import UUID

from domain.kernel import Event
from domain.values import Label, Text

InitiativeState = Literal["planned", "active", "done", "dropped"]
_UNSET: Any = None


class InitiativeStarted(Event):
    """Work was begun, with what we expect it to do to the key result."""

    TOPIC: ClassVar[str] = "initiative.started"

    key_result: UUID
    title: Text
    url: Text | None
    sprint: Label | None
    hypothesis: Text | None
    external_id: Label | None
    source: Label


class InitiativeChanged(Event):
    """Something about the initiative was changed; only what changed is named."""

    TOPIC: ClassVar[str] = "initiative.changed"

    title: Text = _UNSET
    url: Text | None = None
    sprint: Label | None = None
    hypothesis: Text | None = None
    state: InitiativeState = _UNSET
    learning: Text | None = None


InitiativeEvent = InitiativeStarted | InitiativeChanged
