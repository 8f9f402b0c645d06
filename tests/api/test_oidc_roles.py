"""Which role a good token gives, what is recorded of it, and what is said of tokens that let nobody in."""

import time
from dataclasses import replace
from typing import Any

import pytest

from api.attempts import Allowance, Attempts
from api.oidc.claims import STRONGEST, role_of
from domain.roles import Role
from tests.support.builders import uid
from tests.support.http import Answer, Api, done
from tests.support.oidc.forging import ISSUER, claims
from tests.support.oidc.members import PAIR, SETTINGS, by, fresh, history, me


@pytest.mark.parametrize(
    ("said", "settings", "role"),
    [
        ({"roles": ["reader", "auditor", "lead", "member"]}, {}, "lead"),
        ({"roles": ["service", "member"]}, {}, "member"),
        ({"roles": ["auditor", "service"]}, {}, "service"),
        ({"roles": "auditor reader"}, {}, "auditor"),
        ({"roles": ["Admin", 5, None, ["admin"]]}, {}, None),
        ({"roles": {"admin": True}}, {}, None),
        ({"roles": None}, {"default_role": "reader"}, "reader"),
        ({"roles": ["admin"]}, {"roles": {"okr-admins": "admin"}}, None),
        ({"roles": ["okr-admins", "staff"]}, {"roles": {"okr-admins": "admin", "staff": "member"}}, "admin"),
        ({"realm_access": {"roles": ["lead"]}}, {"roles_claim": "realm_access.roles"}, "lead"),
        ({"https://a.example.com/roles": ["lead"]}, {"roles_claim": "https://a.example.com/roles"}, "lead"),
        ({"realm_access": "lead"}, {"roles_claim": "realm_access.roles"}, None),
    ],
)
def test_the_strongest_role_of_those_in_the_claims_counts(
    said: dict[str, Any], settings: dict[str, Any], role: Role | None
):
    assert role_of(claims("ada", **said), replace(SETTINGS, **settings)) == role


def test_every_role_has_its_place():
    assert len(set(STRONGEST)) == len(STRONGEST) == 6


@pytest.mark.parametrize("role", ["reader", "auditor", "service", "member", "lead", "admin"])
def test_a_role_of_a_token_may_what_the_same_role_of_a_key_may(admin: Api, role: str):
    somebody = by(admin, fresh(), roles=[role])
    assert somebody.get("/cycles").status == 200
    assert (somebody.post("/teams", name="x").status == 201) == (role == "admin")
    assert (somebody.get("/keys").status == 200) == (role == "admin")


def test_a_token_without_a_role_is_403_and_its_subject_is_nobody(admin: Api):
    sub = fresh()
    refused = by(admin, sub, roles=["staff"]).get("/cycles")
    assert (refused.status, refused.slug) == (403, "forbidden")
    assert "no role" in refused.body["detail"]
    assert me(admin, sub) is None


def test_a_lead_leads_the_teams_that_the_ledger_says(admin: Api):
    sub = fresh()
    lead = by(admin, sub, roles=["lead"])
    objective = {"cycle": "2026-Q1", "title": "faster", "team": str(uid("core"))}
    assert lead.post("/objectives", **objective).slug == "forbidden"
    done(admin.put(f"/teams/{uid('core')}/members/{me(admin, sub)['id']}", role="lead"))
    assert lead.post("/objectives", **objective).status == 201


def test_a_role_is_an_event_when_it_changes_and_not_when_it_is_used(admin: Api):
    sub, now = fresh(), int(time.time())
    given = [(1, ["member"]), (2, ["member"]), (3, ["lead"]), (3, ["lead"]), (4, ["reader"])]
    for seconds, roles in given:
        assert by(admin, sub, roles=roles, iat=now - 60 + seconds).get("/cycles").status == 200
    member = me(admin, sub)["id"]
    told = [item for item in history(admin, member) if item["type"] == "member.role_given"]
    assert [item["summary"] for item in told] == [
        f"The member was given the role {role} by {ISSUER}." for role in ("member", "lead", "reader")
    ]
    assert [change for change in told[1]["changes"] if change["field"] == "role"] == [
        {"field": "role", "old": "member", "new": "lead"}
    ]
    audited = done(admin.get("/audit?type=member.role_given&limit=1"))["items"]
    assert audited == [told[-1]]


