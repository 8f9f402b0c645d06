"""An export proves itself with a public key alone: whatever is changed in it is found, and the position named."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

from domain.catalogue import EVENTS
from ledger.database import Database
from ledger.export import event_line, export_ledger, header_line
from ledger.exported import read_stored
from ledger.history_file import HistoryFile
from ledger.mapper import EventMapper, commitment
from ledger.proofs import store
from ledger.proofs.auditing import Found
from ledger.proofs.exports import verify_export
from ledger.proofs.keys import KeyFolder
from ledger.proofs.notes import Checkpoint, Verifier
from ledger.proofs.sealer import Sealer, rotate
from ledger.recorder import LedgerRecorder
from ledger.restoring import restore
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
