"""The log: whose request a line is about, as an object a line if that is wanted, and never a secret."""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from api.credentials import ENVIRONMENT_KEY
from api.logs import CURRENT, About, JsonLines, Lines
from tests.support.builders import uid
from tests.support.http import ADMIN_KEY, Api, done

CHECK_INS = f"/key-results/{uid('revenue')}/check-ins"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class Kept(logging.Handler):
    """Keeps the lines that it would write."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines())
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))

    def of(self, logger: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["logger"] == logger]


@contextmanager
def kept() -> Iterator[Kept]:
    handler, root = Kept(), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield handler
    finally:
        root.removeHandler(handler)
        root.setLevel(before)


def record(message: str, *args: object, trace: bool = False) -> logging.LogRecord:
    return logging.LogRecord("some", logging.ERROR, "", 0, message, args, sys.exc_info() if trace else None)


def test_a_request_is_one_object_with_all_that_is_known_of_it(unchanged: Api):
    with kept() as log:
        answer = unchanged.send("GET", f"/v1/objectives/{uid('grow')}", X_Request_Id="r-17")
    assert answer.headers["X-Request-Id"] == "r-17"
    (line,) = log.of("quarterdeck.http")
    assert line["level"] == "info" and line["time"].endswith("+00:00")
    assert (line["request_id"], line["correlation_id"]) == ("r-17", "r-17")
    assert (line["method"], line["route"], line["status"]) == ("GET", "/v1/objectives/{objective}", 200)
    assert line["actor"] == str(ENVIRONMENT_KEY)
    assert line["ms"] > 0


def test_a_refusal_names_its_slug(unchanged: Api):
    with kept() as log:
        unchanged.get(f"/objectives/{uid('nobody')}")
    (line,) = log.of("quarterdeck.http")
    assert (line["status"], line["refused"]) == (404, "not_found")


def test_a_line_from_the_ledger_s_own_code_says_whose_request_it_was(at_work: Api):
    def fail(_position: int) -> None:
        raise ValueError("a listener's own trouble")

    at_work.runtime.recorder.on_append(fail)
    with kept() as log:
        done(at_work.post(CHECK_INS, {"X-Request-Id": "r-18"}, value=1))
    (line,) = log.of("ledger.notify")
    assert (line["request_id"], line["actor"], line["method"]) == ("r-18", str(ENVIRONMENT_KEY), "POST")
    assert "a listener's own trouble" in line["trace"]
    assert CURRENT.get() is None


def test_the_trace_that_a_request_is_part_of_is_its_correlation(at_work: Api):
    traceparent = f"00-{TRACE}-00f067aa0ba902b7-01"
    with kept() as log:
        answer = at_work.post(CHECK_INS, {"traceparent": traceparent}, value=1)
    done(answer)
    (line,) = log.of("quarterdeck.http")
    assert line["correlation_id"] == TRACE
    UUID(line["request_id"])
    (fact,) = at_work.runtime.recorder.stored_after(answer.position - 1, 1)
    assert fact.correlation_id == TRACE


def test_a_name_that_the_caller_gave_comes_before_the_trace_and_an_odd_trace_is_none(at_work: Api):
    headers = {"X-Request-Id": "deploy-1", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    answer = at_work.post(CHECK_INS, headers, value=1)
    (fact,) = at_work.runtime.recorder.stored_after(answer.position - 1, 1)
    assert fact.correlation_id == "deploy-1"
    for odd in (f"00-{'0' * 32}-00f067aa0ba902b7-01", f"00-{TRACE.upper()}-00f067aa0ba902b7-01", "x", f"{TRACE}\t"):
        answer = at_work.post(CHECK_INS, {"traceparent": odd}, value=1)
        (fact,) = at_work.runtime.recorder.stored_after(answer.position - 1, 1)
        assert fact.correlation_id == answer.headers["X-Request-Id"]


def test_secrets_are_blanked_out_wherever_they_stand():
    secrets = ("qd_S3cr3tS3cr3tS3cr3t", "hunter2hunter2", "the-admins-own-words")
    try:
        raise ValueError(f"postgresql://quarterdeck:{secrets[1]}@db/x password='{secrets[1]}'")
    except ValueError:
        made = record("%s sent Authorization: Bearer %s, not %s", *(secrets[0], secrets[1], secrets[2]), trace=True)
    for form in (JsonLines(secrets[2:]), Lines(secrets[2:])):
        text = form.format(made)
        assert "postgresql://quarterdeck:…@db/x" in text
        for secret in secrets:
            assert secret not in text


def test_no_line_of_a_request_has_its_key(at_work: Api):
    with kept() as log:
        made = at_work.post("/keys", role="reader").body["key"]
        at_work.with_key(made).get("/cycles")
        at_work.with_key("qd_not-a-good-key-at-all").get("/cycles")
        at_work.send("GET", f"/v1/cycles/{made}")
    said = json.dumps(log.lines)
    assert made not in said and ADMIN_KEY not in said and "not-a-good-key" not in said


def test_lines_for_people_name_the_request_once():
    known = CURRENT.set(About("r-19", "r-19", "GET"))
    try:
        assert Lines().format(record("a word")).endswith("some: a word [r-19]")
        assert Lines().format(record("a word about r-19")).endswith("some: a word about r-19")
    finally:
        CURRENT.reset(known)
