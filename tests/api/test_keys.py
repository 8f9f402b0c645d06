"""Making and revoking keys are events; using them is not. A key is shown once, and refused at once when it is over."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from api.credentials import ADMIN_FILE, ENVIRONMENT_KEY, Keys
from api.runtime import running
from api.settings import Settings
from ledger.database import Database
from tests.api.conftest import serving
from tests.support.builders import uid
from tests.support.http import ADMIN_KEY, Answer, Api, done
from tests.support.postgres import Postgres

LAPTOP = {"role": "member", "member": str(uid("bob")), "label": "Bob's laptop"}


@pytest.fixture(scope="module")
def at_work(postgres: Postgres, company_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An admin's client on the ledger of a small company. The tests of this module add to it, each from its `head`."""
    name = postgres.copy_of(company_database)
    with serving(postgres.url_of(name), tmp_path_factory.mktemp("data")) as client:
        yield client
    postgres.drop(name)


@pytest.fixture
def head(at_work: Api) -> int:
    """Where the ledger ends when a test begins."""
    return int(at_work.get("/ledger").body["position"])


@pytest.fixture
def elsewhere(at_work: Api) -> Keys:
    """The keys as another process sees them, which has never looked at the ledger."""
    return Keys(at_work.runtime.database)


@pytest.fixture
def owner(at_work: Api) -> Iterator[psycopg.Connection]:
    """A connection of who owns the tables."""
    url = at_work.runtime.database.url
    with psycopg.connect(url, autocommit=True, options="-c search_path=quarterdeck") as connection:
        yield connection


def listed(api: Api) -> list[dict]:
    return done(api.get("/keys?limit=500"))["items"]


def registered(api: Api) -> str:
    """A new member, to be erased."""
    return str(done(api.post("/members", name="Dee", kind="person"))["id"])


def sentence(answer: Answer) -> str:
    return done(answer)["items"][0]["summary"]


# --- writes like any other


def test_making_a_key_is_an_event_without_what_it_is(at_work: Api, head: int):
    made = at_work.post("/keys", **LAPTOP)
    secret = made.body["key"]
    assert (made.status, made.position, made.etag) == (201, head + 1, f'"{head + 1}"')
    assert made.body["created_by"] == str(ENVIRONMENT_KEY)
    events = at_work.get(f"/events?after={head}")
    (event,) = done(events)["items"]
    assert (event["type"], event["subject"]) == ("key.created", f"key/{made.body['id']}")
    assert event["data"] == LAPTOP | {"expires_at": None, "external_id": None, "source": "http"}
    assert secret.encode() not in events.raw


def test_revoking_a_key_is_an_event_with_a_reason(at_work: Api, head: int):
    made = done(at_work.post("/keys", role="reader"))
    revoked = at_work.delete(f"/keys/{made['id']}?reason=stolen")
    assert (revoked.status, revoked.position, revoked.etag) == (200, head + 2, f'"{head + 2}"')
    assert (revoked.body["state"], revoked.body["revoked_at"]) == ("revoked", revoked.body["as_of"]["recorded_at"])
    (latest, _) = done(at_work.get(f"/keys/{made['id']}/history"))["items"]
    assert (latest["type"], latest["reason"]) == ("key.revoked", "stolen")


def test_using_a_key_is_no_event(at_work: Api, head: int):
    reader = at_work.as_("reader")
    before = reader.get("/cycles").position
    assert reader.get("/cycles").position == before == head + 1


def test_a_key_is_made_on_somebodys_behalf_and_both_are_named(at_work: Api):
    made = at_work.post("/keys", {"On-Behalf-Of": str(uid("ada"))}, role="reader")
    (item,) = done(at_work.get(f"/keys/{made.body['id']}/history"))["items"]
    assert (item["actor"], item["on_behalf_of"]) == (str(ENVIRONMENT_KEY), str(uid("ada")))


def test_a_stale_if_match_revokes_nothing(at_work: Api, head: int):
    made = at_work.post("/keys", role="reader")
    path = f"/keys/{made.body['id']}"
    assert at_work.delete(path, {"If-Match": f'"{head}"'}).slug == "stale"
    assert done(at_work.get(path))["state"] == "active"
    assert at_work.delete(path, {"If-Match": made.etag or ""}).status == 200


