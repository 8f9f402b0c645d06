"""An export proves itself with a public key alone: whatever is changed in it is found, and the position named."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

from domain.catalogue import EVENTS
from domain.cycle.decisions import PlanCycle
from domain.errors import Invalid
from domain.objective.carrying import CarryForward
from domain.objective.decisions import SetObjective
from ledger.application import Ledger
from ledger.database import Database
from ledger.export import event_line, export_ledger, header_line
from ledger.exported import check_texts, read_stored
from ledger.history_file import HistoryFile
from ledger.mapper import EventMapper, commitment
from ledger.orders import Order
from ledger.proofs import store
from ledger.proofs.auditing import Found
from ledger.proofs.exports import verify_export
from ledger.proofs.keys import KeyFolder
from ledger.proofs.notes import Checkpoint, Verifier
from ledger.proofs.sealer import Sealer, rotate
from ledger.recorder import LedgerRecorder
from ledger.restoring import restore
from tests.history.lines import id_of
from tests.history.test_restoring import ADMIN
from tests.support.postgres import Postgres

MAPPER = EventMapper(EVENTS)


@dataclass
class Sealed:
    """A sealed ledger: the lines of its export, its key, and all checkpoints there were."""

    recorder: LedgerRecorder
    lines: list[bytes]
    key: Verifier
    checkpoints: list[Checkpoint]
    folder: KeyFolder

    @property
    def events(self) -> int:
        return self.checkpoints[-1].size


def exported(recorder: LedgerRecorder) -> list[bytes]:
    with recorder.database.connection() as connection:
        checkpoint = store.newest(connection)
    assert checkpoint is not None
    return list(export_ledger(recorder, checkpoint.size, checkpoint.note))


@pytest.fixture(scope="module")
def sealed(postgres: Postgres, filled_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sealed]:
    """Sealed in small batches, so that there are older checkpoints too. Tests only read it."""
    name = postgres.copy_of(filled_database)
    with Database(postgres.url_of(name)) as database:
        recorder = LedgerRecorder(database, MAPPER)
        folder = KeyFolder(tmp_path_factory.mktemp("sealed"), "quarterdeck")
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("ledger.proofs.sealer.BATCH", 10)
            Sealer(database, recorder, folder).catch_up()
        with database.connection() as connection:
            checkpoints, (key,) = store.checkpoints(connection), store.verifier_keys(connection)
        yield Sealed(recorder, exported(recorder), key, checkpoints, folder)
        recorder.close()
    postgres.drop(name)


@pytest.fixture
def check(sealed: Sealed, tmp_path: Path) -> Callable[..., str]:
    """Verifies lines; answers what was found, "" for nothing."""

    def check(lines: list[bytes] | bytes, *anchors: Checkpoint, keys: tuple[Verifier, ...] = (sealed.key,)) -> str:
        file = tmp_path / "export.jsonl"
        file.write_bytes(lines if isinstance(lines, bytes) else b"".join(lines))
        try:
            verify_export(file, keys, anchors, MAPPER, lambda *_: None)
        except Found as found:
            return str(found)
        return ""

    return check


def edited(sealed: Sealed, position: int, change: Callable[[dict], None], proof: bool = True) -> list[bytes]:
    """The lines with one event changed; and its leaf hash with it, if that is to prove nothing."""
    lines = list(sealed.lines)
    event = orjson.loads(lines[position])
    change(event)
    lines[position] = orjson.dumps(event) + b"\n" if proof else event_line(read_stored(event))
    return lines


def test_it_holds_with_a_redaction_and_an_erasure_in_it(sealed, check):
    assert check(sealed.lines) == ""
    assert check(sealed.lines, *sealed.checkpoints) == ""
    texts = [text for line in sealed.lines[1:] for text in orjson.loads(line)["texts"].values()]
    assert any("redacted" in text for text in texts)


def test_it_needs_a_checkpoint_by_a_key_that_is_trusted(sealed, check):
    other = Verifier(sealed.key.name, bytes(32))
    assert "None of the given keys has signed" in check(sealed.lines, keys=(other,))
    assert "there is no checkpoint" in check([header_line(None), *sealed.lines[1:]])


def test_a_restored_ledger_is_sealed_to_the_same_root(sealed, postgres, tmp_path):
    """What an export has for whoever checks it is passed over by an import."""
    file = tmp_path / "export.jsonl"
    file.write_bytes(b"".join(sealed.lines))
    name = postgres.migrated_database()
    with Database(postgres.url_of(name)) as database:
        empty = LedgerRecorder(database, MAPPER)
        assert restore(empty, HistoryFile(file), None, lambda *_: None).events == sealed.events
        Sealer(database, empty, KeyFolder(tmp_path, "quarterdeck")).catch_up()
        with database.connection() as connection:
            again = store.newest(connection)
        assert again is not None
        assert (again.size, again.root) == (sealed.events, sealed.checkpoints[-1].root)
        assert exported(empty)[1:] == sealed.lines[1:]
        empty.close()
    postgres.drop(name)


AT = 17  # an event in the middle


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "0190a2f0-8277-7374-90aa-6f81d2537499"),
        ("type", "objective.dropped"),
        ("schema_version", 2),
        ("stream", "objective/0190a2f0-8277-7374-90aa-6f81d2537499"),
        ("version", 7),
        ("position", 18),
        ("effective_at", "2026-01-01T00:00:00.000001Z"),
        ("reported_at", "2026-01-01T00:00:00.000001Z"),
        ("recorded_at", "2026-01-01T00:00:00.000001Z"),
        ("actor", "0190a2f0-8277-7374-90aa-6f81d2537499"),
        ("on_behalf_of", "0190a2f0-8277-7374-90aa-6f81d2537499"),
        ("data", {}),
        ("texts", {}),
        ("leaf_hash", "00" * 32),
        ("leaf_hash", None),
        ("more", None),
    ],
)
def test_no_field_of_an_event_can_be_another(sealed, check, field, value):
    found = check(edited(sealed, AT, lambda event: event.update({field: value})))
    assert found.startswith(f"position {AT}: "), found


@pytest.mark.parametrize("position", [1, 8, AT, -1])
def test_one_flipped_bit_in_any_byte_of_an_event_is_found_and_the_position_named(sealed, check, position):
    """The file's own leaf hashes, which lead to the signed root, say which event it is."""
    position = position % (sealed.events + 1)
    line = sealed.lines[position]
    for at in range(0, len(line), 3):
        for bit in (0, 5):
            changed = line[:at] + bytes([line[at] ^ 1 << bit]) + line[at + 1 :]
            found = check([*sealed.lines[:position], changed, *sealed.lines[position + 1 :]])
            named = found.startswith(f"position {position}: ") or "has no end" in found or "redacted" in found
            assert named, (changed, found)


