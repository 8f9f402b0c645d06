"""The way out and the way back: a restored ledger is the same ledger."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from domain.kernel import Command, Kind, Ref
from domain.key.decisions import CreateKey, RevokeKey
from domain.member.decisions import EraseMember, give_role
from domain.redaction.decisions import RedactText
from domain.roles import Role
from ledger.application import Ledger
from ledger.errors import RestoreRefused
from ledger.export import export_ledger, export_people
from ledger.history_file import HistoryFile, LineNotTaken
from ledger.importing import import_history
from ledger.orders import Order
from ledger.recorder import LedgerRecorder
from ledger.restoring import Restored, restore
from tests.history.conftest import another_ledger, written
from tests.history.lines import GOALS, check_in, id_of, key_result, line, objective, plan
from tests.support.postgres import Postgres

ADMIN = UUID(int=1)

EVERYTHING = (
    line("register_member", id="bob", name="Bob", email="bob@example.com", kind="person"),
    line("register_member", id="eve", name="Eve", email="eve@example.com", kind="person"),
    line("form_team", id="core", name="Core"),
    line("join_team", team="core", member="bob", role="lead"),
    *GOALS,
    plan("2026-Q2", starts_on="2026-04-01", ends_on="2026-06-30", parent="2026-Q1"),
    line("open_cycle", cycle="2026-Q1"),
    objective("low", aligned_to="revenue", description="why", team="core", owner="bob"),
    objective("moved"),
    line("move_objective", objective="moved", cycle="2026-Q2"),
    key_result("zones", measure={"type": "zones", "commit": "a", "target": "b", "stretch": "c"}),
    key_result("steps", measure={"type": "milestones", "milestones": [{"title": "x/y~z"}, {"title": "v"}]}),
    line("change_key_result", key_result="zones", objective="low"),
    line("start_initiative", id="bells", key_result="revenue", title="Bells", hypothesis="many"),
    line("change_initiative", initiative="bells", learning="few"),
    check_in(id="monday", note="a good week", confidence="7.5"),
    check_in(external_id="tuesday", value="0.1"),
    line("correct_check_in", at="2026-03-01T09:00:00Z", check_in="monday", value=41, reason="a slip"),
    line("grade_objective", at="2026-03-02T09:00:00Z", objective="grow", score="0.7", reflection="well"),
    line("drop_key_result", at="2026-03-02T09:00:00Z", key_result="steps", reason="no"),
    line("carry_forward", id="grow-2", objective="grow", to_cycle="2026-Q2", baseline="from_current",
         at="2026-03-03T09:00:00Z"),
    line("close_cycle", at="2026-04-05T09:00:00Z", cycle="2026-Q1", reflection="so so"),
)  # fmt: skip

# What the ledger keeps beside its events. Claims on people's names say where they were made, which is not
# restored.
BESIDE = {
    "attachments": "SELECT * FROM attachments ORDER BY parent, child",
    "cycle_events": "SELECT * FROM cycle_events ORDER BY cycle, position",
    "claims": "SELECT scope, value, stream FROM claims ORDER BY scope, value",
    "people": "SELECT * FROM people ORDER BY member",
    "keys": "SELECT id, role, member, created_at, expires_at, revoked_at FROM keys ORDER BY created_at",
}


def keys_and_an_erasure(ledger: Ledger) -> None:
    """One key stays, one is revoked, and one goes with its member."""

    def make(role: Role, **fields: Any) -> UUID:
        made = CreateKey(role=role, expires_at=datetime(2999, 1, 1, tzinfo=UTC), **fields)
        return ledger.execute(Order(made, ADMIN, key_hash=role.encode())).subject.id

    make("reader", label="a dashboard")
    lost = make("lead", member=id_of("member", "bob"))
    make("member", member=id_of("member", "eve"))
    ledger.execute(Order(RevokeKey(key=lost, reason="lost"), ADMIN))
    ledger.execute(Order(EraseMember(member=id_of("member", "eve"), reason="asked"), ADMIN))


@pytest.fixture(scope="module")
def full(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LedgerRecorder]:
    """A ledger with events of every kind, a redacted text and somebody erased; tests only read it."""
    with another_ledger(postgres) as recorder:
        ledger = Ledger(recorder)
        path = written(tmp_path_factory.mktemp("full") / "history.jsonl", *EVERYTHING)
        import_history(ledger, HistoryFile(path), lambda *_: None)
        keys_and_an_erasure(ledger)
        issued = datetime(2026, 4, 5, 9, 0, 0, 120_000, tzinfo=UTC)
        lead = partial(give_role, id_of("member", "bob"), "lead", "https://id.example.com", issued)
        ledger.record(Order(Command(), ADMIN), lead)
        objective = recorder.read_stream(Ref(Kind.OBJECTIVE, id_of("objective", "low")))[0]
        redact = RedactText(position=objective.position, field="description", reason="named")
        ledger.execute(Order(redact, ADMIN))
        yield recorder


@pytest.fixture
def files(full: LedgerRecorder, tmp_path: Path) -> tuple[Path, Path]:
    """Its export, and its people's."""
    ledger, people = tmp_path / "ledger.jsonl", tmp_path / "people.jsonl"
    ledger.write_bytes(exported(full))
    people.write_bytes(b"".join(export_people(full)))
    return ledger, people


