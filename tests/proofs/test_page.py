"""What docs/proofs.md says is so: its script is run, its checkpoint is one."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from domain.catalogue import EVENTS
from ledger.database import Database
from ledger.export import export_ledger
from ledger.mapper import EventMapper
from ledger.proofs import store
from ledger.proofs.keys import KeyFolder
from ledger.proofs.notes import Checkpoint
from ledger.proofs.sealer import Sealer
from ledger.recorder import LedgerRecorder

PAGE = (Path(__file__).parents[2] / "docs" / "proofs.md").read_text()


@pytest.fixture
def sealed(copied, tmp_path: Path) -> tuple[Path, str]:
    """An export with its proof, and the key."""
    file = tmp_path / "ledger.jsonl"
    with Database(copied()) as database:
        recorder = LedgerRecorder(database, EventMapper(EVENTS))
        Sealer(database, recorder, KeyFolder(tmp_path, "quarterdeck")).catch_up()
        with database.connection() as connection:
            newest, (key,) = store.newest(connection), store.verifier_keys(connection)
        assert newest is not None
        file.write_bytes(b"".join([*export_ledger(recorder, newest.size, newest.note)]))
        recorder.close()
    return file, str(key)


def run(script: str, file: Path, key: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-c", script, str(file), key]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_script_needs_nothing_of_ours_and_finds_what_was_changed(sealed):
    (script,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len([line for line in script.splitlines() if line.strip()]) < 45
    assert not re.search(r"\b(ledger|domain|quarterdeck)\.", script)
    file, key = sealed
    ended = run(script, file, key)
    assert ended.returncode == 0, ended.stderr
    assert re.fullmatch(r"\d+ events are what quarterdeck/quarterdeck/\w{8} has signed\.\n", ended.stdout)
    whole = file.read_bytes()
    for old, new in ((b'"version":1', b'"version":2'), (b'"text":"', b'"text":"Not ')):
        file.write_bytes(whole.replace(old, new, 1))
        assert run(script, file, key).returncode == 1


def test_the_checkpoint_on_the_page_is_one():
    (text,) = re.findall(r"(?m)^    quarterdeck/quarterdeck/9d4441aa\n(?:(?:    .*)?\n)*?    — .*\n", PAGE)
    note = re.sub(r"(?m)^    ", "", text)
    assert Checkpoint.parse(note).size == 673
