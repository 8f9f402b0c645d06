"""Proofs on the command line: `verify`, `checkpoint`, `keys verifiers`, `keys rotate-signing`."""

import json
import stat
from pathlib import Path

import psycopg
import pytest

from ledger.proofs.notes import Checkpoint, Verifier
from tests.cli.conftest import filled, history, program, quarterdeck, refused
from tests.history.conftest import written
from tests.history.lines import check_in

__all__ = ["filled", "history", "program", "quarterdeck"]


@pytest.fixture
def key(filled, tmp_path: Path) -> Path:
    """The file with the verifier keys."""
    file = tmp_path / "keys.txt"
    file.write_text(filled("keys", "verifiers").out)
    return file


def tamper(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True, options="-c search_path=quarterdeck") as connection:
        connection.execute("ALTER TABLE events DISABLE TRIGGER ALL")
        connection.execute(statement)


def test_a_ledger_is_verified(filled):
    ended = filled("verify")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("Verified: ") and "rows of the books" in ended.out
    told = filled("verify", "--json").json
    assert told["verified"] is True and told["failure"] is None
    assert told["events"] == told["sealed"] > 5


def test_an_empty_ledger_too(quarterdeck):
    assert quarterdeck("verify", "--json").json["verified"] is True


def test_an_import_is_sealed_so_a_change_after_it_is_found(filled, database_url):
    tamper(database_url, "UPDATE events SET effective_at = effective_at - interval '1 day' WHERE position = 5")
    ended = filled("verify")
    assert ended.code == 1
    assert "NOT verified, leaf: position 5: " in ended.out
    failed = filled("verify", "--json")
    assert (failed.code, failed.json["verified"]) == (1, False)
    assert (failed.json["failure"]["position"], failed.json["failure"]["check"]) == (5, "leaf")


def test_an_export_is_verified_with_nothing_but_a_key(filled, key, program, monkeypatch):
    filled("export", "--out", "ledger.jsonl")
    monkeypatch.setenv("QUARTERDECK_DATABASE_URL", "postgresql://localhost:1/none")
    ended = program("verify", "--export", "ledger.jsonl", "--public-key", key)
    assert ended.code == 0 and ended.out.startswith("Verified: "), ended
    in_words = program("verify", "--export", "ledger.jsonl", "--public-key", key.read_text().strip(), "--json")
    assert in_words.json["verified"] is True and in_words.json["checkpoints"] == 1
    lines = Path("ledger.jsonl").read_bytes().splitlines(keepends=True)
    Path("ledger.jsonl").write_bytes(b"".join([*lines[:4], *lines[5:]]))
    ended = program("verify", "--export", "ledger.jsonl", "--public-key", key)
    assert ended.code == 1 and "position 4: the event is missing" in ended.out


def test_an_export_without_a_key_proves_nothing(filled, key):
    filled("export", "--out", "ledger.jsonl")
    assert filled("verify", "--export", "ledger.jsonl").code == 2
    refused(filled("verify", "--export", "ledger.jsonl", "--public-key", "a+b+c"), "no verifier key")
    refused(filled("verify", "--export", "ledger.jsonl", "--public-key", "nowhere.txt"), "No such file")
    refused(filled("verify", "--export", "nowhere.jsonl", "--public-key", key), "No such file")
    refused(filled("verify", "--checkpoint", key), "no checkpoint")


def test_a_checkpoint_is_kept_elsewhere(filled, key, tmp_path):
    assert filled("checkpoint", "--out", "old.txt").code == 0
    old = Checkpoint.parse(Path("old.txt").read_text())
    assert old.signed_by([Verifier.parse(key.read_text())]).name == old.origin
    assert filled("checkpoint").out == old.note
    assert filled("checkpoint", "--json").json["root"] == old.root.hex()
    later = written(tmp_path / "later.jsonl", *_lines(tmp_path / "some.history.jsonl"), check_in(id="late", value="44"))
    assert filled("import", later).code == 0
    filled("checkpoint", "--out", "new.txt")
    anchors = ("--checkpoint", "old.txt", "--checkpoint", "new.txt")
    assert filled("verify", *anchors).code == 0
    filled("export", "--out", "ledger.jsonl")
    assert filled("verify", "--export", "ledger.jsonl", "--public-key", key, *anchors).code == 0


def _lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()[1:]]


def test_an_older_export_is_noticed_against_a_newer_checkpoint(filled, key, tmp_path):
    filled("export", "--out", "older.jsonl")
    later = written(tmp_path / "later.jsonl", *_lines(tmp_path / "some.history.jsonl"), check_in(id="late", value="44"))
    filled("import", later)
    filled("checkpoint", "--out", "newer.txt")
    ended = filled("verify", "--export", "older.jsonl", "--public-key", key, "--checkpoint", "newer.txt")
    assert ended.code == 1 and "events are missing" in ended.out


def test_the_key_is_replaced(filled, key):
    old = key.read_text().strip()
    filled("checkpoint", "--out", "old.txt")
    rotated = filled("keys", "rotate-signing", "--json").json
    assert rotated["before"] == [old] and rotated["key"] != old
    assert filled("keys", "verifiers", "--json").json["keys"] == [rotated["key"], old]
    assert Checkpoint.parse(filled("checkpoint").out).origin == rotated["key"].split("+")[0]
    assert filled("verify", "--checkpoint", "old.txt").code == 0
    assert stat.S_IMODE(Path(".quarterdeck/signing.key").stat().st_mode) == 0o600
