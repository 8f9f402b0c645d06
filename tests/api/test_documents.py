"""The OpenAPI document: complete, the same every time, unchanged unless meant; and the page that shows it."""

import json
import re
from difflib import unified_diff
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from api import documents, examples, shapes
from api.app import create_app
from api.batches import Batch
from api.openapi import document
from api.problems import PROBLEMS
from api.routes.explain import WhatIf
from api.routes.kpis import RecordMeasurement
from api.settings import Settings
from domain.catalogue import COMMANDS
from ledger.payloads import build
from tests.support.http import Api

SNAPSHOT = Path(__file__).with_name("openapi.json")


@pytest.fixture(scope="module")
def openapi(unchanged: Api) -> dict[str, Any]:
    return json.loads(unchanged.with_key(None).send("GET", "/openapi.json").raw)


def operations(openapi: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = [(path, operation) for path, methods in openapi["paths"].items() for operation in methods.values()]
    return {operation["operationId"]: operation | {"path": path} for path, operation in found}


def test_the_document_is_unchanged_unless_meant(openapi: dict[str, Any]):
    """To accept a change, look at the difference, then write it down: rm tests/api/openapi.json and run this again."""
    now = json.dumps(openapi, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    if not SNAPSHOT.exists():
        SNAPSHOT.write_text(now)
        pytest.fail(f"{SNAPSHOT.name} was written anew: look at what git says, and run this again")
    difference = list(
        unified_diff(SNAPSHOT.read_text().splitlines(), now.splitlines(), "kept", "now", lineterm="", n=2)
    )
    assert not difference, "\n".join([*difference[:200], "", str(test_the_document_is_unchanged_unless_meant.__doc__)])


def test_the_document_is_the_same_every_time():
    one, other = (json.dumps(document(create_app(Settings()), ())) for _ in range(2))
    assert one == other


def test_every_command_is_in_the_document_with_its_fields(openapi: dict[str, Any]):
    found = operations(openapi)
    for name, verb in COMMANDS.items():
        operation = found[name]
        in_path = set(re.findall(r"{(\w+)}", operation["path"]))
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        fields = {p["name"] for p in operation["parameters"] if p.get("in") == "query"}
        if body:
            schema = openapi["components"]["schemas"][body["$ref"].rpartition("/")[2]]
            assert schema["additionalProperties"] is False
            fields = set(schema["properties"])
        named = {field.alias or field_name for field_name, field in verb.command.model_fields.items()}
        assert fields | in_path == named, name


def test_every_operation_says_what_it_is_and_every_refusal_it_may_meet(openapi: dict[str, Any]):
    tags = {tag["name"] for tag in openapi["tags"]}
    for name, operation in operations(openapi).items():
        assert operation["summary"] and operation["description"], name
        assert set(operation["tags"]) <= tags
        if not operation["path"].startswith("/v1"):
            assert "security" not in operation
            continue
        assert operation["security"] == [{"bearer": []}, {"token": []}, {"basic": []}]
        statuses = set(operation["responses"])
        assert {"401", "422", "500", "503"} <= statuses, name
        if name in COMMANDS:
            assert {"400", "403", "404", "409", "412"} <= statuses, name
        if "requestBody" in operation:
            assert {"413", "415"} <= statuses, name
        for status, answer in operation["responses"].items():
            if status >= "400":
                assert answer["$ref"] == f"#/components/responses/Problem{status}"


def test_every_slug_is_an_example_of_its_status(openapi: dict[str, Any]):
    for slug, problem in PROBLEMS.items():
        answer = openapi["components"]["responses"].get(f"Problem{problem.status}", {})
        assert slug in answer["content"]["application/problem+json"]["examples"]


def test_every_reference_leads_somewhere(openapi: dict[str, Any]):
    for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(openapi))):
        where: Any = openapi
        for step in reference.split("/"):
            where = where[step]


def test_examples_are_what_they_are_examples_of(openapi: dict[str, Any]):
    for name, body in examples.BODIES.items():
        beside: dict[str, type[BaseModel]] = {
            "execute_commands": Batch,
            "record_measurement": RecordMeasurement,
            "what_if": WhatIf,
        }
        model = COMMANDS[name].command if name in COMMANDS else beside[name]
        fields = {field.alias or field_name: field for field_name, field in model.model_fields.items()}
        required = {
            field: "2026-01-31" if field == "on" else "0190a2f0-1b7a-7cc0-8f63-d3a9a3c5e1b2"
            for field in fields.keys() - body.keys()
            if fields[field].is_required()
        }
        build(model, body | required | ({"position": 1} if "position" in required else {}))
    for name, example in examples.SHAPES.items():
        getattr(shapes, name).model_validate_json(json.dumps(example))
    for shape in (shapes.Cycle, shapes.Objective, shapes.Event):
        for make in (documents.resource, documents.written, documents.page):
            made = make(shape)
            made.model_validate_json(json.dumps(examples.answer(made.__name__)))


def test_the_page_loads_nothing_from_another_host(unchanged: Api):
    stranger = unchanged.with_key(None)
    page = stranger.send("GET", "/docs")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src 'self';" in policy
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.raw.decode())
    assert len(loaded) == 4
    for path in loaded:
        file = stranger.send("GET", f"/{path}")
        assert file.status == 200, path
        assert file.type.startswith(("text/javascript", "text/css", "image/png"))
    assert b"openapi.json" in stranger.send("GET", "/docs/start.js").raw
    assert stranger.send("GET", "/docs/../credentials.py").status == 404
    assert stranger.send("GET", "/docs/other.js").slug == "not_found"
    assert stranger.send("GET", "/docs/swagger-ui-bundle.js").raw.startswith(b"/*!")
