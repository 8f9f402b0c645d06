"""Credentials: making, listing and revoking them, for admins; their histories, as all histories, for everybody."""

from typing import Annotated, Any

from fastapi import Path, Query
from starlette.responses import Response

from api import documents, issued, shapes
from api.asking import After, Asked, Limit, Question
from api.registry import Api
from domain.errors import Forbidden
from domain.key.decisions import CreateKey, RevokeKey
from domain.values import Id

TAG = ("keys", "Credentials. For admins.")

_KeyId = Annotated[Id, Path(description="The key's id.")]


def add(api: Api) -> None:
    """Adds them."""

    def list_keys(
        asked: Asked,
        limit: Limit = 50,
        after: Annotated[Id | None, Query(description="`next` of the page before this one.")] = None,
    ) -> Response:
        """The keys, oldest first, revoked and expired ones too.

        `last_used_at` is noted every ten minutes at most. `restored`: a ledger that was restored from an export knows
        of its keys, but none of them opens it.
        """
        _for_admins(asked)
        with asked.reading() as reading:
            found = issued.keys(reading, limit + 1, after)
            more = found[limit - 1]["id"] if len(found) > limit else None
            return asked.answer(reading, {"items": found[:limit], "next": more})

    def get_key(asked: Asked, key: _KeyId) -> Response:
        """One key, without what it is."""
        _for_admins(asked)
        with asked.reading() as reading:
            return asked.answer(reading, issued.key(reading, key), issued.etag(reading, key))

    def get_key_history(asked: Asked, key: _KeyId, limit: Limit = 50, after: After = None) -> Response:
        """The events of one key, newest first.

        Making and revoking it; using it is no event. That the first start made its key no event tells either.
        """
        with asked.reading() as reading:
            return asked.page(reading, issued.history(reading, key, limit, after))

    api.command("POST", "/keys", CreateKey, shapes.NewKey)
    api.command("DELETE", "/keys/{key}", RevokeKey, shapes.Key)
    api.add("GET", "/keys", list_keys, responses=_of_read(documents.page(shapes.Key), may_be_missing=False))
    api.add("GET", "/keys/{key}", get_key, responses=_of_read(documents.resource(shapes.Key), may_be_missing=True))
    api.read("/keys/{key}/history", documents.page(shapes.HistoryItem))(get_key_history)


def _of_read(shape: Any, *, may_be_missing: bool) -> documents.Responses:
    return documents.of_read(shape, may_be_missing=may_be_missing) | documents.refusals(403)


def _for_admins(asked: Question) -> None:
    if asked.identity.role != "admin":
        raise Forbidden("Only an admin may see keys.")