def test_the_same_idempotency_key_answers_the_same_without_the_key_and_makes_no_other(at_work: Api):
    once, before = {"Idempotency-Key": "bobs-laptop"}, len(listed(at_work))
    first, again = (at_work.post("/keys", once, **LAPTOP) for _ in range(2))
    at_work.with_key(first.body["key"]).get("/cycles")
    at_work.delete(f"/keys/{first.body['id']}")
    last = at_work.post("/keys", once, **LAPTOP)
    for answer in (again, last):
        assert (answer.status, answer.position, answer.etag) == (201, first.position, first.etag)
        assert answer.body == first.body | {"key": None}
    assert len(listed(at_work)) == before + 1
    assert at_work.post("/keys", once, role="reader").slug == "idempotency_key_reused"


def test_the_same_key_under_its_id_already_is(at_work: Api):
    first, again = (at_work.post("/keys", id=uid("laptop"), **LAPTOP) for _ in range(2))
    assert first.body["key"].startswith("qd_")
    assert (again.status, again.body["key"], again.position) == (200, None, first.position)
    assert at_work.with_key(first.body["key"]).get("/cycles").status == 200
    assert at_work.post("/keys", id=uid("laptop"), role="admin").slug == "id_taken"


def test_a_key_is_shown_also_to_whoever_does_not_wait(at_work: Api):
    made = at_work.post("/keys", {"Prefer": "respond-async"}, role="reader").body
    assert made["kind"] == "key"
    assert at_work.with_key(made["key"]).get(f"/keys/{made['id']}/history").status == 200


def test_only_admins_make_and_revoke_keys(at_work: Api):
    key = done(at_work.post("/keys", role="reader"))["id"]
    for role, member in (("lead", "ada"), ("service", "bob"), ("auditor", None)):
        somebody = at_work.as_(role, member)
        assert somebody.post("/keys", role="admin").slug == "forbidden"
        assert somebody.delete(f"/keys/{key}").slug == "forbidden"


def test_a_key_that_cannot_be_is_refused_and_nothing_is_recorded(at_work: Api):
    dee, before = registered(at_work), len(listed(at_work))
    head = at_work.post(f"/members/{dee}/erase", reason="asked").position
    nobody, erased = (at_work.post("/keys", role="lead", member=who) for who in (uuid4(), dee))
    assert (nobody.status, nobody.pointers) == (404, ["/member"])
    assert (erased.status, erased.slug) == (409, "erased")
    assert at_work.post("/keys", role="reader", effective_at="2999-01-01T00:00:00Z").slug == "effective_in_future"
    assert at_work.get("/ledger").body["position"] == head
    assert len(listed(at_work)) == before


# --- what is refused, and at once


def test_a_revoked_key_is_refused_from_the_next_request_on_in_every_process(at_work: Api, elsewhere: Keys):
    made = done(at_work.post("/keys", role="reader"))
    assert elsewhere.identify(f"Bearer {made['key']}") is not None
    done(at_work.delete(f"/keys/{made['id']}"))
    assert elsewhere.identify(f"Bearer {made['key']}") is None


def test_the_keys_of_an_erased_member_are_refused_at_once_in_every_process(at_work: Api, elsewhere: Keys):
    id = registered(at_work)
    made, ada = done(at_work.post("/keys", role="member", member=id)), at_work.as_("lead", "ada")
    assert elsewhere.identify(f"Bearer {made['key']}") is not None
    erased = at_work.post(f"/members/{id}/erase", reason="left")
    assert at_work.with_key(made["key"]).get("/cycles").status == 401
    assert elsewhere.identify(f"Bearer {made['key']}") is None
    assert ada.get("/cycles").status == 200
    revoked = at_work.delete(f"/keys/{made['id']}")
    assert (revoked.position, revoked.body["state"]) == (erased.position, "revoked")
    assert revoked.body["revoked_at"] == erased.body["as_of"]["recorded_at"]


def test_a_key_that_has_no_hash_opens_nothing(at_work: Api, owner: psycopg.Connection):
    """As in a ledger that was restored from an export."""
    made = at_work.post("/keys", role="reader").body
    owner.execute("UPDATE keys SET hash = NULL WHERE id = %s", [made["id"]])
    assert at_work.with_key(made["key"]).get("/cycles").status == 401
    assert done(at_work.get(f"/keys/{made['id']}"))["state"] == "restored"


# --- what is shown


