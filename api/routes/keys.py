"""Credentials: making, listing and revoking them, for admins.

They are no commands of the ledger: nothing of them is an event. An `Idempotency-Key` has no effect here,
since the answer that makes a key cannot be given twice.
"""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Path, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from api import documents, shapes
from api.answers import answer
from api.asking import Limit
from api.credentials import Key
from api.guard import runtime_of
from api.registry import Api
from api.runtime import Runtime
from domain.access import Role
from domain.errors import Forbidden, invalid, missing
from domain.kernel import Kind, Ref
from domain.rules import MemberRef
from domain.values import Id, Instant, Label
from ledger.payloads import build

TAG = ("keys", "Credentials. For admins.")


class MakeKey(BaseModel):
    """Make a key; it is shown once."""

    model_config = ConfigDict(extra="forbid")

    role: Role
    member: MemberRef | None = None
    expires_at: Instant | None = None
    label: Label | None = None


def add(api: Api) -> None:
    """Adds them."""

    def create_key(request: Request) -> Response:
        """Make a key.

        `key` is in this answer and nowhere else. A key of a role that writes is of little use without a
        `member`.
        """
        runtime = _for_admins(request)
        asked = build(MakeKey, request.state.payload)
        if asked.expires_at is not None and asked.expires_at <= datetime.now(UTC):
            raise invalid("/expires_at", "lies in the past")
        if asked.member is not None and not runtime.recorder.read_stream(Ref(Kind.MEMBER, asked.member)):
            raise missing("/member", "member", asked.member)
        key, secret = runtime.keys.add(asked.role, asked.member, asked.expires_at, asked.label)
        return answer(_shown(key) | {"key": secret}, status=201, headers={"Location": f"/v1/keys/{key.id}"})

    def list_keys(
        request: Request,
        limit: Limit = 50,
        after: Annotated[Id | None, Query(description="`next` of the page before this one.")] = None,
    ) -> Response:
        """The keys, oldest first, revoked and expired ones too."""
        found = _for_admins(request).keys.list(limit + 1, after)
        more = found[limit - 1].id if len(found) > limit else None
        return answer({"items": [_shown(key) for key in found[:limit]], "next": more})

    def get_key(request: Request, key: Annotated[Id, Path(description="The key's id.")]) -> Response:
        """One key, without what it is."""
        return answer(_shown(_for_admins(request).keys.get(key)))

    def revoke_key(request: Request, key: Annotated[Id, Path(description="The key's id.")]) -> Response:
        """Revoke a key; it is refused from the next request on."""
        return answer(_shown(_for_admins(request).keys.revoke(key)))

    body = documents.request_body(MakeKey)
    created = documents.plain(shapes.NewKey, 201, "Location") | documents.refusals(400, 404, 413, 415)
    api.add("POST", "/keys", create_key, responses=created, status_code=201, openapi_extra={"requestBody": body})
    api.add("GET", "/keys", list_keys, responses=documents.plain(documents.page(shapes.Key), 200))
    one = documents.plain(shapes.Key, 200) | documents.refusals(404)
    api.add("GET", "/keys/{key}", get_key, responses=one)
    api.add("DELETE", "/keys/{key}", revoke_key, responses=one)


def _for_admins(request: Request) -> Runtime:
    if request.state.identity.role != "admin":
        raise Forbidden("Only an admin may see, make or revoke keys.")
    return runtime_of(request)


def _shown(key: Key) -> dict[str, Any]:
    return {name: getattr(key, name) for name in shapes.Key.model_fields}
