"""The API against its own OpenAPI document: thousands of requests, good and bad, and all of schemathesis' checks.

Every operation gets every sort of good and bad request that schemathesis knows of; of those of one sort that differ
only in what is put into one place, it gets a few (`Chosen`).
"""

import json
from collections import Counter
from typing import Any

import pytest
import schemathesis
from schemathesis import Case, HookContext
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.engine import events, from_schema
from schemathesis.generation.meta import CoveragePhaseData, CoverageScenario

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


ONE_IN = 8
"""Of the cases that are much like one that is sent, one in so many is sent too."""


class Chosen:
    """Which cases of the coverage phase, which knows ten thousand, are sent: of each operation every fault and every
    way to be good at least once, and of each parameter and field of a body something good and something bad."""

    def __init__(self) -> None:
        self._seen: set[tuple[object, ...]] = set()
        self._more = 0

    def takes(self, case: Case) -> bool:
        data = case.meta.phase.data if case.meta else None
        if case.meta is None or not isinstance(data, CoveragePhaseData):
            return True
        if is_vain(data):
            return False
        sort = (case.operation.label, data.scenario, data.parameter_location)
        new = {sort}
        if data.parameter is not None:
            new.add((case.operation.label, case.meta.generation.mode, data.parameter, place(data)))
        if new <= self._seen:
            self._more += 1
            return self._more % ONE_IN == 0
        self._seen |= new
        return True


def place(data: CoveragePhaseData) -> str:
    """The field of a body that a case is about, by how schemathesis describes it: `title: Incorrect type`, `Object with
    valid 'title' value: Maximum length string`, `Missing required property: title`."""
    if data.scenario is CoverageScenario.OBJECT_MISSING_REQUIRED_PROPERTY:
        return data.description
    return data.description.partition(": ")[0] if ": " in data.description else ""


def is_vain(data: CoveragePhaseData) -> bool:
    """It spoils `Min-Position` and then sends the good one that the configuration names, or adds a header that nobody
    has to know: so nothing is bad."""
    unknown_header = (CoverageScenario.OBJECT_UNEXPECTED_PROPERTIES, ParameterLocation.HEADER)
    return data.parameter == "Min-Position" or (data.scenario, data.parameter_location) == unknown_header


def alone(case: Case) -> Case:
    """Without the headers that come with everything and are refused before anything else is looked at: an author whom
    nobody knows, and a tag that is none."""
    data = case.meta.phase.data if case.meta else None
    if isinstance(data, CoveragePhaseData) and data.parameter_location is not ParameterLocation.HEADER:
        for name in ("On-Behalf-Of", "If-Match"):
            case.headers.pop(name, None)
    return case


def mislabelled(interaction: Any) -> bool:
    """Its coverage phase sends `If-Match: 0` as a good value, which the header's own pattern says it is not."""
    return interaction.request.headers.get("If-Match") == ["0"] and interaction.response.status_code == 400


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
    chosen = Chosen()

    @schema.hook
    def filter_case(_context: HookContext, case: Case) -> bool:
        return chosen.takes(case)

    @schema.hook
    def map_case(_context: HookContext, case: Case) -> Case:
        return alone(case)

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
                    if info and not mislabelled(event.recorder.interactions[case]):
                        what = f"{event.label}: {check.name}: {info.failure.title}"
                        failures[what] = f"{info.failure.message}\n{info.code_sample}"
    assert not failures, "\n\n".join(f"{what}\n{how}" for what, how in failures.items())
    # It is no use if nothing gets through.
    assert answers[200] + answers[201] > 100, answers
    assert answers.total() > 1000, answers
