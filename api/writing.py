"""Writes: from the headers to an order, from what was executed to an answer (contract, section 3).

    payload ─▶ command ─▶ order ─▶ ledger ─▶ executed ─▶ (seal, if a cycle was closed) ─▶ books ─▶ answer

The answer is the resource as read at `as_of` its `Ledger-Position` and `valid_at` the instant of that
event, so the same idempotency key gets the same answer, however much has happened since. Of a check-in, the most
frequent write, that follows from its one event (`projections.told`): it waits for the books, and reads nothing.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from types import MappingProxyType
from typing import Annotated, Any
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, Field, WithJsonSchema
from starlette.responses import Response

from api import issued
from api.answers import answer, strong
from api.arriving import Arrival
from api.conditions import PATTERN, if_match
from api.credentials import Identity, hash_of, new_secret
from api.guard import runtime_of
from api.runtime import Runtime
from api.sealed import sealed
from domain.access import authorize
from domain.cycle.decisions import CloseCycle
from domain.errors import Fault, Forbidden, Invalid, NotReady, Refusal, Stale
from domain.kernel import Command, Context, Kind, Ref
from domain.key.decisions import CreateKey
from domain.key_result.events import CheckedIn
from domain.member.decisions import EraseMember
from domain.redaction.decisions import RedactText
from domain.values import Id, plain
from ledger.orders import Executed, IdempotencyKey, IfMatch, Order
from projections import questions
from projections.reading import Reading

_LOG = logging.getLogger("quarterdeck.http")

PATHS: Mapping[Kind, str] = {
    Kind.CYCLE: "cycles",
    Kind.TEAM: "teams",
    Kind.MEMBER: "members",
    Kind.OBJECTIVE: "objectives",
    Kind.KEY_RESULT: "key-results",
    Kind.CHECK_IN: "check-ins",
    Kind.INITIATIVE: "initiatives",
    Kind.KPI: "kpis",
    Kind.KEY: "keys",
}
"""Where the resources of a kind are, under /v1."""


class WriteHeaders(BaseModel):
    """What a write may say beside its body."""

    idempotency_key: Annotated[str | None, Field(pattern=r"^[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?$")] = Field(
        None,
        description="The same key with the same request answers the first answer again and appends nothing.",
        examples=["5c9f2c0e-check-in-2026-03-31"],
    )
    if_match: Annotated[str | None, WithJsonSchema({"type": "string", "pattern": PATTERN})] = Field(
        None,
        description="Refuses with 412 unless the ETag of the resource in the path is among these; `*`: any.",
    )
    prefer: str | None = Field(
        None,
        description="`respond-async` does not wait for the books: the answer has `id`, `kind`, `position`.",
        examples=["respond-async"],
    )
    on_behalf_of: Id | None = Field(
        None, description="The member that an admin or a service writes for; both are recorded."
    )


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes, by which request, and, if the whole of it is for somebody, for whom."""

    runtime: Runtime
    identity: Identity
    behalf: UUID | None
    correlation_id: str

    def authorize(self, behalf: UUID | None, command: Command, context: Context) -> None:
        """Raises `Forbidden` unless the credential may give the command, for that member if there is one."""
        authorize(self.identity.role, behalf or self.identity.member, command, context)


def writer_of(request: Request, headers: WriteHeaders) -> Writer:
    """Who writes. Raises `Forbidden` or `Invalid`."""
    runtime, identity = runtime_of(request), request.state.identity
    return Writer(runtime, identity, _member(runtime, identity, headers.on_behalf_of), request.state.correlation_id)


def write(request: Request, command: Command, about: Ref | None, headers: WriteHeaders) -> Response:
    """Carries a command out.

    `about`: the resource in the path, which If-Match is compared with, if there is one.
    """
    runtime = runtime_of(request)
    secret = new_secret() if isinstance(command, CreateKey) else None
    order = order_of(request, command, headers, None if secret is None else hash_of(secret))
    try:
        executed = _executed(runtime, order, about, headers.if_match)
    except NotReady:
        raise
    except Refusal:
        request.state.position = runtime.recorder.head().position
        raise
    more = {} if secret is None else {"key": secret if executed.changed and not executed.replayed else None}
    return answered(request, executed, command, headers, more)


def order_of(request: Request, command: Command, headers: WriteHeaders, key_hash: bytes | None = None) -> Order:
    """What is asked of the ledger. Raises `Forbidden` or `Invalid`."""
    writer = writer_of(request, headers)
    return Order(
        command,
        actor=writer.identity.actor,
        on_behalf_of=writer.behalf,
        authorize=partial(writer.authorize, writer.behalf),
        idempotency=idempotency(request, writer.identity, headers.idempotency_key),
        correlation_id=writer.correlation_id,
        key_hash=key_hash,
    )


