"""What somebody sent, to commands: which fields name other things, and what is wrong with which."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from domain.errors import Fault, Invalid
from domain.kernel import Command, Kind, Refers

M = TypeVar("M", bound=BaseModel)


@cache
def references(command: type[Command]) -> Mapping[str, tuple[Kind, ...]]:
    """The fields of a command that name other things, with the kinds to look among, in order."""
    found = {}
    for name, field in command.model_fields.items():
        for part in (*field.metadata, *_parts(field.annotation)):
            if isinstance(part, Refers):
                found[name] = part.kinds
    return found


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    yield from getattr(annotation, "__metadata__", ())
    for part in get_args(annotation):
        yield from _parts(part)


def build(model: type[M], payload: Mapping[str, Any]) -> M:
    """The command, or other model, that a payload gives. Raises `Invalid` with every field at fault."""
    try:
        return model.model_validate(payload)
    except ValidationError as error:
        faults = {_pointer(payload, e["loc"]): reason(e["msg"]) for e in reversed(error.errors(include_url=False))}
    told = [Fault(pointer, why) for pointer, why in reversed(faults.items())]
    raise Invalid(f"{told[0].pointer or 'the whole'}: {told[0].reason}", faults=told)


def reason(message: str) -> str:
    """pydantic's message as the end of a sentence that begins with the field's name."""
    if message == "Extra inputs are not permitted":
        return "is no field that belongs here"
    for theirs, ours in (
        ("Value error, ", ""),
        ("Input should be", "must be"),
        ("Field required", "is missing"),
    ):
        message = message.replace(theirs, ours)
    return message


def _pointer(payload: Any, location: tuple[int | str, ...]) -> str:
    """The JSON pointer of a location, which besides keys and indexes also names the members of unions."""
    pointer = ""
    for n, step in enumerate(location):
        if isinstance(payload, Mapping) and step in payload:
            payload = payload[step]
        elif isinstance(payload, list | tuple) and isinstance(step, int):
            payload = payload[step] if step < len(payload) else None
        elif n < len(location) - 1 or not isinstance(payload, Mapping):
            continue  # a member of a union
        pointer += "/" + str(step).replace("~", "~0").replace("/", "~1")
    return pointer
