"""What many decisions ask: does it exist, does it exist then, is it the same as before.

`then` is the one place where the two ways to speak of a command's time meet: a command without
`effective_at` takes effect after everything that is known, so it sees the latest state; one with it sees
the state that was in effect then.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import BeforeValidator, WithJsonSchema

from domain.errors import Conflict, Invalid, invalid, missing, too_early
from domain.history import History
from domain.kernel import (
    Claim,
    Command,
    Context,
    Decision,
    Draft,
    Event,
    Fact,
    Fold,
    Kind,
    Ref,
    Refers,
    instant,
)
from domain.values import _UUID, Id, Label, Redacted

S = TypeVar("S")


def _label_or_id(value: Any) -> Any:
    return UUID(value) if isinstance(value, str) and _UUID.fullmatch(value) else value


CycleRef = Annotated[
    UUID | Label,
    BeforeValidator(_label_or_id),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 200, "description": "a cycle's id or label"}),
    Refers(Kind.CYCLE),
]
TeamRef = Annotated[Id, Refers(Kind.TEAM)]
MemberRef = Annotated[Id, Refers(Kind.MEMBER)]
ObjectiveRef = Annotated[Id, Refers(Kind.OBJECTIVE)]
KeyResultRef = Annotated[Id, Refers(Kind.KEY_RESULT)]
CheckInRef = Annotated[Id, Refers(Kind.CHECK_IN)]
InitiativeRef = Annotated[Id, Refers(Kind.INITIATIVE)]
KpiRef = Annotated[Id, Refers(Kind.KPI)]
KeyRef = Annotated[Id, Refers(Kind.KEY)]
AlignedRef = Annotated[Id, Refers(Kind.OBJECTIVE, Kind.KEY_RESULT)]


class Creation(Command):
    """A command that makes a new thing: it may name the thing's id, and carry an id of the caller's own."""

    id: Id | None = None
    external_id: Label | None = None


def spoken(kind: Kind) -> str:
    """The kind as a sentence names it."""
    return "KPI" if kind is Kind.KPI else kind.value.replace("_", " ")


def then(history: History[S], command: Command) -> S | None:
    """The state that the command meets of a thing that exists: the latest, or that at its `effective_at`."""
    return history.now if command.effective_at is None else history.at(command.effective_at)


def existing(context: Context, command: Command, fold: Fold[S], id: UUID, pointer: str = "") -> tuple[History[S], S]:
    """The thing's history, and its state as the command meets it. Raises `NotFound` or `Invalid`."""
    history = context.look(fold, id)
    what = spoken(fold.kind)
    if not history.exists:
        raise missing(pointer or f"/{fold.kind.value}", what, id)
    state = then(history, command)
    if state is None:
        raise too_early(f"lies before the {what} {id} existed")
    return history, state


def supposing(history: History[S], command: Command, context: Context, event: Event) -> History[S]:
    """The history as it will be if the event is recorded, which may be wrong for what came after it."""
    fact = Fact(
        stream=history.ref,
        version=history.version + 1,
        position=history.position + 1,
        event=event,
        effective_at=instant(command, context),
        recorded_at=context.now,
        actor=context.actor,
    )
    return history.with_facts([fact])


def not_before(command: Command, latest: datetime, what: str) -> None:
    """Refuses a change of state that would take effect before the latest one."""
    if command.effective_at is not None and command.effective_at < latest:
        raise too_early(f"lies before {what}")


def created(
    command: Creation,
    context: Context,
    fold: Fold[S],
    ref: Ref,
    event: Event,
    claims: Iterable[Claim] = (),
    **more: Any,
) -> Decision:
    """The decision to make a new thing; none if it already is the same; `id_taken` if it is another."""
    history = context.look(fold, ref.id)
    if history.exists:
        if not same(history.first.event, event) or command.effective_at not in (
            None,
            history.first.effective_at,
        ):
            raise Conflict(f"The id {ref.id} is taken by another {spoken(ref.kind)}.", slug="id_taken")
        return Decision(ref)
    claimed = tuple(claims) + external(command, context, ref)
    return Decision(ref, (Draft(ref, event, command.effective_at, claims=claimed, **more),), created=True)


def external(command: Creation, context: Context, ref: Ref) -> tuple[Claim, ...]:
    """The claim on the caller's own id, unique for each kind and source."""
    if command.external_id is None:
        return ()
    claim = Claim(f"external_id:{ref.kind.value}:{context.source}", command.external_id)
    holder = context.look.holder(claim.scope, claim.value)
    if holder is not None and holder != ref:
        raise Conflict(f"The external id {command.external_id!r} is taken by {holder}.", slug="external_id_taken")
    return (claim,)


def same(one: Event, other: Event) -> bool:
    """Whether two events say the same, redacted texts aside."""
    return type(one) is type(other) and _alike(_said(one), _said(other))


def _said(event: Event) -> dict[str, Any]:
    given = event.given()
    if given.get("external_id") is None:  # the source only says whose the external id is
        given.pop("source", None)
    return given


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, Redacted) or isinstance(other, Redacted):
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one)
    if hasattr(one, "model_fields_set") and type(one) is type(other):
        return _alike(dict(one), dict(other))
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_alike, one, other))
    return bool(one == other)


def differing(state: object, changes: dict[str, Any]) -> dict[str, Any]:
    """Those of the changes that would change the state; fields have the state's names."""
    return {name: value for name, value in changes.items() if not _same_value(getattr(state, name), value)}


def _same_value(one: Any, other: Any) -> bool:
    return not isinstance(one, Redacted) and bool(one == other)


def reason_needed(reason: str | None, moved: Iterable[str], started: Callable[[], bool]) -> None:
    """Moving the goalposts is allowed, doing it silently is not (contract, section 4)."""
    posts = sorted(moved)
    if posts and reason is None and started():
        raise Invalid(
            f"The cycle has started: changing {' and '.join(posts)} needs a reason.",
            slug="reason_required",
            faults=invalid("/reason", f"is needed to change {' and '.join(posts)} in a started cycle").faults,
        )
