"""What happens to the texts of an event. The stream is the event's own: `event/ID`."""

from typing import ClassVar
from uuid import UUID

from domain.kernel import Event
from domain.values import Label, Text


class TextRedacted(Event):
    """A free text of an event was removed for good, for a reason; what remains is its commitment."""

    TOPIC: ClassVar[str] = "event.text_redacted"

    event: UUID
    position: int
    stream: Label
    pointers: tuple[Label, ...]
    reason: Text
