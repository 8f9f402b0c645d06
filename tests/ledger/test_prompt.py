"""Orders of an event loop: recorded without a thread, or not at all, and then by the long way."""

import asyncio
from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest

from domain.errors import Conflict, NotReady
from domain.kernel import Kind, Ref
from ledger.application import Ledger
from ledger.database import Database
from ledger.orders import Executed, IdempotencyKey, Order
from ledger.prompt import Prompt
from ledger.recorder import LedgerRecorder
from tests.ledger.test_application import check_in, ledger, ledgers, order, uid

__all__ = ["ledger", "ledgers"]


@pytest.fixture
def warm(ledger: Ledger) -> Ledger:
    """Has in memory what a check-in is judged by."""
    ledger.execute(check_in(1))
    return ledger


def promptly(ledger: Ledger, *orders: Order) -> list[Executed | None]:
    """All at the same time, in one event loop."""

    async def scene() -> list[Executed | None]:
        prompt = Prompt(ledger, asyncio.get_running_loop())
        return await asyncio.gather(*(prompt.execute(one) for one in orders))

    return asyncio.run(scene())


def only(done: list[Executed | None]) -> Executed:
    (one,) = done
    assert one is not None
    return one


@pytest.fixture
def unread(warm: Ledger, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """From now on a question to the database is an error."""

    def asked(*_: object, **__: object) -> None:
        raise AssertionError("something was read")

    monkeypatch.setattr(warm.recorder, "_rows", asked)
    return warm


def test_what_is_decided_of_memory_alone_is_recorded_without_a_question(unread: Ledger):
    done = only(promptly(unread, check_in(2)))
    assert (done.position, done.created, done.changed, done.replayed) == (6, True, True, False)
    assert [fact.position for fact in done.facts] == [6]
    assert only(promptly(unread, check_in(3))).position == 7


def test_it_comes_to_the_same_as_the_long_way(warm: Ledger):
    """The facts, too, that are handed on and kept: they are those that are read."""
    done = only(promptly(warm, check_in(2, note="a good week")))
    (read,) = warm.recorder.read_after(done.position - 1, 1)
    (told,) = done.facts
    assert (told.stream, told.version, told.event, told.effective_at, told.recorded_at, told.actor) == (
        read.stream,
        read.version,
        read.event,
        read.effective_at,
        read.recorded_at,
        read.actor,
    )


def test_what_must_be_read_is_left_to_the_long_way(ledger: Ledger, database: Database):
    """Of a ledger just opened nothing is in memory."""
    recorder = LedgerRecorder(database, ledger.recorder.mapper)
    cold = Ledger(recorder)
    assert promptly(cold, check_in(1)) == [None]
    assert cold.execute(check_in(1)).position == 5
    assert only(promptly(cold, check_in(1))).position == 6
    recorder.close()


@pytest.mark.parametrize(
    "refused",
    [
        check_in(2, idempotency=IdempotencyKey("who", "monday", b"what")),
        check_in(2, id=str(uid("of-its-own"))),
        check_in(2, confidence=5, effective_at="2025-01-01T00:00:00Z"),
        order("check_in", key_result=str(uid("nothing")), value=1),
        order("correct_check_in", check_in=str(uid("nothing")), reason="x"),
        order("drop_objective", objective=str(uid("nothing")), reason="x"),
    ],
)
def test_what_has_a_key_or_a_name_or_is_refused_is_left_to_the_long_way(warm: Ledger, refused: Order):
    head = warm.recorder.head()
    assert promptly(warm, refused) == [None]
    assert warm.recorder.head() == head


def test_what_another_process_changed_meanwhile_is_left_to_the_long_way(ledgers: list[Ledger], warm: Ledger):
    """And decided there as things stand: of what is known here nothing is believed any more."""
    ledgers[1].execute(check_in(2))
    assert promptly(warm, check_in(3)) == [None]
    assert warm.execute(check_in(3)).position == 7
    ledgers[1].execute(order("close_cycle", cycle="Q1"))
    assert promptly(warm, check_in(4)) == [None]
    with pytest.raises(Conflict):
        warm.execute(check_in(4))


def test_of_many_at_once_each_is_recorded_once_or_left(warm: Ledger):
    """They meet on one key result: whoever was decided on what another changed is told so."""
    done = promptly(warm, *(check_in(n) for n in range(10)))
    taken = [one.position for one in done if one is not None]
    assert taken == [fact.position for fact in warm.recorder.read_after(5, 100)]
    assert len(taken) >= 1


class Held:
    """A ledger whose appends go no further until they are let go."""

    def __init__(self, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
        self.under_way, self.go_on = Event(), Event()
        send = ledger.group._send

        def held(appends: Any) -> Any:
            self.under_way.set()
            self.go_on.wait(30)
            return send(appends)

        monkeypatch.setattr(ledger.group, "_send", held)


@pytest.fixture
def held(warm: Ledger, monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    held = Held(warm, monkeypatch)
    yield held
    held.go_on.set()


def test_nobody_waits_for_a_turn_without_end(warm: Ledger, held: Held):
    """Of the one that is being sent nobody knows, so it is waited for; the next is told that it was not."""

    async def scene() -> Executed | None:
        prompt = Prompt(warm, asyncio.get_running_loop(), patience=0.05)
        first = asyncio.create_task(prompt.execute(check_in(1)))
        await asyncio.to_thread(held.under_way.wait, 30)
        with pytest.raises(NotReady, match="waited too long") as refused:
            await prompt.execute(check_in(2))
        assert refused.value.slug == "busy"
        held.go_on.set()
        return await first

    done = asyncio.run(scene())
    assert done is not None
    assert warm.recorder.head().position == done.position == 6


def test_what_is_given_up_has_not_begun_or_has_ended(warm: Ledger, held: Held):
    async def scene() -> None:
        prompt = Prompt(warm, asyncio.get_running_loop())
        first = asyncio.create_task(prompt.execute(check_in(1)))
        await asyncio.to_thread(held.under_way.wait, 30)
        second = asyncio.create_task(prompt.execute(check_in(2)))
        await asyncio.sleep(0)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        first.cancel()
        await asyncio.sleep(0.02)
        assert not first.done()
        held.go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert warm.recorder.head().position == 6

    asyncio.run(scene())
    assert len(warm.recorder.read_stream(Ref(Kind.KEY_RESULT, uid("kr")))) == 3


def test_a_ledger_that_is_closed_takes_no_more(warm: Ledger):
    assert warm.close()
    with pytest.raises(NotReady, match="stopping"):
        promptly(warm, check_in(1))
