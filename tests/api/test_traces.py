"""Traces: what a collector is sent, by OTLP, of requests and of the work they cause; and nothing when nobody asks."""

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from api import tracing
from api.observer import Observer
from api.runtime import running
from api.setting_errors import SettingsError
from api.settings import Settings
from ledger.watch import UNWATCHED
from projections.rebuild import rebuild
from tests.support.builders import uid
from tests.support.http import ADMIN_KEY, Api, done
from tests.support.postgres import Postgres

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
NOTE = "Zebulon said that it went well"


class Collector:
    """Takes spans on a free port of this machine."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.path == "/v1/traces"
                collector.requests.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def sent(postgres: Postgres, company_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Any]]:
    """The spans of a check-in, of a question about nothing, of a refusal, and of a rebuild."""
    name, collector = postgres.copy_of(company_database), Collector()
    settings = Settings(
        database_url=postgres.url_of(name),
        data=tmp_path_factory.mktemp("data"),
        admin_key=ADMIN_KEY,
        traces=collector.url,
    )
    with running(settings, on_admin_key=lambda *_: None) as runtime, Api(runtime) as api:
        path = f"/key-results/{uid('revenue')}/check-ins"
        done(api.post(path, {"traceparent": f"00-{TRACE}-{PARENT}-01"}, value=41, note=NOTE))
        assert api.get(f"/cycles/{NOTE}/board").status == 404
        assert api.post("/cycles/2026-Q1/open", effective_at="1999-01-01T00:00:00Z").status == 422
        rebuild(runtime.database, runtime.recorder)
    messages = [ExportTraceServiceRequest.FromString(body) for body in collector.requests]
    collector.close()
    postgres.drop(name)
    yield [
        span
        for message in messages
        for of_resource in message.resource_spans
        for of_scope in of_resource.scope_spans
        for span in of_scope.spans
    ]


def attributes(span: Any) -> dict[str, Any]:
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


def of_trace(spans: list[Any]) -> dict[str, Any]:
    return {span.name: span for span in spans if span.trace_id.hex() == TRACE}


def test_a_request_s_span_is_part_of_its_caller_s_trace(sent: list[Any]):
    span = of_trace(sent)["POST /v1/key-results/{key_result}/check-ins"]
    assert span.parent_span_id.hex() == PARENT
    assert attributes(span)["http.response.status_code"] == 201


def test_within_it_are_the_decision_the_append_and_its_commit(sent: list[Any]):
    spans = of_trace(sent)
    request = spans["POST /v1/key-results/{key_result}/check-ins"]
    assert attributes(spans["decide"]) == {"quarterdeck.command": "check_in"}
    for name, within in (("decide", request), ("append", request), ("commit", spans["append"])):
        assert spans[name].parent_span_id == within.span_id, name
        assert request.start_time_unix_nano <= spans[name].start_time_unix_nano
    assert attributes(spans["commit"])["quarterdeck.commands"] == 1


def test_batches_of_the_projector_and_rebuilds_are_traces_of_their_own(sent: list[Any]):
    projected = [span for span in sent if span.name == "project"]
    assert any(attributes(span)["quarterdeck.events"] == 1 for span in projected)
    (rebuilt,) = (span for span in sent if span.name == "rebuild")
    assert not rebuilt.parent_span_id


def test_a_refused_decision_says_what_kind_of_refusal(sent: list[Any]):
    refused = [attributes(span) for span in sent if span.name == "decide"]
    kinds = {of["error.type"] for of in refused if of["quarterdeck.command"] == "open_cycle"}
    assert kinds == {"Invalid"}


def test_nothing_that_anybody_wrote_is_in_them(sent: list[Any]):
    said = json.dumps([[span.name, attributes(span), str(span.events), span.status.message] for span in sent])
    for never in ("Zebulon", "ada", "example.com", "2026-Q1", ADMIN_KEY, str(uid("revenue"))):
        assert never not in said
    assert len(sent) >= 8


def test_nobody_asked_costs_nothing_but_a_call(unchanged: Api):
    watch = unchanged.runtime.database.watch
    assert unchanged.runtime.tracer is None
    assert isinstance(watch, Observer)
    assert watch.span("decide", command="x") is UNWATCHED.span("y")


def test_the_collector_s_address_comes_from_the_environment_and_is_not_quoted():
    assert Settings.from_env({}).traces is None
    assert Settings.from_env({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:4318"}).traces == "http://a:4318"
    given = {"QUARTERDECK_TRACES": "https://u:secret@b", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:4318"}
    assert Settings.from_env(given).traces == "https://u:secret@b"
    assert "secret" not in repr(Settings.from_env(given))
    with pytest.raises(SettingsError) as said:
        Settings.from_env({"QUARTERDECK_TRACES": "secret"})
    assert "secret" not in str(said.value)


def test_packages_that_are_missing_are_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(SettingsError, match=r"quarterdeck\[traces\]"):
        tracing.Tracer("http://127.0.0.1:1")
