"""Keys: what is taken, what is not, who may make them, and whose writes are whose."""

import stat
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from api.credentials import ADMIN_FILE, ENVIRONMENT_KEY, Keys
from api.runtime import running
from api.settings import Settings
from ledger.database import Database
from ledger.errors import DataFolderUnusable
from tests.support.builders import uid
from tests.support.http import ADMIN_KEY, Api, done

CHECK_INS = f"/key-results/{uid('revenue')}/check-ins"


def basic(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    "header",
    [
        f"Bearer {ADMIN_KEY}",
        f"bearer   {ADMIN_KEY}",
        basic("anybody", ADMIN_KEY),
        basic("", ADMIN_KEY),
    ],
)
def test_a_key_is_taken_as_bearer_and_as_the_password_of_basic(unchanged: Api, header: str):
    assert unchanged.get("/cycles", {"Authorization": header}).status == 200


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        f"Bearer {ADMIN_KEY}x",
        f"Bearer {ADMIN_KEY[:-1]}",
        f"Token {ADMIN_KEY}",
        ADMIN_KEY,
        basic(ADMIN_KEY, ""),
        basic(ADMIN_KEY, "x"),
        "Basic !!!",
        "Basic " + b64encode(b"\xff:\xff").decode(),
        "Bearer qd_" + "x" * 43,
    ],
)
def test_anything_else_is_401_and_says_how(unchanged: Api, header: str):
    for answer in (
        unchanged.get("/cycles", {"Authorization": header}),
        unchanged.post("/teams", {"Authorization": header}, name=5),
    ):
        assert (answer.status, answer.slug) == (401, "unauthenticated")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
        assert ", Basic " in answer.headers["WWW-Authenticate"]


def test_a_stranger_sees_health_documentation_and_problems_alone(unchanged: Api):
    stranger = unchanged.with_key(None)
    for path in ("/healthz", "/readyz", "/openapi.json", "/docs", "/problems/stale"):
        assert stranger.send("GET", path).status == 200
    for path in ("/cycles", "/ledger", "/events", "/keys", "/members"):
        assert stranger.get(path).status == 401


def test_a_key_is_shown_once_and_kept_as_a_hash(api: Api, database_url: str):
    made = api.post("/keys", role="reader", label="a dashboard")
    secret = made.body["key"]
    assert (made.status, secret[:3], len(secret)) == (201, "qd_", 46)
    assert made.headers["Location"] == f"/v1/keys/{made.body['id']}"
    listed = api.get("/keys")
    assert [key["label"] for key in listed.body["items"]] == ["a dashboard"]
    assert secret.encode() not in listed.raw + api.get(f"/keys/{made.body['id']}").raw
    with psycopg.connect(database_url) as connection:
        (row,) = connection.execute("SELECT keys::text FROM quarterdeck.keys").fetchone() or ("",)
    assert secret not in row


def test_a_revoked_key_is_refused_at_once(api: Api):
    made = done(api.post("/keys", role="reader"))
    reader = api.with_key(made["key"])
    assert reader.get("/cycles").status == 200
    revoked = done(api.delete(f"/keys/{made['id']}"))
    assert revoked["revoked_at"] is not None
    assert reader.get("/cycles").status == 401
    assert done(api.delete(f"/keys/{made['id']}")) == revoked
    assert api.delete(f"/keys/{uuid4()}").slug == "not_found"


def test_a_key_expires(api: Api, database_url: str):
    later = datetime.now(UTC) + timedelta(hours=1)
    made = done(api.post("/keys", role="reader", expires_at=later.isoformat()))
    reader = api.with_key(made["key"])
    assert reader.get("/cycles").status == 200
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE quarterdeck.keys SET expires_at = clock_timestamp()")
    assert reader.get("/cycles").status == 401
    assert api.post("/keys", role="reader", expires_at="2020-01-01T00:00:00Z").pointers == ["/expires_at"]


def test_the_use_of_a_key_is_noted_coarsely(api: Api):
    made = done(api.post("/keys", role="reader"))
    assert made["last_used_at"] is None
    reader = api.with_key(made["key"])
    reader.get("/cycles")
    first = done(api.get(f"/keys/{made['id']}"))["last_used_at"]
    reader.get("/cycles")
    assert first is not None
    assert done(api.get(f"/keys/{made['id']}"))["last_used_at"] == first


def test_keys_are_paged_oldest_first(api: Api):
    for label in "abc":
        done(api.post("/keys", role="reader", label=label))
    first = done(api.get("/keys?limit=2"))
    rest = done(api.get(f"/keys?after={first['next']}"))
    assert [key["label"] for key in first["items"] + rest["items"]] == ["a", "b", "c"]
    assert rest["next"] is None


def test_a_key_needs_a_role_and_a_member_that_there_is(api: Api):
    assert api.post("/keys").pointers == ["/role"]
    assert api.post("/keys", role="owner").pointers == ["/role"]
    assert api.post("/keys", role="member", member=str(uuid4())).slug == "not_found"
    assert api.post("/keys", role="member", key="qd_mine").pointers == ["/key"]


# --- whose writes are whose