def test_one_flipped_bit_in_the_header_is_found(sealed, check):
    line = sealed.lines[0]
    for byte in range(0, len(line), 3):
        changed = line[:byte] + bytes([line[byte] ^ 1]) + line[byte + 1 :]
        assert check([changed, *sealed.lines[1:]]), changed


def test_the_leaf_hashes_alone_prove_nothing(sealed, check):
    """Whoever changes an event and its hash meets the root; then the checkpoints between which it lies are named."""

    def other_weight(event: dict) -> None:
        event["effective_at"] = event["recorded_at"]

    lines = edited(sealed, AT, other_weight, proof=False)
    assert check(lines).startswith(f"position 1: at least one of the events 1 to {sealed.events} was changed")
    assert check(lines, *sealed.checkpoints).startswith("position 11: at least one of the events 11 to 20 was changed")


def renumbered(lines: list[bytes]) -> list[bytes]:
    """As a forger would who knows what is looked at first."""
    versions: dict[str, int] = {}
    out = []
    for position, line in enumerate(lines, 1):
        event = orjson.loads(line)
        versions[event["stream"]] = versions.get(event["stream"], 0) + 1
        event |= {"position": position, "version": versions[event["stream"]]}
        out.append(orjson.dumps(event) + b"\n")
    return out


