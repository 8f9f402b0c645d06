"""Keys that are looked up together: each request still gets its own answer, of now."""

import asyncio

import pytest

from api.credentials import ENVIRONMENT_KEY, Keys
from api.lookups import Lookups
from ledger.database import Database
from tests.support.http import ADMIN_KEY, Api, done


@pytest.fixture
def keys(at_work: Api) -> Keys:
    return Keys(at_work.runtime.database, ADMIN_KEY)


def test_requests_that_come_together_get_each_their_own_answer(at_work: Api, keys: Keys):
    reader, auditor = (done(at_work.post("/keys", role=role)) for role in ("reader", "auditor"))

    async def scene():
        shown = [f"Bearer {reader['key']}", None, "Bearer qd_nobody-s", f"Bearer {auditor['key']}"]
        lookups = Lookups(keys)
        return await asyncio.gather(*map(lookups.identify, [*shown, f"Bearer {ADMIN_KEY}", shown[0]]))

    found = asyncio.run(scene())
    assert [str(one.key) if one else None for one in found] == [
        *(reader["id"], None, None, auditor["id"]),
        *(str(ENVIRONMENT_KEY), reader["id"]),
    ]


def test_they_take_one_connection_once(at_work: Api):
    made = done(at_work.post("/keys", role="reader"))

    async def scene(lookups: Lookups):
        await asyncio.gather(*(lookups.identify(f"Bearer {made['key']}") for _ in range(20)))

    with Database(at_work.runtime.database.url) as database:
        asyncio.run(scene(Lookups(Keys(database))))
        assert database._pool.get_stats()["requests_num"] == 1


def test_where_there_is_nothing_to_look_up_nothing_is_asked():
    """Of the environment's key, and of none, the database need not even be there."""

    async def scene(lookups: Lookups):
        return [await lookups.identify(shown) for shown in (f"Bearer {ADMIN_KEY}", None, "Digest x")]

    admin, *nobody = asyncio.run(scene(Lookups(Keys(Database("postgresql://nowhere.invalid/none"), ADMIN_KEY))))
    assert admin is not None
    assert admin.key == ENVIRONMENT_KEY
    assert nobody == [None, None]


def test_a_key_that_was_revoked_meanwhile_is_refused_to_who_comes_after(at_work: Api, keys: Keys):
    made = done(at_work.post("/keys", role="reader"))

    async def scene():
        lookups, shown = Lookups(keys), f"Bearer {made['key']}"
        before = await lookups.identify(shown)
        await asyncio.to_thread(lambda: done(at_work.delete(f"/keys/{made['id']}")))
        return before, await lookups.identify(shown)

    before, after = asyncio.run(scene())
    assert before is not None
    assert after is None


def test_a_request_that_is_given_up_does_not_take_the_others_along(at_work: Api, keys: Keys):
    made = done(at_work.post("/keys", role="reader"))

    async def scene():
        lookups = Lookups(keys)
        first, second = (asyncio.create_task(lookups.identify(f"Bearer {made['key']}")) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        return await second

    assert asyncio.run(scene()) is not None