def test_a_key_shows_how_it_stands_who_made_it_and_when_it_was_used(at_work: Api, head: int):
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    boss = at_work.as_("admin", "ada")
    made = done(boss.post("/keys", role="reader", expires_at=soon))
    at_work.with_key(made["key"]).get("/cycles")
    shown = done(at_work.get(f"/keys/{made['id']}"))
    assert (shown["created_by"], shown["state"]) == (str(uid("ada")), "active")
    assert shown["last_used_at"] > shown["created_at"]
    later = done(at_work.get(f"/keys/{made['id']}?valid_at=2999-01-01"))
    assert later["state"] == "expired"
    assert at_work.get(f"/keys/{made['id']}?as_of={head}").slug == "not_found"


def test_the_history_and_the_audit_say_in_a_sentence_what_happened_to_a_key(at_work: Api):
    reader = at_work.as_("reader")
    made = done(at_work.post("/keys", **LAPTOP, expires_at="2999-01-01T00:00:00Z"))
    path = f"/keys/{made['id']}"
    said = "A key of the role member was made for a member, to end at 2999-01-01 00:00 UTC: “Bob's laptop”."
    assert sentence(reader.get(f"{path}/history")) == sentence(reader.get("/audit?kind=key")) == said
    done(at_work.delete(path))
    assert sentence(reader.get(f"/audit?id={made['id']}")) == "The key was revoked; it opens nothing any more."
    assert sentence(reader.get("/audit?q=laptop")) == said


def test_a_redacted_label_is_gone_from_the_list_of_keys_too(at_work: Api, head: int):
    made = done(at_work.post("/keys", **LAPTOP))
    done(at_work.post(f"/events/{head + 1}/redact", field="label", reason="names a person"))
    shown = done(at_work.get(f"/keys/{made['id']}"))
    assert (shown["label"]["redacted"], shown["label"]["reason"]) == (True, "names a person")
    assert len(done(at_work.get(f"/keys/{made['id']}/history"))["items"]) == 2


# --- the keys that no event tells of


@pytest.fixture
def first(database_url: str, tmp_path: Path) -> Iterator[Api]:
    """Whoever has the key of a first start."""
    settings = Settings(database_url=database_url, data=tmp_path)
    with running(settings, on_admin_key=lambda *_: None) as runtime:
        key = (tmp_path / ADMIN_FILE).read_text().strip()
        with Api(runtime, key) as client:
            yield client


def test_the_first_key_is_no_event_and_revoking_it_is(first: Api, tmp_path: Path):
    (key,) = listed(first)
    path = f"/keys/{key['id']}"
    assert (key["created_by"], key["label"], key["state"]) == (None, "first start", "active")
    assert done(first.get(f"{path}/history"))["items"] == []
    assert done(first.get(path)).items() >= key.items()
    second = first.as_("admin")
    assert second.get("/ledger").body["position"] == 1
    revoked = second.delete(path)
    assert (revoked.position, revoked.body["state"], revoked.etag) == (2, "revoked", '"2"')
    assert first.get("/cycles").status == 401
    assert second.delete(path).position == 2
    assert sentence(second.get(f"{path}/history")).startswith("The key was revoked")
    assert first.runtime.keys.ensure_admin(tmp_path) is None


def test_the_environments_key_is_in_no_list_and_cannot_be_revoked(at_work: Api):
    assert str(ENVIRONMENT_KEY) not in [key["id"] for key in listed(at_work)]
    assert at_work.delete(f"/keys/{ENVIRONMENT_KEY}").slug == "not_found"


def test_a_key_that_was_revoked_before_any_event_told_of_it_stays_so(
    at_work: Api, head: int, owner: psycopg.Connection
):
    owner.execute("INSERT INTO keys (id, hash, role, revoked_at) VALUES (%s, 'x', 'lead', now())", [UUID(int=7)])
    answer = at_work.delete(f"/keys/{UUID(int=7)}")
    assert (answer.status, answer.position, answer.body["state"]) == (200, head, "revoked")
    assert "ETag" not in answer.headers


def test_a_ledger_that_knows_of_admins_but_that_nobody_can_open_gets_a_first_key(database: Database, tmp_path: Path):
    """As after a restore: the admins' keys are in the export, what they are is not."""
    with database.owner_connection() as owner:
        owner.execute("INSERT INTO keys (id, role) VALUES (gen_random_uuid(), 'admin')")
    assert Keys(database, ADMIN_KEY).ensure_admin(tmp_path) is None
    secret = Keys(database).ensure_admin(tmp_path)
    assert Keys(database).identify(f"Bearer {secret}") is not None