@pytest.mark.parametrize("forge", [lambda lines: lines, renumbered])
def test_removed_swapped_and_inserted_events_are_found(sealed, check, forge):
    header, *events = sealed.lines
    before, here, there, after = events[: AT - 1], events[AT - 1], events[AT], events[AT + 1 :]
    for changed in (
        [*before, there, *after],
        [*before, there, here, *after],
        [*before, here, here, there, *after],
    ):
        found = check([header, *forge(changed)])
        assert found.startswith((f"position {AT}: ", f"position {AT + 1}: ")), found


@pytest.mark.parametrize("missing", [1, 2, 3, 10, 25])
def test_an_export_cut_short_is_found(sealed, check, missing):
    assert check(sealed.lines[:-missing])
    assert check(b"".join(sealed.lines)[:-missing])
    found = check(sealed.lines[:-missing])
    assert found.startswith(f"position {sealed.events - missing + 1}: events are missing")


def test_an_older_export_is_noticed_against_a_newer_checkpoint(sealed, check):
    older = [header_line(sealed.checkpoints[0].note), *sealed.lines[1:11]]
    assert sealed.checkpoints[0].size == 10
    assert check(older) == ""
    assert check(older, sealed.checkpoints[0]) == ""
    assert check(older, sealed.checkpoints[1]).startswith("position 11: events are missing: there are 10")


def test_events_after_the_checkpoint_are_not_taken_for_proven(sealed, check):
    lines = [header_line(sealed.checkpoints[1].note), *sealed.lines[1:]]
    assert check(lines) == "position 21: no checkpoint covers the events from here on"


class TestTexts:
    """They are in no leaf, but committed to in it."""

    def with_text(self, sealed: Sealed) -> int:
        return next(n for n, line in enumerate(sealed.lines[1:], 1) if b'"text":' in line)

    def test_that_are_others_do_not_open_their_commitment(self, sealed, check):
        position = self.with_text(sealed)

        def change(event: dict) -> None:
            (text, *_) = event["texts"].values()
            text["text"] = text["text"] + "!"

        found = check(edited(sealed, position, change))
        assert found.startswith(f"position {position}: ") and "is not the text" in found

    def test_with_a_commitment_of_their_own_are_another_event(self, sealed, check):
        position = self.with_text(sealed)

        def change(event: dict) -> None:
            ((pointer, text), *_) = event["texts"].items()
            text["text"] = "forged"
            event["data"][pointer[1:]] = commitment(bytes.fromhex(text["salt"]), "forged")

        assert check(edited(sealed, position, change)).startswith(f"position {position}: the event is not the one")

    def test_cannot_be_taken_away(self, sealed, check):
        position = self.with_text(sealed)
        found = check(edited(sealed, position, lambda event: event["texts"].popitem()))
        assert found.startswith(f"position {position}: the text at") and "nothing redacted it" in found

    def test_cannot_be_said_to_be_redacted(self, sealed, check):
        position = self.with_text(sealed)
        redacted = {"redacted": True, "at": "2026-01-01T00:00:00Z", "reason": "none"}

        def change(event: dict) -> None:
            event["texts"][next(iter(event["texts"]))] = redacted

        found = check(edited(sealed, position, change))
        assert found.startswith(f"position {position}: the text at") and "nothing redacted it" in found

    @pytest.mark.parametrize(("salt", "text"), [(b"s" * 16 + b"Do not ", "hire"), (b"s" * 15, "sDo not hire")])
    def test_cannot_lend_to_their_salt_nor_borrow_from_it(self, salt, text):
        """The commitment is to both in a row: only the salt's length says where the text begins."""
        data = {"title": commitment(b"s" * 16, "Do not hire")}
        assert data["title"] == commitment(salt, text)
        check_texts(data, {"/title": {"salt": (b"s" * 16).hex(), "text": "Do not hire"}})
        with pytest.raises(Invalid, match="is not the text that the event was made with"):
            check_texts(data, {"/title": {"salt": salt.hex(), "text": text}})

    @pytest.mark.parametrize("which", ["open", "redacted"])
    def test_have_nothing_beside_them_that_was_not_committed_to(self, sealed, check, which):
        """A redaction with a text would be shown as that text."""
        mark = b'"redacted":true' if which == "redacted" else b'"text":'
        position = next(n for n, line in enumerate(sealed.lines[1:], 1) if mark in line)

        def change(event: dict) -> None:
            for kept in event["texts"].values():
                if ("redacted" in kept) == (which == "redacted"):
                    kept["text" if which == "redacted" else "note"] = "forged"

        found = check(edited(sealed, position, change))
        assert found.startswith(f"position {position}: ") and "nothing more" in found

    def test_that_never_were_cannot_be_said_to_be_redacted(self, sealed, check):
        at, reason = self.redaction(sealed)

        def change(event: dict) -> None:
            event["texts"]["/reflection"] = {"redacted": True, "at": at, "reason": reason}

        found = check(edited(sealed, sealed.events, change))
        assert found.startswith(f"position {sealed.events}: ") and "made with none there" in found

    def redaction(self, sealed: Sealed) -> tuple[str, str]:
        texts = [text for line in sealed.lines[1:] for text in orjson.loads(line)["texts"].values()]
        text = next(text for text in texts if "redacted" in text)
        return text["at"], text["reason"]