def test_an_older_token_has_the_weaker_of_its_role_and_the_one_that_came_after(admin: Api):
    """A role that was taken away does not live on in it, nor does it rise with its holder."""
    now = int(time.time())
    orders: list[tuple[str, str]] = [("admin", "reader"), ("reader", "admin")]
    for roles in orders:
        sub = fresh()
        before, after = (by(admin, sub, roles=[role], iat=now - 9 + n) for n, role in enumerate(roles))
        assert (before.post("/teams", name="x").status == 201) == (roles[0] == "admin")
        for _ in range(3):
            assert (after.post("/teams", name="x").status == 201) == (roles[1] == "admin")
            assert before.post("/teams", name="x").status == 403
        # Nor do two tokens in turn fill the ledger.
        assert len(history(admin, me(admin, sub)["id"])) == 3


def test_of_two_tokens_of_one_instant_the_first_that_is_used_is_noted(admin: Api):
    sub, now = fresh(), int(time.time())
    for role in ("lead", "admin", "lead", "reader"):
        assert by(admin, sub, roles=[role], iat=now).post("/teams", name="x").status == 403
    assert len(history(admin, me(admin, sub)["id"])) == 2


def test_the_member_s_etag_is_that_of_its_newest_event(admin: Api):
    sub = fresh()
    by(admin, sub).get("/cycles")
    member = me(admin, sub)["id"]
    newest = history(admin, member)[-1]["position"]
    shown = admin.get(f"/members/{member}")
    assert (shown.etag, shown.body["state"]) == (f'"{newest}"', "active")
    erased = admin.post(f"/members/{member}/erase", {"If-Match": shown.etag}, reason="she left")
    assert erased.status == 200


# --- what is said of tokens that are not good


def test_a_bad_token_is_401_and_says_in_general_terms_what_is_wrong(admin: Api):
    refused = by(admin, fresh(), exp=5).get("/cycles")
    assert (refused.status, refused.slug, refused.body["detail"]) == (401, "unauthenticated", "The token has expired.")
    challenge = refused.headers["WWW-Authenticate"]
    assert 'error="invalid_token", error_description="The token has expired."' in challenge
    assert challenge.startswith("Bearer ") and ", Basic " in challenge


def test_a_key_is_a_credential_as_before(admin: Api):
    assert admin.get("/cycles").status == 200
    assert admin.as_("reader").get("/cycles").status == 200
    assert "error=" not in admin.with_key("qd_nobody").get("/cycles").headers["WWW-Authenticate"]


def test_a_token_is_nothing_where_there_is_no_provider(admin: Api):
    admin.runtime.sign_in = None
    assert by(admin).get("/cycles").status == 401


def test_too_many_bad_tokens_are_429_and_good_ones_never(admin: Api):
    now = [0.0]
    admin.runtime.attempts = Attempts(Allowance(5, 10), Allowance(2, 10), clock=lambda: now[0])
    expired, good = (by(admin, "ada", exp=exp) for exp in (5, int(time.time()) + 600))
    assert [expired.get("/cycles").status for _ in range(4)] == [401, 401, 429, 429]
    # Tokens begin alike; each is counted by itself, and all by their address.
    others = [by(admin, fresh(), exp=5).get("/cycles") for _ in range(3)]
    assert [other.status for other in others] == [401, 429, 429]
    assert others[-1].headers["Retry-After"] == "10"
    assert [good.get("/cycles").status for _ in range(20)] == [200] * 20


def test_tokens_that_are_good_but_let_nobody_in_are_not_counted(admin: Api):
    admin.runtime.attempts = Attempts(Allowance(1, 10), Allowance(1, 10), clock=lambda: 0.0)
    assert [by(admin, "x", roles=[]).get("/cycles").status for _ in range(3)] == [403] * 3


def test_a_token_is_in_no_line_of_the_log(admin: Api, caplog: pytest.LogCaptureFixture):
    caplog.set_level(0)
    tokens = [PAIR.sign(claims(fresh())), PAIR.sign(claims(exp=5)), PAIR.sign(claims(roles=[]))]
    answers: list[Answer] = [admin.with_key(token).get("/cycles") for token in tokens]
    said = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("http"))
    assert [answer.status for answer in answers] == [200, 401, 403]
    for token, answer in zip(tokens, answers, strict=True):
        for part in token.split("."):
            assert part not in said + answer.raw.decode() + str(answer.headers)
