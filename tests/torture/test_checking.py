"""The checker finds what is wrong: a ledger and a journal that agree, and each way in which they may not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from torture.checking import Recorded, check
from torture.journal import Entry, Fate

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
THING = "6f0c1a44-0000-4000-8000-000000000001"


def event(position, token="a", version=None, type="key_result.checked_in", **data):
    data = {"value": str(position), "check_in": f"c{position}"} | data
    at = BEGIN + timedelta(seconds=position)
    texts = f'{{"/note": {{"text": "said by {token}"}}}}'
    return Recorded(position, f"key_result/{THING}", version or position, type, data, texts, token, at)


def entry(position, token="a", fate=Fate.ACKNOWLEDGED, **fields):
    body = {"value": position, "note": f"said by {token}"}
    path = f"/key-results/{THING}/check-ins"
    told = {"position": position, "subject": f"c{position}"} if fate is Fate.ACKNOWLEDGED else {}
    return Entry(token, "check_in", "POST", path, body, fate=fate, **(told | fields))


TOKENS = "abcde"
EVENTS = [event(n, token) for n, token in enumerate(TOKENS, 1)]
ENTRIES = [entry(n, token) for n, token in enumerate(TOKENS, 1)]


def found(entries=ENTRIES, events=EVENTS, head=None):
    findings = check(entries, events, len(events) if head is None else head)
    return len(findings.lost), len(findings.doubled), len(findings.wrong)


def test_a_ledger_that_has_what_was_acknowledged_is_right():
    assert not check(ENTRIES, EVENTS, len(EVENTS))


def test_an_acknowledged_command_that_is_not_there_is_lost():
    assert found(events=EVENTS[:-1]) == (1, 0, 0)


def test_a_command_that_is_there_twice_is_doubled():
    assert found(events=[*EVENTS, event(6, "e")]) == (0, 1, 0)


def test_an_unknown_command_may_be_there_once_or_not_at_all():
    unknown = [*ENTRIES, entry(6, "f", Fate.UNKNOWN)]
    assert found(unknown) == (0, 0, 0)
    assert found(unknown, [*EVENTS, event(6, "f")]) == (0, 0, 0)
    assert found(unknown, [*EVENTS, event(6, "f"), event(7, "f")]) == (0, 1, 0)


def test_a_refused_command_must_leave_nothing():
    refused = [*ENTRIES, entry(6, "f", Fate.REFUSED)]
    assert found(refused) == (0, 0, 0)
    assert found(refused, [*EVENTS, event(6, "f")]) == (0, 0, 1)


def test_an_event_that_nobody_asked_for_is_wrong():
    assert found(events=[*EVENTS, event(6, None)]) == (0, 0, 1)


@pytest.mark.parametrize(
    "doctored",
    [
        pytest.param(replace(EVENTS[1], data={"value": "7", "check_in": "c2"}), id="another value"),
        pytest.param(replace(EVENTS[1], texts="{}"), id="another text"),
        pytest.param(replace(EVENTS[1], data={"value": "2", "check_in": "other"}), id="another thing"),
        pytest.param(replace(EVENTS[1], recorded_at=BEGIN), id="an earlier time"),
        pytest.param(replace(EVENTS[1], recorded_at=EVENTS[0].recorded_at), id="the same time"),
        pytest.param(replace(EVENTS[1], version=3), id="a version left out"),
    ],
)
def test_an_event_that_is_not_as_it_was_said_is_wrong(doctored):
    _, _, wrong = found(events=[EVENTS[0], doctored, *EVENTS[2:]])
    assert wrong


def test_a_gap_between_positions_is_wrong():
    assert found(ENTRIES[:1] + ENTRIES[2:], EVENTS[:1] + EVENTS[2:], 5) == (0, 0, 1)


def test_a_head_that_is_elsewhere_is_wrong():
    assert found(head=6) == (0, 0, 1)


def test_a_command_at_another_position_than_was_said_is_wrong():
    assert found([replace(ENTRIES[0], position=3), *ENTRIES[1:]]) == (0, 0, 1)


def test_each_closing_has_one_seal_and_may_be_answered_with_its_position():
    closing = event(6, "f", type="cycle.closed")
    seal = event(7, None, type="cycle.sealed", closed_position=6)
    asked = [*ENTRIES, replace(entry(6, "f"), command="close_cycle", position=7)]
    assert found(asked, [*EVENTS, closing, seal]) == (0, 0, 0)
    assert found([*ENTRIES, entry(6, "f")], [*EVENTS, closing]) == (0, 0, 1)
    again = event(8, None, type="cycle.sealed", closed_position=6)
    assert found([*ENTRIES, entry(6, "f")], [*EVENTS, closing, seal, again]) == (0, 0, 1)
