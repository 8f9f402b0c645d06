"""The OpenAPI document: what FastAPI knows of the endpoints, and what they all share.

FastAPI describes each endpoint; here come the refusals and headers that `api.documents` only names, the
credentials, the bodies' schemas, and examples. The document is made once, is the same every time, and a
test holds a copy of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api import examples, shapes
from api.problems import MEDIA_TYPE, PROBLEMS

SECURITY: list[dict[str, list[str]]] = [{"bearer": []}, {"token": []}, {"basic": []}]

_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A key, `qd_…`."},
    "token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token of the identity provider, where the server is set to take them: a JWT for its "
        "audience, signed with a key pair. Who it is for becomes a member at first contact.",
    },
    "basic": {"type": "http", "scheme": "basic", "description": "The key as the password; any user name."},
}

_REQUEST_ID = {
    "name": "X-Request-Id",
    "in": "header",
    "required": False,
    "description": "What you call this request; kept as the correlation id of what it writes.",
    "schema": {"type": "string"},
}

_IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The answer is 304, without a body, if its ETag is one of these and proves that nothing changed.",
    "schema": {"type": "string"},
}

_UNCHANGED = {
    "description": "It is what If-None-Match names.",
    "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in ("Ledger-Position", "ETag")},
}
"""Of every GET under /v1: `api.conditions`."""

_HEADERS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "Ledger-Position": ("The ledger position that the answer reflects.", {"type": "integer", "minimum": 0}),
    "ETag": (
        'Strong, `"N"`, of a resource: the position of its last event. Weak of what is put together.',
        {"type": "string"},
    ),
    "X-Request-Id": ("The request's id: yours, or one that was made.", {"type": "string"}),
    "Location": ("Where the new resource is.", {"type": "string", "format": "uri-reference"}),
    "Preference-Applied": ("`respond-async`, if that was preferred.", {"type": "string"}),
    "Retry-After": ("Seconds after which to try again.", {"type": "integer"}),
    "WWW-Authenticate": ("How to send a credential.", {"type": "string"}),
}

_ABOUT = """\
Objectives, key results and check-ins on an append-only ledger with two clocks: every read takes `as_of` (what
was recorded by then) and `valid_at` (what was in effect then) and says what it reflects in `Ledger-Position`.

A write says who it is by its key, is repeated safely with `Idempotency-Key`, guarded with `If-Match`, and
answered when reads show it. Every refusal is `application/problem+json`; its `type` leads to a page about it.
"""


def document(app: FastAPI, tags: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The document of an app, with its tags in this order."""
    found = get_openapi(
        title="Quarterdeck",
        version="1",
        description=_ABOUT,
        routes=app.routes,
        tags=[{"name": name, "description": words} for name, words in tags],
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    schemas = found["components"]["schemas"]
    schemas["Problem"] = shapes.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    _hoist(schemas["Problem"], schemas)
    found["components"] |= {
        "securitySchemes": _SCHEMES,
        "headers": {name: {"description": words, "schema": schema} for name, (words, schema) in _HEADERS.items()},
        "responses": {f"Problem{status}": _refusal(status) for status in sorted({p.status for p in PROBLEMS.values()})},
    }
    shared = found["components"]["parameters"] = {"X-Request-Id": _REQUEST_ID, "If-None-Match": _IF_NONE_MATCH}
    for path, method, operation in _operations(found):
        if path.startswith("/v1/"):
            operation["security"] = SECURITY
            given = [_parameter(parameter, shared) for parameter in operation.get("parameters", ())]
            operation["parameters"] = [*given, {"$ref": "#/components/parameters/X-Request-Id"}]
            if method == "get":
                _make_conditional(operation)
        _complete(operation, schemas)
    return found


def _parameter(parameter: dict[str, Any], shared: dict[str, Any]) -> dict[str, Any]:
    """A parameter as it is over HTTP, where nothing is null; what many have is described once."""
    schema = parameter["schema"]
    options = [option for option in schema.pop("anyOf", ()) if option != {"type": "null"}]
    schema |= options[0] if len(options) == 1 else {"anyOf": options} if options else {}
    schema.pop("title", None)
    schema.pop("description", None)
    if parameter["in"] == "header":
        parameter["name"] = parameter["name"].title()
    elif parameter["name"] not in {"as_of", "valid_at"}:
        return parameter
    if shared.setdefault(parameter["name"], parameter) != parameter:
        raise ValueError(f"two parameters are named {parameter['name']}")
    return {"$ref": f"#/components/parameters/{parameter['name']}"}


def _make_conditional(operation: dict[str, Any]) -> None:
    operation["parameters"].append({"$ref": "#/components/parameters/If-None-Match"})
    operation["responses"]["304"] = _UNCHANGED
    operation["responses"]["200"]["headers"] |= {"ETag": {"$ref": "#/components/headers/ETag"}}


def _operations(found: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _complete(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Puts the body's schema among the others, and examples where they belong."""
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body is not None:
        schema = body["schema"]
        _hoist(schema, schemas)
        schemas[schema["title"]] = schema
        body["schema"] = {"$ref": f"#/components/schemas/{schema['title']}"}
        body["examples"] = {"example": {"value": examples.BODIES[operation["operationId"]]}}
    for answer in operation["responses"].values():
        content = answer.get("content", {}).get("application/json")
        if content is not None:
            content["examples"] = {name: {"value": examples.answer(name)} for name in _named(content["schema"])}


def _named(schema: dict[str, Any]) -> list[str]:
    """The schemas that an answer may have."""
    return [one["$ref"].rpartition("/")[2] for one in schema.get("anyOf", [schema])]


def _hoist(schema: dict[str, Any], schemas: dict[str, Any]) -> None:
    """A schema's own definitions become everybody's. Two of one name must say the same."""
    for name, inner in schema.pop("$defs", {}).items():
        if schemas.setdefault(name, inner) != inner:
            raise ValueError(f"two schemas are named {name}")


def _refusal(status: int) -> dict[str, Any]:
    slugs = [slug for slug, problem in PROBLEMS.items() if problem.status == status]
    headers = {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}}
    if status == 401:
        headers["WWW-Authenticate"] = {"$ref": "#/components/headers/WWW-Authenticate"}
    if status in (429, 503):
        headers["Retry-After"] = {"$ref": "#/components/headers/Retry-After"}
    shown = {
        slug: {
            "summary": PROBLEMS[slug].title,
            "value": {
                "type": f"/problems/{slug}",
                "title": PROBLEMS[slug].title,
                "status": status,
                "detail": PROBLEMS[slug].meaning,
            },
        }
        for slug in slugs
    }
    return {
        "description": "; ".join(PROBLEMS[slug].title for slug in slugs) + ".",
        "headers": headers,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": shown}},
    }