def exported(recorder: LedgerRecorder) -> bytes:
    return b"".join(export_ledger(recorder, recorder.head().position))


def beside(recorder: LedgerRecorder, *tables: str) -> dict:
    with recorder.database.connection() as connection:
        return {table: connection.execute(BESIDE[table]).fetchall() for table in tables or BESIDE}


def restored(recorder: LedgerRecorder, ledger: Path, people: Path | None = None) -> Restored:
    return restore(recorder, HistoryFile(ledger), HistoryFile(people) if people else None, lambda *_: None)


def test_an_export_has_everything_that_a_leaf_is_made_of_and_the_texts(full):
    header, *lines = [json.loads(line) for line in exported(full).splitlines()]
    assert header == {"quarterdeck": "ledger/1"}
    assert [line["position"] for line in lines] == list(range(1, full.head().position + 1))
    for line_ in lines:
        assert list(line_) == [
            "position", "id", "type", "schema_version", "stream", "version", "effective_at", "reported_at",
            "recorded_at", "actor", "on_behalf_of", "data", "texts", "leaf_hash",
        ]  # fmt: skip
    redacted = [text for line_ in lines for text in line_["texts"].values() if "redacted" in text]
    assert [(text["reason"], "salt" in text) for text in redacted] == [("named", False)]
    assert "Eve" not in exported(full).decode()


def test_exporting_twice_gives_the_same_bytes(full):
    assert exported(full) == exported(full)


def test_a_restored_ledger_is_the_same(full, files, empty):
    """Events, positions, times, texts and redactions, and all that is kept beside them."""
    assert restored(empty, *files) == Restored(events=full.head().position, already=0, people=2)
    assert exported(empty) == exported(full)
    assert beside(empty) == beside(full)
    assert empty.head() == full.head()


def test_a_restored_ledger_knows_of_its_keys_and_none_opens_it(full, files, empty):
    """No export has what a key is, or its hash."""
    restored(empty, *files)
    with empty.database.connection() as connection:
        found = connection.execute("SELECT revoked_at IS NULL, hash FROM keys ORDER BY created_at").fetchall()
    assert found == [(True, None), (False, None), (False, None)]
    assert not any(role in exported(full) for role in (b"lead".hex().encode(), b"reader".hex().encode()))


def test_without_the_people_only_names_and_addresses_are_missing(full, files, empty):
    assert restored(empty, files[0]).people == 0
    assert exported(empty) == exported(full)
    assert beside(empty, "attachments", "cycle_events") == beside(full, "attachments", "cycle_events")
    assert empty.people() == {}


def test_the_people_may_come_later(full, files, empty):
    """Also when the restored ledger has been used since."""
    restored(empty, files[0])
    Ledger(empty).execute(Order(EraseMember(member=id_of("member", "bob"), reason="asked"), ADMIN))
    assert restored(empty, *files).people == 1
    assert [person.name for person in empty.people().values()] == ["ada"]


def test_who_was_erased_stays_so(full, files, empty, tmp_path):
    """Also with a people's file from before."""
    older = tmp_path / "older.jsonl"
    eve = {
        "member": str(id_of("member", "eve")),
        "name": "Eve",
        "email": None,
        "external_id": None,
        "source": None,
    }
    older.write_bytes(files[1].read_bytes() + orjson.dumps(eve))
    assert restored(empty, files[0], older).people == 2
    assert id_of("member", "eve") not in empty.people()


