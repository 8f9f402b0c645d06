"""What is recorded stays: for the server's role by privilege, for owner and superuser by triggers.

The exceptions are a redaction, which blanks texts and their salts, and an erasure, which removes a person.
"""

import json
from dataclasses import replace
from hashlib import sha256
from itertools import product
from uuid import uuid4

import psycopg
import pytest

from domain.kernel import Claim, Kind, Person, Ref
from domain.values import Redacted
from ledger.append import (
    Append,
    Appended,
    Attachment,
    Claiming,
    GuardConflict,
    InCycle,
    KeyReused,
    Redaction,
)
from tests.support.ledger import Measured, Noted, Step, Steps, append, key, objective, stored

MEMBER = Ref(Kind.MEMBER, uuid4())
UPDATES = {
    "events": "UPDATE events SET version = 9",
    "head": "UPDATE head SET position = 0, recorded_at = NULL",
    "attachments": "UPDATE attachments SET position = 9",
    "cycle_events": "UPDATE cycle_events SET position = 9",
    "claims": "UPDATE claims SET stream = 'x'",
}


@pytest.fixture
def filled(recorder):
    """A ledger with a row in every table."""
    beside = {
        "claims": [
            Claiming(0, Claim("external_id:member:http", "ada-1"), MEMBER),
            Claiming(0, Claim("label", "x"), MEMBER),
        ],
        "cycles": [InCycle(0, uuid4())],
        "attach": [Attachment(0, objective(), MEMBER)],
        "people": {MEMBER.id: Person("Ada", "ada@example.org", "ada-1", "http")},
        "idempotency": key("k", subject=str(MEMBER)),
    }
    recorder.append([append(MEMBER, 1, **beside)])
    return recorder


