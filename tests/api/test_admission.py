"""The door for writes: so many at once, so many waiting, and nobody for ever."""

import asyncio
from threading import Event

import anyio
import pytest

from api.admission import Admission
from api.setting_errors import SettingsError
from api.settings import Settings
from domain.errors import NotReady


def entered(admission, going):
    """A task that takes a turn and holds it until it is let go."""

    async def hold(*, task_status=anyio.TASK_STATUS_IGNORED):
        async with admission.turn():
            task_status.started()
            await going.wait()

    return hold


def test_more_than_may_wait_are_refused_and_the_others_get_their_turn():
    async def scene():
        admission, going, done = Admission(most_waiting=1, at_once=1), anyio.Event(), []

        async def wait():
            async with admission.turn():
                done.append("waited")

        async with anyio.create_task_group() as tasks:
            await tasks.start(entered(admission, going))
            tasks.start_soon(wait)
            await anyio.wait_all_tasks_blocked()
            with pytest.raises(NotReady, match="Too many") as refused:
                async with admission.turn():
                    done.append("never")
            assert refused.value.slug == "busy"
            going.set()
        return done

    assert anyio.run(scene) == ["waited"]


def test_nobody_waits_for_a_turn_for_ever():
    """And a turn that was not taken is there for the next."""

    async def scene():
        admission, going = Admission(most_waiting=5, at_once=1, patience=0.01), anyio.Event()
        async with anyio.create_task_group() as tasks:
            await tasks.start(entered(admission, going))
            with pytest.raises(NotReady, match="too long"):
                async with admission.turn():
                    raise AssertionError
            going.set()
        async with admission.turn():
            return True

    assert anyio.run(scene)


def test_a_server_that_is_full_answers_503_and_when_to_come_again(api):
    """And takes reads all the same."""
    api.runtime.admission = Admission(most_waiting=0, at_once=0)
    refused = api.post("/teams", name="Sales")
    assert (refused.status, refused.slug, refused.headers["Retry-After"]) == (503, "busy", "1")
    assert api.get("/teams").status == 200


def test_a_ledger_that_is_closed_takes_no_more(api):
    """What comes while a server stops is refused, and nothing of it is recorded."""
    assert api.runtime.ledger.close()
    refused = api.post("/teams", name="Sales")
    assert (refused.status, refused.slug) == (503, "busy")
    assert api.runtime.recorder.head().position == 0


@pytest.mark.parametrize("bad", ["0", "many", "-1", "1000000"])
def test_how_many_may_wait_is_a_number(bad):
    assert Settings.from_env({"QUARTERDECK_MOST_WAITING": "20"}).most_waiting == 20
    with pytest.raises(SettingsError, match="QUARTERDECK_MOST_WAITING"):
        Settings.from_env({"QUARTERDECK_MOST_WAITING": bad})


def test_a_call_that_has_begun_is_waited_for():
    """A write whose request is given up in the middle has ended when its turn ends."""
    begun, going, ended = Event(), Event(), []

    def write():
        begun.set()
        ended.append(going.wait(60))

    async def scene():
        task = asyncio.create_task(Admission(most_waiting=1).carry_out(write))
        await asyncio.to_thread(begun.wait, 60)
        task.cancel()
        await asyncio.sleep(0)
        going.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        return list(ended)

    assert asyncio.run(scene()) == [True]
