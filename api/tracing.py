"""Traces, for who has a collector: spans of requests and of the work that they cause, sent as OTLP over HTTP.

On only if `QUARTERDECK_TRACES` or `OTEL_EXPORTER_OTLP_ENDPOINT` names the collector; otherwise nothing of OpenTelemetry
is loaded, and a span costs a function call. The packages come with `pip install quarterdeck[traces]`.

    request ─▶ decide ─▶ append ─▶ commit (in the thread that commits for all that wait)
    project, rebuild: traces of their own

A span has kinds, routes, counts and positions, and never what somebody wrote. That is why FastAPI's own telemetry,
which records addresses with their queries and the texts of errors, is switched off (`api.app`), and why no error is
recorded but its kind.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from api.setting_errors import SettingsError

if TYPE_CHECKING:
    from opentelemetry.trace import Span

TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
"""W3C Trace Context, version 00: trace id, parent id, flags."""

EXPORT_TIMEOUT = 2.0
"""Seconds. A collector that is away must not hold up the end of the program."""


def trace_id_of(traceparent: str) -> str | None:
    """The trace that a caller says that a request is part of; `None` without a sane header."""
    found = TRACEPARENT.fullmatch(traceparent.strip())
    return found[1] if found else None


class Tracer:
    """Sends spans to the collector whose base URL is `endpoint`.

    Raises `SettingsError` if the packages for it are not installed.
    """

    def __init__(self, endpoint: str) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError as error:
            raise SettingsError(
                "Traces are asked for, and the packages for them are missing: pip install 'quarterdeck[traces]'."
            ) from error
        url = endpoint.rstrip("/") + "/v1/traces"
        exporter = OTLPSpanExporter(endpoint=url, timeout=EXPORT_TIMEOUT)
        named = Resource.create({"service.name": "quarterdeck", "service.version": version("quarterdeck")})
        self._provider = TracerProvider(resource=named, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("quarterdeck")

    @contextmanager
    def span(self, name: str, about: Mapping[str, int | str]) -> Iterator[None]:
        """A span within the one that is open in this context."""
        attributes = {f"quarterdeck.{key}": value for key, value in about.items()}
        with (
            self._tracer.start_as_current_span(
                name, attributes=attributes, record_exception=False, set_status_on_exception=False
            ) as span,
            _noted(span),
        ):
            yield

    @contextmanager
    def request(self, method: str, traceparent: str) -> Iterator["RequestSpan"]:
        """The span of a request, within its caller's if that is named."""
        from opentelemetry.trace import SpanKind
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        context = TraceContextTextMapPropagator().extract({"traceparent": traceparent}) if traceparent else None
        with (
            self._tracer.start_as_current_span(
                method, context, SpanKind.SERVER, record_exception=False, set_status_on_exception=False
            ) as span,
            _noted(span),
        ):
            yield RequestSpan(span, method)

    def close(self) -> None:
        """Sends what is left."""
        self._provider.shutdown()


class RequestSpan:
    """The span of a request that is being answered."""

    def __init__(self, span: "Span", method: str) -> None:
        self._span = span
        self._method = method

    def answered(self, route: str, status: int) -> None:
        """Says how it ended."""
        from opentelemetry.trace import StatusCode

        self._span.update_name(f"{self._method} {route}")
        told: dict[str, Any] = {"http.request.method": self._method, "http.route": route}
        self._span.set_attributes(told | {"http.response.status_code": status})
        if status >= 500:
            self._span.set_status(StatusCode.ERROR)


@contextmanager
def _noted(span: "Span") -> Iterator[None]:
    """Notes the kind of an error, and not its words, which may quote what somebody wrote."""
    try:
        yield
    except BaseException as error:
        span.set_attribute("error.type", type(error).__name__)
        raise
