"""Many commands at once."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from fastapi import Header, Request
from starlette.responses import Response

from api import documents, shapes
from api.answers import answer
from api.batches import EXAMPLE, Batch, BatchRoute, execute
from api.conditions import if_match
from api.ndjson import NDJSON
from api.registry import Api
from api.runtime import Runtime
from api.sealed import sealed
from api.writing import WriteHeaders, idempotency, is_async, writer_of
from domain.cycle.decisions import CloseCycle
from domain.errors import NotReady, Refusal, Stale
from ledger.orders import Executed
from projections import questions

TAG = ("batches", "Several commands in one request, all of them or none.")
_LOG = logging.getLogger("quarterdeck.http")


def add(api: Api) -> None:
    """Adds it."""

    def execute_commands(request: Request, headers: Annotated[WriteHeaders, Header()]) -> Response:
        """Carry out up to 1,000 commands, all of them or none.

        Each line is a command of the history file with its fields: what it acts on stands under its kind, a new
        thing's own id under `id`, and `at` is its `effective_at`. Ids are UUIDs, or, if a `source` is named, that
        source's own strings, as in its history file. `actor` is the member on whose behalf a line is; it needs the
        permission that `On-Behalf-Of` needs, which is for the lines that name none. Lines may name what earlier ones
        make. As `application/x-ndjson` a command is a line, after the header of a history file if a source is named.

        The first command that cannot be taken is answered, with pointers such as `/commands/17/value`, and nothing of
        the batch is recorded.
        """
        writer = writer_of(request, headers)
        runtime, payload = writer.runtime, request.state.payload
        try:
            if headers.if_match is not None and if_match(headers.if_match):
                raise Stale("If-Match is for one resource; a batch has none.")
            key = idempotency(request, writer.identity, headers.idempotency_key)
            executed = execute(writer, payload, key)
        except NotReady:
            raise
        except Refusal:
            request.state.position = runtime.recorder.head().position
            raise
        verbs = [str(line["command"]) for line in payload["commands"]]
        done = list(_sealed(runtime, executed, verbs, keyed=key is not None))
        return _answered(runtime, done, verbs, prefers_async=is_async(headers.prefer))

    api.add("POST", "/commands", execute_commands, BatchRoute, **_document())


def _answered(runtime: Runtime, done: Sequence[Executed], verbs: Sequence[str], *, prefers_async: bool) -> Response:
    """From here on it is recorded, so nothing is a refusal any more: at worst there is no advice."""
    advice, headers = list[str](), dict[str, str]()
    try:
        if prefers_async:
            headers["Preference-Applied"] = "respond-async"
        else:
            advice = _advice(runtime, done, verbs)
    except NotReady as error:
        _LOG.warning("Position %s is recorded but cannot be shown yet: %s", done[-1].position, error)
    items = [
        {"id": one.subject.id, "kind": one.subject.kind, "position": one.position}
        | {"created": one.created, "changed": one.changed}
        for one in done
    ]
    return answer({"items": items, "advice": advice}, position=_last(done).position, headers=headers)


def _last(done: Sequence[Executed]) -> Executed:
    return max(done, key=lambda one: one.position)


def _sealed(runtime: Runtime, done: Sequence[Executed], verbs: Sequence[str], *, keyed: bool) -> Iterator[Executed]:
    """A close is answered with its seal, as a close by itself is."""
    for one, verb in zip(done, verbs, strict=True):
        yield sealed(runtime, one, keyed=keyed) if verb == CloseCycle.NAME else one


def _advice(runtime: Runtime, done: Sequence[Executed], verbs: Sequence[str]) -> list[str]:
    """What there is to say about the things that changed, each once."""
    last = _last(done)
    about = {(one.subject, verb): None for one, verb in zip(done, verbs, strict=True)}
    with runtime.books.reading_at(last.position, last.recorded_at) as reading:
        told = {text: None for ref, verb in about for text in questions.advice(reading, ref, verb)}
    return list(told)


def _document() -> Mapping[str, Any]:
    done = {
        "model": shapes.BatchDone,
        "description": "Done, all of it; what became of each command, in their order.",
        "headers": documents.headers("Ledger-Position", "X-Request-Id", "Preference-Applied"),
    }
    body = documents.request_body(Batch)
    body["content"][NDJSON] = {"schema": {"type": "string"}, "examples": {"example": {"value": EXAMPLE}}}
    refusals = documents.refusals(400, 401, 403, 404, 408, 409, 412, 413, 415, 422, 429, 500, 503)
    return {"responses": {200: done} | refusals, "openapi_extra": {"requestBody": body}}
