"""Who a good token is: a member that there is, one that is registered now, or nobody.

The tokens are signed with a key of the test's; tests/api/test_oidc_provider.py has those of a real provider.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from api.runtime import running
from api.settings import Settings
from tests.support.http import ADMIN_KEY, Api, done
from tests.support.oidc.forging import claims
from tests.support.oidc.members import PAIR, PROVIDER, by, fresh, history, me, sign_in


def test_an_unknown_subject_becomes_a_member_with_a_role_and_writes_as_that(admin: Api):
    sub = fresh()
    known = {"name": "Ada Lovelace", "email": f"{sub}@example.com", "email_verified": True, "roles": ["admin"]}
    ada = by(admin, sub, **known)
    written = ada.post("/teams", name="Analysts")
    assert written.status == 201
    member = me(admin, sub)
    assert (member["name"], member["email"], member["kind"]) == ("Ada Lovelace", f"{sub}@example.com", "person")
    (event,) = done(admin.get(f"/events?after={written.position - 1}&limit=1"))["items"]
    assert (event["actor"], event["onbehalfof"]) == (member["id"], None)
    assert [(item["type"], item["actor"]) for item in history(admin, member["id"])] == [
        ("member.registered", PROVIDER),
        ("member.role_given", PROVIDER),
    ]


def test_it_sees_itself_at_once(admin: Api):
    sub = fresh()
    shown = [one["external_id"] for one in done(by(admin, sub).get("/members?limit=500"))["items"]]
    assert sub in shown


def test_the_same_subject_is_the_same_member_for_ever(admin: Api):
    sub = fresh()
    for name in ("Ada", "Ada King"):
        assert by(admin, sub, name=name).get("/cycles").status == 200
    assert me(admin, sub)["name"] == "Ada"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"name": "Ada", "preferred_username": "al"}, "Ada"),
        ({"preferred_username": "al"}, "al"),
        ({"name": " ", "preferred_username": "al"}, "al"),
        ({"name": "x" * 201}, None),
        ({"name": "a\0b"}, None),
        ({"name": ["Ada"]}, None),
        ({}, None),
    ],
)
def test_a_name_comes_from_the_claims_or_else_is_the_subject(admin: Api, said: dict[str, Any], name: str | None):
    sub = fresh()
    assert by(admin, sub, **said).get("/cycles").status == 200
    assert me(admin, sub)["name"] == (name or sub)


@pytest.mark.parametrize(
    "said",
    [{"email_verified": False}, {"email_verified": None}, {"email_verified": "true"}, {"email": "no address"}],
)
def test_an_address_that_the_provider_did_not_verify_is_not_kept(admin: Api, said: dict[str, Any]):
    sub = fresh()
    by(admin, sub, **{"email": f"{sub}@example.com", "email_verified": True} | said).get("/cycles")
    assert me(admin, sub)["email"] is None


def test_a_client_with_the_role_of_a_service_is_one(admin: Api):
    sub = fresh()
    assert by(admin, sub, roles=["service"]).get("/cycles").status == 200
    assert me(admin, sub)["kind"] == "service"


def test_a_long_subject_is_somebody_too(admin: Api):
    sub = "x" * 255 + fresh()
    before = len(done(admin.get("/members?limit=500"))["items"])
    for _ in range(2):
        assert by(admin, sub).get("/cycles").status == 200
    assert len(done(admin.get("/members?limit=500"))["items"]) == before + 1


@pytest.mark.parametrize("sub", [None, "", " ", "a\nb", "a\0b"])
def test_a_token_about_nobody_is_not_taken(admin: Api, sub: str | None):
    assert by(admin, sub).get("/cycles").body["detail"] == "The token does not say whom it is about."


def test_another_claim_may_say_who_it_is(admin: Api):
    admin.runtime.sign_in = sign_in(admin.runtime, member_claim="https://acme.example.com/employee.number")
    number = fresh()
    said = {"https://acme.example.com/employee": {"number": number}}
    assert by(admin, fresh(), **said).get("/cycles").status == 200
    assert me(admin, number) is not None
    assert by(admin, fresh()).get("/cycles").status == 401


def test_a_member_without_a_subject_is_found_by_a_verified_address(admin: Api):
    sub, address = fresh(), f"{uuid4()}@example.com"
    member = done(admin.post("/members", name="Grace", email=address, kind="person"))["id"]
    known = by(admin, sub, email=address.upper(), email_verified=True, roles=["admin"])
    written = known.post("/teams", name="Compilers")
    (event,) = done(admin.get(f"/events?after={written.position - 1}&limit=1"))["items"]
    assert event["actor"] == member
    assert me(admin, sub) is None
    # The address was given to somebody else at the provider: that one is not Grace.
    assert by(admin, fresh(), email=address, email_verified=True).get("/cycles").status == 200
    assert len(history(admin, member)) == 2


@pytest.mark.parametrize("why", ["not verified", "two have it", "a service"])
def test_and_not_otherwise(admin: Api, why: str):
    sub, address = fresh(), f"{uuid4()}@example.com"
    kind = "service" if why == "a service" else "person"
    for name in ("Grace", "Hopper")[: 2 if why == "two have it" else 1]:
        done(admin.post("/members", name=name, email=address, kind=kind))
    assert by(admin, sub, email=address, email_verified=why != "not verified").get("/cycles").status == 200
    assert me(admin, sub) is not None


def test_where_nobody_is_registered_by_tokens_a_stranger_is_403_and_leaves_no_trace(admin: Api):
    admin.runtime.sign_in = sign_in(admin.runtime, registers=False)
    sub, address = fresh(), f"{uuid4()}@example.com"
    before = admin.get("/ledger").body["position"]
    refused = by(admin, sub, email=address, email_verified=True).get("/cycles")
    assert (refused.status, refused.slug) == (403, "forbidden")
    assert admin.get("/ledger").body["position"] == before
    done(admin.post("/members", name="Grace", email=address, kind="person"))
    assert by(admin, sub, email=address, email_verified=True).get("/cycles").status == 200


def test_whoever_was_erased_is_refused_and_is_not_made_anew(admin: Api):
    sub = fresh()
    ada = by(admin, sub, name="Ada", email=f"{sub}@example.com", email_verified=True)
    assert ada.get("/cycles").status == 200
    member = me(admin, sub)["id"]
    done(admin.post(f"/members/{member}/erase", reason="she left"))
    position = admin.get("/ledger").body["position"]
    for again in (ada, by(admin, sub, roles=["admin"]), by(admin, sub, name="Ada")):
        assert again.get("/cycles").slug == "forbidden"
        assert again.post("/teams", name="x").slug == "forbidden"
    assert me(admin, sub) is None
    assert admin.get("/ledger").body["position"] == position


def test_nothing_that_says_who_it_was_is_left_beside_the_ledger(admin: Api):
    sub = fresh()
    by(admin, sub, name="Ada " + sub).get("/cycles")
    done(admin.post(f"/members/{me(admin, sub)['id']}/erase", reason="she left"))
    with admin.runtime.database.owner_connection() as connection:
        for table in ("subjects", "people", "claims", "events", "idempotency"):
            found = connection.execute(f"SELECT count(*) FROM {table} AS t WHERE t::text LIKE %s", [f"%{sub}%"])
            assert found.fetchone() == (0,), table


def test_a_restored_ledger_knows_its_subjects_by_the_people_s_external_ids(admin: Api):
    """The table of subjects is in no export."""
    sub = fresh()
    assert by(admin, sub).get("/cycles").status == 200
    with admin.runtime.database.owner_connection() as connection:
        connection.execute("DELETE FROM subjects WHERE member = %s", [me(admin, sub)["id"]])
    assert by(admin, sub).get("/cycles").status == 200
    assert len(history(admin, me(admin, sub)["id"])) == 2


def test_the_first_contact_of_one_subject_with_two_servers_at_once_makes_one_member(admin: Api, tmp_path: Path):
    """And one note of its role."""
    url = admin.runtime.settings.database_url
    assert url is not None
    with running(Settings(database_url=url, data=tmp_path, admin_key=ADMIN_KEY)) as other:
        for attempt in range(5):
            sub = f"{fresh()}-{attempt}"
            tokens = [PAIR.sign(claims(sub, name=f"Ada {n}")) for n in range(2)]
            doors = [sign_in(admin.runtime), sign_in(other)]
            with ThreadPoolExecutor(8) as pool:
                asked = [pool.submit(door.identify, token) for door in doors for token in tokens for _ in range(2)]
            come = {(one.result().member, one.result().role) for one in asked}
            assert len(come) == 1
            admin.get("/members", {"Min-Position": str(other.recorder.head().position)})
            types = [item["type"] for item in history(admin, me(admin, sub)["id"])]
            assert types == ["member.registered", "member.role_given"]


def test_the_server_s_role_adds_subjects_and_changes_none(admin: Api):
    with admin.runtime.database.connection() as connection:
        for change in ("UPDATE subjects SET member = gen_random_uuid()", "DELETE FROM subjects"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(change)
