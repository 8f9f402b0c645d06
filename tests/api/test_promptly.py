"""Check-ins without a thread: answered in the event loop, unless something must be read or they say very much."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from api.admission import Admission
from tests.support.builders import uid
from tests.support.http import Api

CHECK_INS = f"/key-results/{uid('revenue')}/check-ins"


@pytest.fixture
def threads(at_work: Api, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What was carried out in a thread since; everything that a check-in is judged by is in memory."""
    assert at_work.post(CHECK_INS, value=1).status == 201
    carried, carry_out = list[object](), Admission.carry_out

    async def counted(self: Admission, call: Callable[[], Any]) -> Any:
        carried.append(call)
        return await carry_out(self, call)

    monkeypatch.setattr(Admission, "carry_out", counted)
    return carried


def test_a_check_in_of_which_all_is_known_takes_no_thread(at_work: Api, threads: list[object]):
    said = at_work.post(CHECK_INS, value="42.50", confidence=7, note="a good week")
    assert (said.status, said.body["value"], said.body["note"], threads) == (201, 42.5, "a good week", [])
    assert at_work.get(f"/check-ins/{said.body['id']}").body["note"] == "a good week"
    later = at_work.send("POST", f"/v1{CHECK_INS}", b'{"value": 43}', Prefer="respond-async")
    assert (later.status, later.headers["Preference-Applied"], threads) == (201, "respond-async", [])


def test_any_other_takes_one(at_work: Api, threads: list[object]):
    """What has a key, a tag or somebody it is for, what has a name of its own, what is long, and what is refused."""
    others: list[tuple[dict[str, Any], dict[str, str], int]] = [
        ({"value": 1}, {"Idempotency_Key": "monday"}, 201),
        ({"value": 1}, {"On_Behalf_Of": str(uid("ada"))}, 201),
        ({"value": 1}, {"If_Match": "*"}, 201),
        ({"value": 1, "id": str(uid("mine"))}, {}, 201),
        ({"value": 1, "note": "very " * 3_000}, {}, 201),
        ({"done": True}, {}, 422),
    ]
    for number, (said, headers, status) in enumerate(others, 1):
        answer = at_work.send("POST", f"/v1{CHECK_INS}", json.dumps(said).encode(), **headers)
        assert (answer.status, len(threads)) == (status, number), said


def test_many_that_meet_on_one_key_result_are_all_recorded_and_answered_with_what_they_said(at_work: Api):
    """Whoever was decided on what another changed meanwhile is decided again, in a thread."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: at_work.post(CHECK_INS, value=n), range(48)))
    assert {answer.status for answer in answers} == {201}
    assert [answer.body["value"] for answer in answers] == list(range(48))
    assert len({answer.position for answer in answers}) == 48
