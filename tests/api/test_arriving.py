"""Answers that wait for the books: each until its own position, without a thread, or all of them with one."""

import asyncio
from collections.abc import Callable

import pytest
from anyio.to_thread import current_default_thread_limiter
from starlette.responses import Response

from api import arriving
from api.arriving import Arrival, Arriving
from domain.errors import NotReady
from projections.reading import Books
from tests.support.http import HEAD, Api

SHOWN = Response("shown")


@pytest.fixture
def books(unchanged: Api) -> Books:
    """Books that have come to `HEAD`; of what comes after it they hear from the test."""
    return Books(unchanged.runtime.database, unchanged.runtime.recorder)


def _otherwise(_: NotReady) -> Response:
    return Response("recorded")


async def _until(told: Callable[[], bool]) -> None:
    for _ in range(6_000):
        if told():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to that")


def _waits(waiting: Arriving, books: Books, position: int) -> "asyncio.Task[Response]":
    return asyncio.create_task(waiting.wait(books, Arrival(position, _otherwise), SHOWN))


def test_each_is_answered_when_the_books_are_there(books: Books):
    """Whoever waits for less goes first, in whatever order they came, and none goes early."""

    async def scene():
        waiting = Arriving()
        tasks = [_waits(waiting, books, HEAD + ahead) for ahead in (3, 1, 2, 0)]
        await _until(tasks[3].done)
        assert not any(task.done() for task in tasks[:3])
        books.reached(HEAD + 2)
        await _until(lambda: tasks[1].done() and tasks[2].done())
        assert not tasks[0].done()
        books.reached(HEAD + 3)
        return await asyncio.gather(*tasks)

    assert asyncio.run(scene()) == [SHOWN] * 4


def test_what_is_heard_soon_takes_no_thread(books: Books, monkeypatch: pytest.MonkeyPatch):
    """Also what is heard while somebody comes, and from any thread."""
    monkeypatch.setattr(arriving, "MOMENT", 60.0)

    async def scene():
        waiting = Arriving()
        tasks = [_waits(waiting, books, HEAD + 1 + n % 3) for n in range(30)]
        await _until(lambda: all(not task.done() for task in tasks))
        await asyncio.to_thread(books.reached, HEAD + 3)
        await asyncio.gather(*tasks)
        await waiting.wait(books, Arrival(HEAD + 2, _otherwise), SHOWN)
        return current_default_thread_limiter().borrowed_tokens

    assert asyncio.run(scene()) == 0


def test_one_thread_waits_for_all_that_is_not_heard_soon(books: Books):
    async def scene():
        waiting = Arriving()
        tasks = [_waits(waiting, books, HEAD + 1 + n % 3) for n in range(30)]
        await _until(lambda: current_default_thread_limiter().borrowed_tokens > 0)
        taken = current_default_thread_limiter().borrowed_tokens
        books.reached(HEAD + 3)
        await asyncio.gather(*tasks)
        return taken

    assert asyncio.run(scene()) == 1


def test_whom_the_books_keep_waiting_is_told_otherwise(books: Books, monkeypatch: pytest.MonkeyPatch):
    """And those who wait for less are not."""
    monkeypatch.setattr(arriving, "PATIENCE", 0.1)

    async def scene():
        waiting = Arriving()
        late, early = _waits(waiting, books, HEAD + 9), _waits(waiting, books, HEAD)
        assert (await early, (await late).body) == (SHOWN, b"recorded")
        return await waiting.wait(books, Arrival(HEAD, _otherwise), SHOWN)

    assert asyncio.run(scene()) is SHOWN


def test_who_is_given_up_takes_nobody_along(books: Books):
    async def scene():
        waiting = Arriving()
        first, second = _waits(waiting, books, HEAD + 1), _waits(waiting, books, HEAD + 1)
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        books.reached(HEAD + 1)
        return await second

    assert asyncio.run(scene()) is SHOWN


def test_what_goes_wrong_is_told_to_all_who_wait(books: Books, monkeypatch: pytest.MonkeyPatch):
    """Nobody is left waiting, and the next is served."""

    def broken(*_: object) -> int:
        raise RuntimeError("broken")

    async def scene():
        waiting = Arriving()
        with monkeypatch.context() as patched:
            patched.setattr(books, "wait_for", broken)
            tasks = [_waits(waiting, books, HEAD + n) for n in range(3)]
            found = await asyncio.gather(*tasks, return_exceptions=True)
        assert [str(each) for each in found] == ["broken"] * 3
        return await waiting.wait(books, Arrival(HEAD, _otherwise), SHOWN)

    assert asyncio.run(scene()) is SHOWN