def test_only_what_was_carried_forward_was_redacted_before_it_was_recorded(copied, tmp_path):
    """A later event's texts cannot be hidden behind the redaction of another's."""
    with Database(copied()) as database:
        recorder = LedgerRecorder(database, MAPPER)
        ledger = Ledger(recorder)
        plan = {"label": "2031-Q1", "kind": "quarter", "starts_on": "2031-01-01", "ends_on": "2031-03-31"}
        cycle = ledger.execute(Order(PlanCycle.model_validate(plan), ADMIN)).subject.id
        low = CarryForward(objective=id_of("objective", "low"), to_cycle=cycle, baseline="restart")
        ledger.execute(Order(low, ADMIN))
        later = ledger.execute(Order(SetObjective(cycle=cycle, title="Do not hire", owner=None), ADMIN)).position
        sealer = Sealer(database, recorder, KeyFolder(tmp_path, "quarterdeck"))
        sealer.catch_up()
        with database.connection() as connection:
            keys = store.verifier_keys(connection)
        lines = exported(recorder)
        recorder.close()
    file = tmp_path / "export.jsonl"
    file.write_bytes(b"".join(lines))
    verify_export(file, keys, [], MAPPER, lambda *_: None)
    event = orjson.loads(lines[later])
    (gone,) = (
        orjson.loads(line)["texts"]["/description"]
        for line in lines
        if b'"carried_from":"' in line and b'"/desc' in line
    )
    event["texts"]["/title"] = gone
    file.write_bytes(b"".join([*lines[:later], orjson.dumps(event) + b"\n", *lines[later + 1 :]]))
    with pytest.raises(Found, match=f"position {later}: the text at /title is gone, and nothing redacted it"):
        verify_export(file, keys, [], MAPPER, lambda *_: None)


def test_after_a_rotation_the_old_and_the_new_key_are_both_good(copied, tmp_path):
    with Database(copied()) as database:
        recorder, folder = LedgerRecorder(database, MAPPER), KeyFolder(tmp_path, "quarterdeck")
        sealer = Sealer(database, recorder, folder)
        sealer.catch_up()
        with database.connection() as connection:
            old = store.newest(connection)
        assert old is not None
        rotate(database, folder)
        sealer.catch_up()
        with database.connection() as connection:
            keys = store.verifier_keys(connection)
        file = tmp_path / "export.jsonl"
        file.write_bytes(b"".join(exported(recorder)))
        assert verify_export(file, keys[:1], [], MAPPER, lambda *_: None).checkpoints == 1
        assert verify_export(file, keys, [old], MAPPER, lambda *_: None).checkpoints == 2
        with pytest.raises(Found, match="None of the given keys"):
            verify_export(file, keys[1:], [], MAPPER, lambda *_: None)
        recorder.close()
