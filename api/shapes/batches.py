"""The answer to a batch of commands."""

from uuid import UUID

from api.shapes.base import Shape


class CommandDone(Shape):
    """What became of one command. `position`: of its last event, or where the ledger ended if nothing changed."""

    id: UUID
    kind: str
    position: int
    created: bool
    changed: bool


class BatchDone(Shape):
    """What became of the commands of a batch, in their order."""

    items: list[CommandDone]
    advice: list[str]
