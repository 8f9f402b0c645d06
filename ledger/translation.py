"""The lines of a history file to orders: names become ids, `at` becomes `effective_at` (contract, section 7).

The source's own strings name things, one namespace a kind. Each maps to the same UUID for ever, so nothing
needs to be remembered between imports; what the file has made so far is remembered only to tell a name that
nobody knows from one that somebody does, and to say so in the source's own words.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import TypeAdapter, ValidationError

from domain.catalogue import COMMANDS, CREDENTIALS
from domain.cycle.decisions import PlanCycle
from domain.errors import Fault, NotReady, Refusal
from domain.kernel import Command, Kind, Ref
from domain.key_result.check_ins import CHECK_INS
from domain.member.decisions import RegisterMember
from domain.values import Instant
from ledger.history_file import Line, LineNotTaken, at_fault, digest, label
from ledger.orders import IdempotencyKey, Order
from ledger.payloads import build, reason, references
from ledger.reader import Reader

MAKES: Mapping[str, Kind] = {
    "plan_cycle": Kind.CYCLE,
    "form_team": Kind.TEAM,
    "register_member": Kind.MEMBER,
    "set_objective": Kind.OBJECTIVE,
    "carry_forward": Kind.OBJECTIVE,
    "add_key_result": Kind.KEY_RESULT,
    "check_in": Kind.CHECK_IN,
    "start_initiative": Kind.INITIATIVE,
    "define_kpi": Kind.KPI,
}
"""What a creating command makes, which is the namespace of the line's `id`."""

ENVELOPE = ("at", "actor", "command")
"""What a line has besides the fields of its command."""

_REMEMBERED = 20_000
"""Names. More than are made by orders that are decided together, which the reader does not know yet."""

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)


@dataclass(frozen=True, slots=True)
class Translated:
    """A line and the orders it comes to: its command's, after that of an actor who had to be registered."""

    line: Line
    orders: tuple[Order, ...]
    made: Mapping[UUID, str]
    cycle: tuple[str, str] | None


def scope(source: str) -> str:
    """Whose idempotency keys the line numbers of a source are."""
    return f"import:{source}"


