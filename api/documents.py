"""What the OpenAPI document says of an endpoint: its answers, each of its refusals, its body.

Here the parts are named; `api.openapi` puts in what they all share (refusals, headers, security, examples).
"""

from functools import cache
from typing import Any

from pydantic import BaseModel, create_model

from api.shapes import Accepted, AcceptedKey, AsOf, NewKey, Shape

Responses = dict[int | str, dict[str, Any]]

_OF_READS = (401, 422, 429, 500, 503)
_OF_WRITES = (400, 401, 403, 404, 409, 412, 422, 429, 500, 503)
_OF_BODIES = (408, 413, 415)


def refusals(*statuses: int) -> Responses:
    """The refusals with these statuses."""
    return {status: {"$ref": f"#/components/responses/Problem{status}"} for status in sorted(statuses)}


def headers(*names: str) -> dict[str, Any]:
    """Headers of an answer, which the document describes once."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


@cache
def resource(shape: type[BaseModel]) -> type[BaseModel]:
    """One resource: the shape and what it reflects."""
    return create_model(f"{shape.__name__}AsOf", __base__=shape, __doc__=shape.__doc__, as_of=(AsOf, ...))


@cache
def written(shape: type[BaseModel]) -> type[BaseModel]:
    """The answer to a write: the resource as it reads now, and advice."""
    return create_model(
        f"{shape.__name__}Written", __base__=resource(shape), __doc__=shape.__doc__, advice=(list[str], ...)
    )


@cache
def page(shape: type[BaseModel]) -> type[BaseModel]:
    """A page of a list; `next` is what `after` takes to go on, null at the end."""
    items: Any = list[shape]  # type: ignore[valid-type]  # known when it runs, which is enough for a document
    name = f"{shape.__name__}Page"
    return create_model(name, __base__=Shape, __doc__=page.__doc__, items=(items, ...), next=(str | None, ...))


def of_read(shape: type[BaseModel], *, may_be_missing: bool) -> Responses:
    """The answers of a read."""
    found: dict[str, Any] = {
        "model": shape,
        "description": (shape.__doc__ or "").strip(),
        "headers": headers("Ledger-Position", "ETag", "X-Request-Id"),
    }
    missing = (404,) if may_be_missing else ()
    return {200: found} | refusals(*_OF_READS, *missing)


def of_command(
    shape: type[BaseModel], body: type[BaseModel] | None, *, creates: bool, text: tuple[str, str] | None = None
) -> dict[str, Any]:
    """The body and the answers of a command. `text`: another type that the body may be of, with an example."""
    common = ("Ledger-Position", "ETag", "X-Request-Id", "Preference-Applied")
    accepted = AcceptedKey if issubclass(shape, NewKey) else Accepted
    done: dict[str, Any] = {"model": written(shape) | accepted, "headers": headers(*common)}
    responses: Responses = {200: done | {"description": "Done, or what already was; the resource as it now reads."}}
    if creates:
        responses[201] = done | {
            "description": "Created; the resource as it now reads.",
            "headers": headers(*common, "Location"),
        }
    document: dict[str, Any] = {"responses": responses | refusals(*_OF_WRITES, *(_OF_BODIES if body else (414,)))}
    if body is not None:
        document["openapi_extra"] = {"requestBody": request_body(body)}
        if text is not None:
            media_type, example = text
            content = {"schema": {"type": "string"}, "examples": {"example": {"value": example}}}
            document["openapi_extra"]["requestBody"]["content"][media_type] = content
    return document


def plain(shape: type[BaseModel], status: int, *more: str) -> Responses:
    """The answers of what is no part of the ledger."""
    found = {
        "model": shape,
        "description": (shape.__doc__ or "").strip(),
        "headers": headers("X-Request-Id", *more),
    }
    return {status: found} | refusals(401, 403, 422, 429, 500, 503)


def request_body(body: type[BaseModel]) -> dict[str, Any]:
    """A body of JSON, with its schema in place."""
    schema = body.model_json_schema(ref_template="#/components/schemas/{model}")
    return {"required": bool(schema.get("required")), "content": {"application/json": {"schema": schema}}}
