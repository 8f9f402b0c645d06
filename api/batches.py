"""Batches: up to 1,000 commands in one request, in the form of a history file's lines, all of them or none.

    lines ──▶ orders, each authorized as its own endpoint would ──▶ execute_all ──▶ books ──▶ what became of each

Without a `source` ids are UUIDs, and things are of the source `http`, as everywhere in this API. With one, ids are that
source's own names, and mean what they mean in its history file (contract, section 7), so that a file may come in by
both ways. A line's `at` is its `effective_at`; its `actor` the member on whose behalf it is, as `On-Behalf-Of` is for a
whole request, and like that is for admins and services.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from api.bodies import check_depth, payload_of
from api.guard import GuardedRoute
from api.ndjson import NDJSON
from api.writing import Writer, check_may_write_for_others
from domain.catalogue import COMMANDS
from domain.errors import Fault, Invalid, Malformed, Refusal, invalid
from domain.kernel import Command, Kind, Ref
from domain.member.decisions import RegisterMember
from domain.values import Label
from ledger import exact_json
from ledger.batches import begin, of_line, told
from ledger.history_file import HISTORY, at_fault, label
from ledger.orders import Executed, IdempotencyKey, LineRefused, Order
from ledger.payloads import build
from ledger.translation import ENVELOPE, MAKES, Translator, at_of, verb_of

MOST = 1_000
EXAMPLE = (
    '{"command": "check_in", "key_result": "0190a2f0-5f44-7041-8d77-3c5eaf204166", "value": 152}\n'
    '{"command": "open_cycle", "cycle": "2026-Q2", "at": "2026-04-01T08:00:00Z"}\n'
)


_LINE: dict[str, Any] = {
    "description": "A command and its fields; what it acts on stands under its kind (`key_result`, `cycle`, …).",
    "type": "object",
    "properties": {"command": {"enum": [*COMMANDS]}},
    "required": ["command"],
}


class Batch(BaseModel):
    """Several commands, all of them or none. `source`: whose names the ids are; UUIDs without one."""

    model_config = ConfigDict(extra="forbid")

    source: Label | None = None
    commands: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MOST, json_schema_extra={"items": _LINE})]


class BatchRoute(GuardedRoute):
    """A route that takes its commands as JSON or as lines of JSON, with the header of a history file or without."""

    async def payload(self, request: Request) -> dict[str, Any]:
        """What the body says, in either form."""
        return await payload_of(request, {NDJSON: self._read})

    @staticmethod
    async def _read(_: Request, raw: bytes) -> dict[str, Any]:
        return await run_in_threadpool(batch_of, raw)


def batch_of(raw: bytes) -> dict[str, Any]:
    """The lines as a payload has them. Raises `Malformed` or `Invalid`."""
    commands = []
    for number, line in enumerate(raw.removesuffix(b"\n").split(b"\n") if raw else (), 1):
        try:
            commands.append(exact_json.parse(line))
            check_depth(commands[-1])
        except ValueError as error:
            raise Malformed(f"Line {number} {error}.") from None
    first = commands[0] if commands else None
    if not (isinstance(first, dict) and "quarterdeck" in first):
        return {"commands": commands}
    if first["quarterdeck"] != HISTORY or first.keys() - {"quarterdeck", "source"}:
        wanted = f'{{"quarterdeck": "{HISTORY}", "source": "NAME"}}'
        raise Invalid(f"The first line must be {wanted}, or be left out.", faults=(Fault("", f"must be {wanted}"),))
    return {"source": label("/source", first.get("source")), "commands": commands[1:]}


@dataclass(frozen=True, slots=True)
class _Placed:
    """An order, and the command of the batch that it is made for."""

    number: int
    order: Order


def execute(writer: Writer, batch: Mapping[str, Any], key: IdempotencyKey | None) -> list[Executed]:
    """Carries a batch out; answers what became of each command. Raises the refusal of the first at fault."""
    said = build(Batch, batch)
    if said.source == "http":
        raise invalid("/source", "is the name of what comes over HTTP; give the file's own")
    reading = _Reading(writer, said, key)
    placed: list[_Placed] = []
    ledger = writer.runtime.ledger
    try:
        try:
            for number, fields in enumerate(said.commands):
                placed += reading.orders(number, fields)
        except Refusal:
            ledger.rehearse([each.order for each in placed])  # a command before may be at fault, if not by its form
            raise
        if key is None:
            executed = ledger.execute_all([each.order for each in placed])
        else:
            asked = [said.source, str(writer.behalf)]
            first = begin(key, writer.identity.actor, len(said.commands), asked)
            placed.insert(0, _Placed(0, first))
            executed = ledger.execute_all([each.order for each in placed])
            placed, executed = placed[1:], told(executed)
    except LineRefused as refused:
        raise reading.refused(placed[refused.index].number, refused.refusal) from None
    # The last order of a command is its own; one before it registered a member.
    done = {each.number: one for each, one in zip(placed, executed, strict=True)}
    return [done[number] for number in range(len(said.commands))]


class _Reading:
    """A batch while its commands are read, in order."""

    def __init__(self, writer: Writer, said: Batch, key: IdempotencyKey | None) -> None:
        self._writer = writer
        self._key = key
        self._count = len(said.commands)
        self._source = said.source or "http"
        registers = {
            str(fields["id"])
            for fields in said.commands
            if fields.get("command") == RegisterMember.NAME and fields.get("id") is not None
        }
        reader = writer.runtime.recorder
        self._names = Translator(said.source, reader, registers) if said.source is not None else None
        self._members = {UUID(id) for id in registers if self._names is None and _is_uuid(id)}

    def orders(self, number: int, fields: Mapping[str, Any]) -> Iterator[_Placed]:
        """What one command comes to. Raises a `Refusal` that names it."""
        try:
            verb = verb_of(fields)
            payload = {name: value for name, value in fields.items() if name not in ENVELOPE}
            at = at_of(fields) if fields.get("at") is not None else None
            if at is not None:
                payload["effective_at"] = at
            behalf = self._writer.behalf
            if fields.get("actor") is not None:
                behalf, introduction = self._actor(label("/actor", fields["actor"]), at)
                if introduction is not None:
                    yield _Placed(number, self._order(introduction, None, None))
            made = self._names.own(MAKES.get(verb), payload) if self._names else {}
            command = self._command(verb, payload, behalf)
        except Refusal as refusal:
            raise self.refused(number, refusal) from None
        if self._names:
            self._names.know(made)
        key = of_line(self._key, number + 1, self._count, fields) if self._key else None
        yield _Placed(number, self._order(command, behalf, key))

    def _command(self, verb: str, payload: Mapping[str, Any], behalf: UUID | None) -> Command:
        if self._names is None:
            return build(COMMANDS[verb].command, payload)
        return self._names.command(verb, payload, behalf or self._writer.identity.actor)

    def _order(self, command: Command, behalf: UUID | None, key: IdempotencyKey | None) -> Order:
        return Order(
            command,
            self._writer.identity.actor,
            on_behalf_of=behalf,
            source=self._source,
            authorize=partial(self._writer.authorize, behalf),
            idempotency=key,
            correlation_id=self._writer.correlation_id,
        )

    def _actor(self, name: str, at: datetime | None) -> tuple[UUID, RegisterMember | None]:
        """On whose behalf a command is, and, of a source's member that nobody knows yet, what registers them."""
        check_may_write_for_others(self._writer.identity)
        if self._names is not None:
            id, introduction = self._names.actor(name, at)
            self._names.know({id: name})
            return id, introduction
        if not _is_uuid(name):
            raise at_fault("/actor", "must be a member's UUID, where no source is named")
        id = UUID(name)
        if id not in self._members:
            if not self._writer.runtime.recorder.read_stream(Ref(Kind.MEMBER, id)):
                raise at_fault("/actor", f"no member {id}")
            self._members.add(id)
        return id, None

    def refused(self, number: int, refusal: Refusal) -> Refusal:
        """The refusal of one command, with pointers into the batch."""
        if self._names is not None:
            refusal = self._names.worded(refusal)
        place = f"/commands/{number}"
        faults: Sequence[Fault] = refusal.faults or (Fault("", refusal.detail),)
        told = [Fault(place + fault.pointer, fault.reason) for fault in faults]
        return type(refusal)(f"{place[1:]}: {refusal.detail}", slug=refusal.slug, faults=told)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