class Translator:
    """Translates the lines of one source, in order. `registers`: members that the file itself registers."""

    def __init__(self, source: str, reader: Reader, registers: Iterable[str]) -> None:
        self.source = source
        self._reader = reader
        self._registers = frozenset(registers)
        self._namespace = uuid5(NAMESPACE_URL, source)
        self._names: dict[UUID, str] = {}  # the latest ones: the reader knows the others
        self._labels: dict[str, str] = {}

    def id(self, kind: Kind, name: str) -> UUID:
        """The id that a name of the source's stands for."""
        return uuid5(self._namespace, f"{kind.value}:{name}")

    def translate(self, line: Line, fields: Mapping[str, Any]) -> Translated:
        """What a line comes to. Raises `LineNotTaken`; nothing of it is remembered until `keep`."""
        try:
            return self._translate(line, fields)
        except NotReady:
            raise  # says nothing about the line
        except Refusal as refusal:
            raise LineNotTaken(line.number, refusal) from None

    def keep(self, translated: Translated) -> None:
        """Later lines may name what this one makes."""
        self.know(translated.made)
        if translated.cycle is not None:
            name, label = translated.cycle
            self._labels[name] = label

    def know(self, made: Mapping[UUID, str]) -> None:
        """These are the source's names for what there is by now."""
        self._names.update(made)
        while len(self._names) > _REMEMBERED:
            del self._names[next(iter(self._names))]

    def forget(self, translated: Translated) -> None:
        """They may not after all."""
        for id in translated.made:
            self._names.pop(id, None)
        if translated.cycle is not None:
            self._labels.pop(translated.cycle[0], None)

    def remember(self, fields: Mapping[str, Any]) -> None:
        """Notes what a line made that was imported before."""
        self.know({self.id(Kind.MEMBER, fields["actor"]): fields["actor"]})
        kind, name = MAKES.get(fields["command"]), fields.get("id")
        if kind is not None and name is not None:
            self.know({self.id(kind, name): name})
        if kind is Kind.CYCLE and name is not None:
            self._labels[name] = fields["label"]

    def refused(self, line: Line, refusal: Refusal) -> LineNotTaken:
        """Why a line's orders were refused, in the source's words."""
        return LineNotTaken(line.number, self.worded(refusal))

    def worded(self, refusal: Refusal) -> Refusal:
        """A refusal in the source's words: names for ids, `at` for `effective_at`."""
        faults = [
            Fault("/at" if fault.pointer == "/effective_at" else fault.pointer, self._named(fault.reason))
            for fault in refusal.faults
        ]
        return type(refusal)(self._named(refusal.detail), slug=refusal.slug, faults=faults)

    def _named(self, text: str) -> str:
        return _UUID.sub(lambda found: self._names.get(UUID(found[0]), found[0]), text)

    def _translate(self, line: Line, fields: Mapping[str, Any]) -> Translated:
        at, actor, verb = at_of(fields), label("/actor", fields.get("actor")), verb_of(fields)
        payload = {field: value for field, value in fields.items() if field not in ENVELOPE}
        if verb in MAKES and payload.get("id") is None:
            # No name of the source's is mapped to this, since those begin with a kind and a colon.
            made, payload["id"] = {}, uuid5(self._namespace, str(line.number))
        else:
            made = self.own(MAKES.get(verb), payload)
        origin = f"{scope(self.source)}:{line.number}"
        member, introduction = self.actor(actor, at)
        if introduction is not None:
            made[member] = actor
        command = self.command(verb, payload | {"effective_at": at}, member)
        cycle = (fields["id"], command.label) if isinstance(command, PlanCycle) and made else None
        order = Order(
            command,
            member,
            source=self.source,
            idempotency=IdempotencyKey(scope(self.source), str(line.number), digest(fields)),
            correlation_id=origin,
        )
        first = [Order(introduction, member, source=self.source, correlation_id=origin)] if introduction else []
        return Translated(line, (*first, order), made, cycle)

    def command(self, verb: str, payload: Mapping[str, Any], acting: UUID) -> Command:
        """The command that fields with the source's names stand for. Raises a `Refusal`."""
        cls = COMMANDS[verb].command
        named = {
            field: self._referred(kinds, f"/{field}", payload[field], acting)
            for field, kinds in references(cls).items()
            if payload.get(field) is not None
        }
        return build(cls, {**payload, **named})

    def own(self, kind: Kind | None, payload: dict[str, Any]) -> dict[UUID, str]:
        """Gives a new thing its id, and answers it with the name that later lines may call it by."""
        if kind is None or payload.get("id") is None:
            return {}
        name = label("/id", payload["id"])
        payload["id"] = self.id(kind, name)
        payload.setdefault("external_id", name)
        return {payload["id"]: name}

    def _referred(self, kinds: Sequence[Kind], pointer: str, name: Any, acting: UUID) -> UUID | str:
        """What a name stands for: first by what the file has made, then by what the ledger holds.

        Who acts on the line is a member by then, even where the line itself has to register them first.

        A cycle is passed on by its label where that is known: planning one whose label exists already is no
        new cycle, and what the file says of its own is then said of that one.
        """
        name = label(pointer, name)
        if Kind.CYCLE in kinds:
            if name in self._labels:
                return self._labels[name]
            id = self.id(Kind.CYCLE, name)
            return id if self._exists(Ref(Kind.CYCLE, id)) else name
        for kind in kinds:
            id = self.id(kind, name)
            if id in self._names or id == acting:
                return id
        for kind in kinds:
            if found := self._held(kind, name):
                return found
        if _UUID.fullmatch(name):
            return UUID(name)
        what = " or ".join(kind.value.replace("_", " ") for kind in kinds)
        raise at_fault(pointer, f"no {what} {name!r} was made before this line")

    def _held(self, kind: Kind, name: str) -> UUID | None:
        """What the ledger holds under a name of the source's: as an id, or as another external id."""
        ref = Ref(kind, self.id(kind, name))
        if self._exists(ref):
            return ref.id
        held = self._reader.holder(f"external_id:{kind.value}:{self.source}", name)
        return held.id if held is not None and held.kind is kind else None

    def _exists(self, ref: Ref) -> bool:
        if ref.kind is Kind.CHECK_IN:
            return self._reader.holder(CHECK_INS, str(ref.id)) is not None
        return bool(self._reader.read_stream(ref))

    def actor(self, name: str, at: datetime | None) -> tuple[UUID, RegisterMember | None]:
        """The member that acts, and the command that registers it first if nobody has and no line will."""
        id = self.id(Kind.MEMBER, name)
        if id in self._names or name in self._registers:
            return id, None
        if held := self._held(Kind.MEMBER, name):
            self.know({held: name})
            return held, None
        if _UUID.fullmatch(name) and self._exists(Ref(Kind.MEMBER, UUID(name))):
            return UUID(name), None
        return id, RegisterMember(id=id, name=name, kind="person", external_id=name, effective_at=at)


def at_of(fields: Mapping[str, Any]) -> datetime:
    """When a line says that it took effect. Raises `Invalid`."""
    if fields.get("at") is None:
        raise at_fault("/at", "is missing")
    if "effective_at" in fields:
        raise at_fault("/effective_at", "is said by at already")
    try:
        return _INSTANT.validate_python(fields["at"])
    except ValidationError as error:
        raise at_fault("/at", reason(error.errors()[0]["msg"])) from None


def verb_of(fields: Mapping[str, Any]) -> str:
    """The command that a line names. Raises `Invalid`."""
    verb = label("/command", fields.get("command"))
    if verb not in COMMANDS or verb in CREDENTIALS:
        raise at_fault("/command", f"there is no command {verb!r}")
    return verb
