"""Proofs: checkpoints, verifier keys, leaves, and that an event or an older tree is in the tree.

They answer from what is sealed, which is at most a second behind the ledger; `Min-Position` waits for it. Anybody with
a credential may ask.
"""

from base64 import b64encode
from time import monotonic, sleep
from typing import Annotated, Any

from fastapi import Query, Request
from starlette.responses import Response

from api import documents, proof_examples, shapes
from api.answers import answer, text, weak
from api.asking import Limit, MinPosition
from api.guard import runtime_of
from api.registry import Api
from domain.errors import NotFound, NotReady, invalid
from ledger.proofs import store
from ledger.proofs.leaf import leaf_of
from ledger.proofs.notes import Checkpoint
from ledger.proofs.tree import Range, audit_path, consistency_path

TAG = ("proofs", "That nothing was changed: a Merkle tree over the events (RFC 6962), signed (C2SP tlog-checkpoint).")
PATIENCE = 5.0
_LOOK_AGAIN = 0.05
_MOST = 2**62
_Size = Query(ge=1, le=_MOST, description="A size of the tree, at most that of the newest checkpoint.")


def add(api: Api) -> None:
    """Adds them."""

    def get_checkpoint(
        request: Request,
        position: Annotated[
            int | None, Query(ge=0, le=_MOST, description="The newest of a tree that is no larger than this.")
        ] = None,
        min_position: MinPosition = None,
    ) -> Response:
        """The newest checkpoint: size and root of the tree, signed.

        A C2SP tlog-checkpoint in a signed note. Keep one elsewhere, and what it covers can never be changed unseen.
        """
        runtime = runtime_of(request)
        newest = _sealed(request, min_position)
        found = newest
        if position is not None:
            with runtime.database.connection() as connection:
                asked = store.newest(connection, position)
            if asked is None:
                raise NotFound(f"There is no checkpoint at or before {position}.")
            found = asked
        return _text(found.note, newest.size)

    def get_verifier_keys(request: Request) -> Response:
        """The keys that checkpoints are verified with, the current one first.

        C2SP verifier keys, one a line; what `--public-key` takes. Get them once, and by a way that you trust.
        """
        newest = _sealed(request, None)
        with runtime_of(request).database.connection() as connection:
            keys = store.verifier_keys(connection)
        return _text("".join(f"{key}\n" for key in keys), newest.size)

    def list_leaves(
        request: Request,
        limit: Limit = 50,
        after: Annotated[int, Query(ge=0, le=_MOST, description="Leaves after this position.")] = 0,
        min_position: MinPosition = None,
    ) -> Response:
        """The leaves of the tree, in order.

        `leaf` is base64 of the bytes that are hashed: the event in canonical JSON. `next` is what `after` takes.
        """
        newest = _sealed(request, min_position)
        runtime = runtime_of(request)
        stored = runtime.recorder.stored_after(after, limit, newest.size)
        with runtime.database.connection() as connection:
            hashes = store.leaf_hashes(connection, after, min(after + limit, newest.size))
        items = [
            {"position": one.id, "leaf_hash": hashed.hex(), "leaf": b64encode(leaf_of(one)).decode()}
            for one, hashed in zip(stored, hashes, strict=True)
        ]
        more = str(items[-1]["position"]) if items and after + limit < newest.size else None
        return answer({"items": items, "next": more}, position=newest.size)

    def prove_inclusion(
        request: Request,
        position: Annotated[int, Query(ge=1, le=_MOST, description="The event's position.")],
        size: Annotated[int | None, _Size] = None,
        min_position: MinPosition = None,
    ) -> Response:
        """That an event is in the tree of a size; of the newest checkpoint's, if none is given."""
        newest = _sealed(request, min_position)
        size = _existing("size", newest.size if size is None else size, newest)
        if position > size:
            raise invalid("/query/position", f"is not in the tree of size {size}")
        path = audit_path(position - 1, size)
        leaf, *hashes = _hashes(request, [Range(position - 1, position), *path])
        found = {"leaf_index": position - 1, "tree_size": size, "leaf_hash": leaf, "hashes": hashes}
        return answer(found, position=newest.size)

    def prove_consistency(
        request: Request,
        from_: Annotated[int, Query(alias="from", ge=1, le=_MOST, description="The size of the older tree.")],
        to: Annotated[int | None, _Size] = None,
        min_position: MinPosition = None,
    ) -> Response:
        """That one tree begins with an older one: nothing that the older one had was changed since.

        `to` is the newest checkpoint's size, if it is not given.
        """
        newest = _sealed(request, min_position)
        to = _existing("to", newest.size if to is None else to, newest)
        if from_ > to:
            raise invalid("/query/from", f"must not be larger than the newer tree, {to}")
        hashes = _hashes(request, consistency_path(from_, to))
        return answer({"from": from_, "to": to, "hashes": hashes}, position=newest.size)

    api.add("GET", "/ledger/checkpoint", get_checkpoint, responses=_plain_text(proof_examples.CHECKPOINT, 404))
    api.add("GET", "/ledger/key", get_verifier_keys, responses=_plain_text(proof_examples.KEY))
    for path, endpoint, shape in (
        ("/ledger/leaves", list_leaves, documents.page(shapes.Leaf)),
        ("/ledger/proofs/inclusion", prove_inclusion, shapes.InclusionProof),
        ("/ledger/proofs/consistency", prove_consistency, shapes.ConsistencyProof),
    ):
        found: dict[str, Any] = {
            "model": shape,
            "description": (shape.__doc__ or "").strip(),
            "headers": documents.headers("Ledger-Position", "X-Request-Id"),
        }
        api.add("GET", path, endpoint, responses={200: found} | documents.refusals(401, 422, 500, 503))


def _plain_text(example: str, *more: int) -> documents.Responses:
    found: dict[str, Any] = {
        "description": "As text, in UTF-8.",
        "headers": documents.headers("Ledger-Position", "ETag", "X-Request-Id"),
        "content": {"text/plain": {"schema": {"type": "string"}, "examples": {"example": {"value": example}}}},
    }
    return {200: found} | documents.refusals(401, 422, 500, 503, *more)


def _text(content: str, position: int) -> Response:
    return text(content, "text/plain", position=position, etag=weak({"text": content}), headers={})


def _sealed(request: Request, min_position: int | None) -> Checkpoint:
    """The newest checkpoint, once it has come to a position. Raises `NotReady`."""
    runtime = runtime_of(request)
    deadline = monotonic() + PATIENCE
    while True:
        with runtime.database.connection() as connection:
            newest = store.newest(connection)
        if newest is not None and newest.size >= (min_position or 0):
            request.state.position = newest.size
            return newest
        if monotonic() > deadline:
            if newest is None:
                raise NotReady(f"Nothing was sealed yet. {runtime.seal_error() or ''}".strip())
            raise NotReady(f"The tree is at {newest.size} and has not reached {min_position} yet.", slug="books_behind")
        sleep(_LOOK_AGAIN)


def _existing(name: str, size: int, newest: Checkpoint) -> int:
    if not 1 <= size <= newest.size:
        raise invalid(f"/query/{name}", f"there is no tree of size {size} yet: the newest has {newest.size}")
    return size


def _hashes(request: Request, path: list[Range]) -> list[str]:
    with runtime_of(request).database.connection() as connection:
        return [hashed.hex() for hashed in store.proof(connection, path)]