def author(api: Api, position: int) -> tuple[str, str | None]:
    (event,) = done(api.get(f"/events?after={position - 1}&limit=1"))["items"]
    return event["actor"], event["onbehalfof"]


def test_the_actor_is_the_key_s_member_or_else_the_key(at_work: Api):
    assert author(at_work, 12) == (str(ENVIRONMENT_KEY), None)
    written = at_work.as_("member", "bob").post(CHECK_INS, value=1)
    assert author(at_work, written.position) == (str(uid("bob")), None)
    made = done(at_work.post("/keys", role="admin"))
    written = at_work.with_key(made["key"]).post(CHECK_INS, value=1)
    assert author(at_work, written.position) == (made["id"], None)


def test_a_service_writes_for_a_member_as_far_as_the_member_may(at_work: Api):
    service = at_work.as_("service")
    for_bob, for_cyd = ({"On-Behalf-Of": str(uid(name))} for name in ("bob", "cyd"))
    assert service.post(CHECK_INS, value=1).slug == "forbidden"
    written = service.post(CHECK_INS, for_bob, value=2)
    assert written.status == 201
    assert author(at_work, written.position)[1] == str(uid("bob"))
    assert service.post(CHECK_INS, for_cyd, value=3).slug == "forbidden"
    assert service.patch(f"/objectives/{uid('grow')}", for_bob, title="x").slug == "forbidden"
    assert at_work.post(CHECK_INS, for_cyd, value=4).status == 201


@pytest.mark.parametrize("role", ["reader", "auditor", "member", "lead"])
def test_others_write_for_nobody(at_work: Api, role: str):
    somebody = at_work.as_(role, "ada")
    assert somebody.post(CHECK_INS, {"On-Behalf-Of": str(uid("bob"))}, value=1).slug == "forbidden"


def test_a_page_of_another_site_does_not_write_with_a_browser_s_key(unchanged: Api):
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    assert unchanged.post("/cycles/2026-Q1/open", elsewhere).slug == "forbidden"
    assert unchanged.get("/cycles", elsewhere).status == 200
    assert unchanged.post("/cycles/2026-Q1/open", {"Sec-Fetch-Site": "same-origin"}).status == 200


# --- personal data


def emails(api: Api) -> list[str | None]:
    return [member["email"] for member in done(api.get("/members"))["items"]]


def test_an_address_is_shown_to_admins_auditors_and_its_owner(at_work: Api):
    everything = ["ada@example.com", "bob@example.com", "cyd@example.com"]
    assert emails(at_work) == emails(at_work.as_("auditor")) == everything
    bob, one = at_work.as_("lead", "bob"), f"/members/{uid('bob')}"
    assert emails(bob) == [None, "bob@example.com", None]
    assert done(bob.get(one))["email"] == "bob@example.com"
    assert done(bob.get(f"/members/{uid('ada')}"))["email"] is None
    for role in ("reader", "member", "service"):
        other = at_work.as_(role, "cyd")
        assert done(other.get(one))["email"] is None
        assert emails(other) == [None, None, "cyd@example.com"]
    for role in ("reader", "service"):
        assert emails(at_work.as_(role)) == [None, None, None]
    everywhere = [done(at_work.get(path)) for path in (f"{one}/history", "/events?limit=500")]
    assert "bob@example.com" not in str(everywhere)


# --- the first admin


def test_the_first_start_makes_an_admin_s_key_and_tells_it_once(database_url: str, tmp_path: Path):
    settings, told = Settings(database_url=database_url, data=tmp_path / "data"), []
    for _ in range(2):
        with running(settings, on_admin_key=lambda secret, data: told.append((secret, data))) as runtime:
            kept = (tmp_path / "data" / ADMIN_FILE).read_text().strip()
            with Api(runtime, kept) as api:
                assert api.get("/keys").status == 200
    assert told == [(kept, tmp_path / "data")]
    assert stat.S_IMODE((tmp_path / "data" / ADMIN_FILE).stat().st_mode) == 0o600


def test_a_new_ledger_on_an_old_data_folder_keeps_its_key(database_url: str, tmp_path: Path):
    (tmp_path / ADMIN_FILE).write_text("qd_of-another-ledger\n")
    with running(Settings(database_url=database_url, data=tmp_path), on_admin_key=lambda *_: None) as runtime:
        assert runtime.keys.identify("Bearer qd_of-another-ledger") is not None
    assert (tmp_path / ADMIN_FILE).read_text() == "qd_of-another-ledger\n"


def test_no_key_is_made_by_the_command_line_or_beside_the_environment_s(database_url: str, tmp_path: Path):
    with running(Settings(database_url=database_url, data=tmp_path)):
        pass
    given = Settings(database_url=database_url, data=tmp_path, admin_key=ADMIN_KEY)
    with running(given, on_admin_key=lambda *_: None):
        pass
    assert not (tmp_path / ADMIN_FILE).exists()


def test_a_data_folder_that_cannot_be_written_is_said(database: Database, tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataFolderUnusable, match="QUARTERDECK_ADMIN_KEY"):
        Keys(database).ensure_admin(tmp_path / "file")
    (tmp_path / ADMIN_FILE).write_text("")
    with pytest.raises(DataFolderUnusable, match="empty"):
        Keys(database).ensure_admin(tmp_path)