def test_owner_and_superuser_are_refused(filled, owner, subtests):
    """Also where session_replication_role switches ordinary triggers off."""
    changes = [
        change
        for table, update in UPDATES.items()
        for change in (update, f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE")
    ]
    for role, change in product(("origin", "replica"), changes):
        with subtests.test(role=role, change=change):
            owner.execute(f"SET session_replication_role = {role}")
            with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
                owner.execute(change)


def test_the_servers_role_has_no_privilege_but_to_read(filled, database, subtests):
    others = {
        "people": "UPDATE people SET name = 'x'",
        "idempotency": "UPDATE idempotency SET key = 'x'",
        "migrations": "UPDATE migrations SET name = 'x'",
    }
    with database.connection() as connection:
        for table, update in (UPDATES | others).items():
            connection.execute(f"SELECT * FROM {table}")
            insert = f"INSERT INTO {table} DEFAULT VALUES"
            for change in (update, f"DELETE FROM {table}", f"TRUNCATE {table}", insert):
                with subtests.test(change=change), pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(change)


def test_the_servers_role_reaches_no_function_but_those_that_append(database):
    with database.connection() as connection:
        functions = connection.execute(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'quarterdeck'::regnamespace"
            " AND has_function_privilege(oid, 'EXECUTE')"
        )
        assert {name for (name,) in functions} == {"append_events", "append_runs", "restore_events", "take_lines"}


def test_the_first_key_can_be_made_and_the_use_of_keys_noted_and_nothing_else_changed(database):
    with database.connection() as connection:
        connection.execute("INSERT INTO keys (id, hash, role) VALUES (gen_random_uuid(), 'x', 'admin')")
        connection.execute("UPDATE keys SET last_used_at = now()")
        others = ("UPDATE keys SET revoked_at = NULL", "UPDATE keys SET expires_at = NULL")
        for change in (*others, "UPDATE keys SET role = 'admin'", "UPDATE keys SET hash = 'y'", "DELETE FROM keys"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(change)


def test_a_text_is_stored_as_a_commitment_with_salt_and_text_beside(recorder, owner):
    recorder.append([append(objective(), 1, event=Noted(note="Grüße, 世界"))])
    data, texts = owner.execute("SELECT data, texts FROM events").fetchone()
    salt, text = bytes.fromhex(texts["/note"]["salt"]), texts["/note"]["text"]
    assert (len(salt), text) == (16, "Grüße, 世界")
    assert data == {"note": sha256(salt + text.encode()).hexdigest()}


def test_the_same_text_has_another_commitment_each_time(recorder, owner):
    """Or it could be recognised after its redaction."""
    recorder.append([append(objective(), 1, 2, event=Noted(note="the same"))])
    ((count,),) = owner.execute("SELECT count(DISTINCT data) FROM events")
    assert count == 2


def test_a_redaction_removes_text_and_salt_and_keeps_the_event_byte_for_byte(recorder, owner):
    event = Measured(title="a", measure=Steps(steps=(Step(title="b"), Step(title="c"))), remarks=("d",))
    stream = objective()
    recorder.append([append(stream, 1, event=event)])
    row = "SELECT (to_jsonb(e) - 'texts')::text FROM events e WHERE position = 1"
    before = owner.execute(row).fetchone()
    redaction = Redaction(1, ["/measure/steps/1/title", "/remarks/0"], "a person's name")
    (done,) = recorder.append([append(objective(), 1, redaction=redaction)])
    (texts,) = owner.execute("SELECT texts FROM events WHERE position = 1").fetchone()
    assert owner.execute(row).fetchone() == before
    gone = {"redacted": True, "at": done.at.isoformat().replace("+00:00", "Z"), "reason": "a person's name"}
    assert texts["/measure/steps/1/title"] == texts["/remarks/0"] == gone
    assert texts["/title"]["text"] == "a"
    blank = Redacted(at=done.at, reason="a person's name")
    assert recorder.read_stream(stream)[0].event == Measured(
        title="a", measure=Steps(steps=(Step(title="b"), Step(title=blank))), remarks=(blank,)
    )


def test_redacting_again_changes_nothing_and_what_is_not_there_is_a_conflict(recorder, owner):
    recorder.append([append(objective(), 1)])
    recorder.append([Append(redaction=Redaction(1, ["/note"], "first"))])
    assert isinstance(recorder.append([Append(redaction=Redaction(1, ["/note"], "second"))])[0], Appended)
    assert owner.execute("SELECT texts #>> '{/note,reason}' FROM events").fetchone() == ("first",)
    for position, pointer in ((1, "/number"), (2, "/note")):
        outcome = recorder.append([Append(redaction=Redaction(position, [pointer], "why"))])
        assert outcome == [GuardConflict(f"{position}{pointer}")]


def test_texts_change_in_no_other_way(recorder, owner, subtests):
    redacted = {"redacted": True, "at": "2026-01-01T00:00:00Z", "reason": "why"}
    recorder.append([append(objective(), 1)])
    for texts in (
        {},
        {"/note": {"salt": "00", "text": "another text"}},
        {"/note": {"redacted": True}},
        {"/note": redacted | {"redacted": False}},
        {"/note": redacted | {"salt": "00"}},
        {"/note": redacted, "/more": {}},
    ):
        with subtests.test(texts=texts), pytest.raises(psycopg.errors.RestrictViolation, match="of event 1"):
            owner.execute("UPDATE events SET texts = %s", [json.dumps(texts)])
    owner.execute("UPDATE events SET texts = %s", [json.dumps({"/note": redacted})])


def test_a_redaction_is_final(recorder, owner):
    recorder.append([append(objective(), 1)])
    owner.execute("CREATE TEMP TABLE before AS SELECT texts FROM events")
    recorder.append([Append(redaction=Redaction(1, ["/note"], "why"))])
    with pytest.raises(psycopg.errors.RestrictViolation):
        owner.execute("UPDATE events SET texts = before.texts FROM before")


def test_a_redaction_does_not_cover_another_change(recorder, owner, subtests):
    """Not even of a number into an equal one that is written otherwise: it would be another leaf."""
    event = replace(stored(objective(), 1), state=b'{"note": "x", "n": 1}')
    recorder.append([Append(events=[event])])
    redaction = """texts = '{"/note": {"redacted": true, "at": "2026-01-01T00:00:00Z", "reason": "why"}}'"""
    for change in (
        """data = data || '{"n": 2}'""",
        """data = replace(data::text, '1', '1.0')::jsonb""",
        "stream = 'objective/x'",
        "effective_at = effective_at - interval '1 day'",
        "actor = gen_random_uuid()",
    ):
        with subtests.test(change=change), pytest.raises(psycopg.errors.RestrictViolation):
            owner.execute(f"UPDATE events SET {redaction}, {change}")
    owner.execute(f"UPDATE events SET {redaction}")


def test_erasing_a_member_removes_the_person_and_the_external_id_and_nothing_else(filled, owner):
    """The key that the member was made under is used up: its request cannot be compared any more."""
    other = Ref(Kind.MEMBER, uuid4())
    filled.append([append(other, 1, people={other.id: Person("Bob", None)})])
    filled.append([append(MEMBER, 2, erase=MEMBER.id)])
    assert filled.people() == {other.id: Person("Bob", None)}
    assert filled.person(MEMBER.id) is None
    assert filled.holder("external_id:member:http", "ada-1") is None
    assert filled.holder("label", "x") == MEMBER
    assert [fact.version for fact in filled.read_stream(MEMBER)] == [1, 2]
    assert owner.execute("SELECT request_hash FROM idempotency").fetchone() == (b"",)
    assert filled.append([append(MEMBER, 1, idempotency=key("k"))]) == [KeyReused()]


def test_a_claim_cannot_be_deleted_while_its_person_is_there(filled, owner):
    for condition in ("scope = 'label'", "scope LIKE 'external_id:%'"):
        with pytest.raises(psycopg.errors.RestrictViolation, match="keeps its claim"):
            owner.execute(f"DELETE FROM claims WHERE {condition}")