def test_a_longer_export_continues_a_shorter_one(full, files, empty, tmp_path):
    """So a restore that broke off goes on, and a copy can be kept up to date."""
    lines = files[0].read_bytes().splitlines(keepends=True)
    shorter = tmp_path / "shorter.jsonl"
    shorter.write_bytes(b"".join(lines[:8]))
    restored(empty, shorter)
    assert restored(empty, files[0]) == Restored(events=len(lines) - 8, already=7, people=0)
    assert restored(empty, files[0]) == Restored(events=0, already=len(lines) - 1, people=0)
    assert (exported(empty), beside(empty, "cycle_events")) == (exported(full), beside(full, "cycle_events"))


def test_a_ledger_with_other_events_is_left_alone(files, empty, write):
    import_history(Ledger(empty), HistoryFile(write(plan())), lambda *_: None)
    with pytest.raises(RestoreRefused, match="not empty"):
        restored(empty, *files)
    assert empty.head().position == 2


def test_a_restored_ledger_does_not_take_the_same_history_again(files, empty, write):
    """Which lines were taken is not in an export: doing all of them once more would not be the same."""
    restored(empty, *files)
    with pytest.raises(Exception, match="restored from an export that holds what 'elsewhere' said"):
        import_history(Ledger(empty), HistoryFile(write(*EVERYTHING)), lambda *_: None)


def change(number: int, **fields):
    def changed(lines: list[bytes]) -> list[bytes]:
        event = json.loads(lines[number])
        return [*lines[:number], orjson.dumps(event | fields), *lines[number + 1 :]]

    return changed


def change_text(lines: list[bytes]) -> list[bytes]:
    return [line.replace(b'"a good week"', b'"a bad week!"') for line in lines]


BROKEN = [
    (change(4, position=7), 5, "/position: must be 4"),
    (lambda lines: lines[:2] + lines[3:], 3, "/position: must be 2"),
    (change(4, version=2), 5, "/version: must be 1"),
    (change(4, recorded_at="2001-01-01T00:00:00Z"), 5, "/recorded_at: must be later"),
    (change(4, effective_at="2999-01-01T00:00:00Z"), 5, "/effective_at: must not be later"),
    (change(4, type="team.founded"), 5, "/type: This program knows no event named team.founded"),
    (change(4, schema_version=9), 5, "/type: This program knows team.formed up to version 1"),
    (change(4, stream="team"), 5, "/stream: must be a kind and an id"),
    (change(4, data={}, texts={}), 5, "/data: is not what a team.formed has"),
    (change(4, data={"name": 1.5}, texts={}), 5, "/data: has a fraction"),
    (change(4, texts={"/name": {"salt": "zz", "text": "Core"}}), 5, "/texts/~1name: is not the text"),
    (
        change(4, texts={"/elsewhere": {"salt": "00", "text": "Core"}}),
        5,
        "/texts/~1elsewhere: is not the text",
    ),
    (change(4, texts={"/name": {"text": "Core"}}), 5, "/texts/~1name: must have salt and text"),
    (change(4, more=1), 5, "/more: is no field that belongs here"),
    (change(4, actor="ada"), 5, "/actor: must be a UUID"),
    (lambda lines: [*lines[:4], b"{", *lines[5:]], 5, "is not JSON"),
    (change_text, None, "/texts/~1note: is not the text that the event was made with"),
]


@pytest.mark.parametrize(("broken", "number", "reason"), BROKEN)
def test_an_export_that_was_changed_is_refused_whole(files, untouched, broken, number, reason):
    lines = files[0].read_bytes().splitlines()
    files[0].write_bytes(b"\n".join(broken(lines)))
    with pytest.raises(LineNotTaken) as refused:
        restored(untouched, files[0])
    assert reason in str(refused.value)
    assert number in (None, refused.value.line)
    assert untouched.head().position == 0


def test_what_only_the_database_can_tell_is_refused_too(files, empty):
    """An id that is there twice."""
    lines = files[0].read_bytes().splitlines()
    files[0].write_bytes(b"\n".join(change(3, id=json.loads(lines[2])["id"])(lines)))
    with pytest.raises(RestoreRefused, match="no export of a ledger"):
        restored(empty, files[0])
    assert empty.head().position == 0
