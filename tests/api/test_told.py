"""Check-ins are answered by what was recorded, without reading it back: held here to what a read answers."""

from typing import Any

from tests.support.builders import uid
from tests.support.http import METRIC, Api, done

STEPS = [{"id": "design", "title": "Design"}, {"id": "build", "title": "Build", "weight": 2}]
WORDS = {"note": "a good week", "progress": "much", "plans": "more", "problems": "few"}
SAID: dict[str, tuple[Any, list[dict[str, Any]]]] = {
    "metric": (METRIC, [{"value": 40}, {"value": "40.500"}, {"value": 1e-7}, {"value": "-0"}, {"value": 10**27}]),
    "threshold": ({"type": "threshold", "operator": ">=", "bound": 99.9}, [{"value": "99.95"}]),
    "milestones": (
        {"type": "milestones", "milestones": STEPS},
        [{"completed": []}, {"completed": ["build", "design"]}],
    ),
    "boolean": ({"type": "boolean"}, [{"done": True}, {"done": False}]),
    "zones": ({"type": "zones", "commit": "a", "target": "b", "stretch": "c"}, [{"zone": "stretch"}]),
    "graded": ({"type": "graded", "out_of": 10}, [{"score": "7.50"}]),
}
"""Of each type of measure, one and what is said of it."""


def _goal(api: Api, measure: object) -> str:
    made = api.post(f"/objectives/{uid('grow')}/key-results", title="another", measure=measure)
    return str(done(made)["id"])


def test_it_is_answered_as_it_is_read(at_work: Api):
    """Byte for byte, whatever the measure and whatever is said, at its own position and instant."""
    more = [{}, {"confidence": "7.0", "status": "at_risk"}, WORDS, {"external_id": "mine"}]
    said: list[tuple[Any, dict[str, Any]]] = [(measure, value) for measure, values in SAID.values() for value in values]
    said += [(METRIC, {"value": 40, **each}) for each in more] + [(METRIC, WORDS)]
    for measure, body in said:
        goal = _goal(at_work, measure)
        answer = at_work.post(f"/key-results/{goal}/check-ins", **body)
        told = done(answer)
        at = f"as_of={answer.position}&valid_at={told['recorded_at']}"
        read = at_work.get(f"/check-ins/{told['id']}?{at}")
        assert answer.raw == read.raw[:-1] + b',"advice":[]}'
        assert read.etag == answer.etag


def test_one_of_another_day_is_too(at_work: Api):
    """A statement that took effect earlier is answered with that instant, and read with it."""
    body = {"value": 12, "effective_at": at_work.get(f"/check-ins/{uid('monday')}").body["effective_at"]}
    told = done(at_work.post(f"/key-results/{uid('revenue')}/check-ins", **body))
    assert told["effective_at"] == body["effective_at"] < told["recorded_at"]
    assert at_work.get(f"/check-ins/{told['id']}").body | {"advice": [], "as_of": told["as_of"]} == told


def test_it_can_be_read_when_it_is_answered(at_work: Api):
    """What was not read for the answer is in the books all the same when the answer comes."""
    for value in range(20):
        answer = at_work.post(f"/key-results/{uid('revenue')}/check-ins", value=value)
        key_result = at_work.get(f"/key-results/{uid('revenue')}")
        assert key_result.position >= answer.position
        assert done(key_result)["value"] == value


def test_the_same_again_is_read(at_work: Api):
    """A key that comes again is answered by a read, in the same words, with what was redacted meanwhile left out."""
    path, key = f"/key-results/{uid('revenue')}/check-ins", {"Idempotency-Key": "monday-again"}
    first = at_work.post(path, headers=key, value=41, note="a secret")
    again = at_work.post(path, headers=key, value=41, note="a secret")
    assert done(again) == done(first)
    done(at_work.post(f"/events/{first.position}/redact", field="/note", reason="a secret"))
    assert done(at_work.post(path, headers=key, value=41, note="a secret"))["note"]["redacted"] is True