def answered(
    request: Request,
    executed: Executed,
    command: Command,
    headers: WriteHeaders,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> Response:
    """From here on it is recorded, so nothing is a refusal any more: at worst, what it looks like is not told.

    `more`: what no later answer can tell. Raises `NotReady` of a close that is not sealed yet and may be asked again.
    """
    runtime, identity = runtime_of(request), request.state.identity
    if runtime.replica is not None and isinstance(command, RedactText | EraseMember):
        runtime.replica.forgot(executed.position)
    if isinstance(command, CloseCycle):
        executed = sealed(runtime, executed, keyed=headers.idempotency_key is not None)
    try:
        if is_async(headers.prefer):
            return _accepted(executed, {"Preference-Applied": "respond-async"}, more)
        return _told(request, executed, more) or _shown(runtime, identity, executed, command.NAME, more)
    except NotReady as error:
        return _not_shown(executed, more, error)


def _not_shown(executed: Executed, more: Mapping[str, Any], error: NotReady) -> Response:
    _LOG.warning("Position %s is recorded but cannot be shown yet: %s", executed.position, error)
    return _accepted(executed, {}, more)


def _member(runtime: Runtime, identity: Identity, member: UUID | None) -> UUID | None:
    """For whom it is written. Raises `Forbidden` or `Invalid`."""
    if member is None:
        return None
    check_may_write_for_others(identity)
    if not runtime.recorder.read_stream(Ref(Kind.MEMBER, member)):
        fault = Fault("/header/on-behalf-of", f"no member {member}")
        raise Invalid(f"There is no member {member}.", faults=(fault,))
    return member


def check_may_write_for_others(identity: Identity) -> None:
    """Raises `Forbidden` unless it may."""
    if identity.role not in ("admin", "service"):
        raise Forbidden("Only an admin or a service may write on behalf of somebody.")


def idempotency(request: Request, identity: Identity, key: str | None) -> IdempotencyKey | None:
    """The key, whose it is and what for, and what was asked: not in which order, or with which spaces."""
    if key is None:
        return None
    query = sorted(request.query_params.multi_items())
    behalf = request.headers.get("On-Behalf-Of")
    asked = json.dumps([request.state.payload, query, behalf], default=plain, sort_keys=True)
    target = f"{request.method} {request.url.path}"
    return IdempotencyKey(f"{identity.key} {target}", key, sha256(f"{target}\n{asked}".encode()).digest())


def _executed(runtime: Runtime, order: Order, about: Ref | None, header: str | None) -> Executed:
    """Any of the tags of If-Match will do, and each is compared in the transaction that it guards."""
    if header is None:
        return runtime.ledger.execute(order)
    stale = Stale("If-Match names no state of this resource.")
    for position in if_match(header):
        match = None if about is None else IfMatch(about, position)
        try:
            return runtime.ledger.execute(replace(order, if_match=match))
        except Stale as error:
            stale = error
    raise stale


def is_async(prefer: str | None) -> bool:
    """Whether the client would rather not wait for the books."""
    preferences = (prefer or "").replace(";", ",").split(",")
    return any(each.strip().lower() == "respond-async" for each in preferences)


def _location(executed: Executed) -> dict[str, str]:
    if not executed.created:
        return {}
    return {"Location": f"/v1/{PATHS[executed.subject.kind]}/{executed.subject.id}"}


def _accepted(executed: Executed, headers: dict[str, str], more: Mapping[str, Any]) -> Response:
    """It is done and durable; only what it looks like now is left to be read."""
    content = {
        "id": executed.subject.id,
        "kind": executed.subject.kind,
        "position": executed.position,
        "recorded_at": executed.recorded_at,
        "advice": [],
        **more,
    }
    status = 201 if executed.created else 200
    return answer(content, position=executed.position, status=status, headers=headers | _location(executed))


def _shown(runtime: Runtime, identity: Identity, executed: Executed, command: str, more: Mapping[str, Any]) -> Response:
    subject = executed.subject
    with runtime.books.reading_at(executed.position, executed.recorded_at) as reading:
        content, etag = _read(reading, identity, executed)
        content |= {"advice": questions.advice(reading, subject, command), **more}
    return _answer(content, executed, etag)


def _told(request: Request, executed: Executed, more: Mapping[str, Any]) -> Response | None:
    """The answer to the most frequent write, a check-in, all of which its one event tells; `None` of any other.

    It waits for the books without a thread of its own (`api.guard`).
    """
    if executed.subject.kind is not Kind.CHECK_IN or len(executed.facts) != 1:
        return None
    (fact,) = executed.facts
    if not isinstance(fact.event, CheckedIn):
        return None
    request.state.arrival = Arrival(executed.position, partial(_not_shown, executed, more))
    return _answer({**questions.check_in_told(fact), "advice": [], **more}, executed, strong(executed.position))


def _answer(content: Mapping[str, Any], executed: Executed, etag: str | None) -> Response:
    return answer(
        content,
        position=executed.position,
        etag=etag,
        status=201 if executed.created else 200,
        headers=_location(executed),
    )


def _read(reading: Reading, identity: Identity, executed: Executed) -> tuple[dict[str, Any], str | None]:
    """What a write answers with, and its ETag."""
    subject = executed.subject
    if subject.kind is Kind.KEY:
        return issued.key(reading, subject.id, as_it_is=not executed.changed), issued.etag(reading, subject.id)
    personal = identity.sees_personal_data or subject.id == identity.member
    return questions.find(reading, subject, personal=personal), strong(questions.etag(reading, subject))
