"""The API against its own OpenAPI document: thousands of requests, good and bad, and all of schemathesis' checks."""

import json
from collections import Counter
from typing import Any

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from api.app import create_app
from tests.support.http import ADMIN_KEY, Api

CONFIG: dict[str, Any] = {
    "seed": 1,
    "continue-on-failure": True,
    "headers": {"Authorization": f"Bearer {ADMIN_KEY}"},
    # Any other makes a read wait five seconds for a position that never comes.
    "parameters": {"Min-Position": "0"},
    "generation": {"deterministic": True, "max-examples": 2, "database": "none", "no-shrink": True},
    "checks": {
        # What no schema can say (that an end follows its beginning, that a started cycle's goals change with a
        # reason alone, that a tag is the present one) is a 422 or 412 that a good request may meet.
        "positive_data_acceptance": {
            "expected-statuses": ["2xx", "3xx", "401", "403", "404", "409", "412", "414", "422"]
        },
        # One point more than a batch may have can be one byte more than a body may have: then it is a 413.
        "negative_data_rejection": {
            "expected-statuses": ["400", "401", "403", "404", "409", "413", "414", "415", "422"]
        },
    },
}


def mislabelled(interaction: Any) -> bool:
    """Its coverage phase sends `If-Match: 0` as a good value, which the header's own pattern says it is not."""
    return interaction.request.headers.get("If-Match") == ["0"] and interaction.response.status_code == 400


def overridden(message: str) -> bool:
    """It spoils `Min-Position` and then sends the good one that the configuration names, or adds a header that nobody
    has to know: so nothing was bad."""
    return "parameter `Min-Position` in header" in message or "in header - object with unexpected" in message


@schemathesis.serializer("application/x-ndjson")
def as_lines(_context: Any, value: Any) -> bytes:
    """A body of lines goes on the wire as the text that it is."""
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")
def test_every_answer_is_as_documented(at_work: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    # Of the hundreds of bad credentials that it sends from one address each is to get its 401.
    monkeypatch.setattr(at_work.runtime.attempts, "failed", lambda *_: None)
    app = create_app(at_work.runtime)
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=SchemathesisConfig.from_dict(CONFIG))
    failures: dict[str, str] = {}
    answers: Counter[int] = Counter()
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            failures[str(event)] = ""
        elif isinstance(event, events.ScenarioFinished):
            for one in event.recorder.interactions.values():
                answers[one.response.status_code if one.response else 0] += 1
            for case, checks in event.recorder.checks.items():
                for check in checks:
                    info = check.failure_info
                    if (
                        info
                        and not mislabelled(event.recorder.interactions[case])
                        and not overridden(info.failure.message)
                    ):
                        what = f"{event.label}: {check.name}: {info.failure.title}"
                        failures[what] = f"{info.failure.message}\n{info.code_sample}"
    assert not failures, "\n\n".join(f"{what}\n{how}" for what, how in failures.items())
    # It is no use if nothing gets through.
    assert answers[200] + answers[201] > 100, answers
    assert answers.total() > 1000, answers
