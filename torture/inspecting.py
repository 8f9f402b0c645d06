"""What the running ledger says of itself, and whether it is so: asked while nobody writes.

The journal is held against the ledger (`checking`), event by event; boards against the naive fold of the tests.
Commands are sent again with their keys: they get their first answers, and append nothing. `quarterdeck verify` proves
the events, the tree, the seals, and row by row the books; checkpoints that were seen on the way are its anchors.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import orjson

from domain.catalogue import EVENTS
from ledger.database import Database
from ledger.mapper import EventMapper
from ledger.reader import Reader
from tests.support import naive
from torture.checking import Findings, check, recorded
from torture.commands import SHARED
from torture.journal import Fate
from torture.serving import ADMIN_KEY
from torture.stage import NAMES, Stage

_BOARDS = 2
_AGAIN = 30
_ROOTS = re.compile(r"(?P<origin>[^\n]+)\n(?P<size>\d+)\n(?P<root>[^\n]+)\n")


class Witness:
    """Keeps the checkpoints that it was shown, as somebody outside would."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._folder.mkdir()
        self.roots: dict[tuple[str, int], str] = {}

    def see(self, note: str) -> str | None:
        """What is wrong with a checkpoint: that there was another of its size."""
        found = _ROOTS.match(note)
        if found is None:
            return f"this is no checkpoint: {note!r}"
        log, root = (found["origin"], int(found["size"])), found["root"]
        if self.roots.setdefault(log, root) != root:
            return f"there are two trees of {log[1]} events: {root} and {self.roots[log]}"
        (self._folder / f"{log[1]}.checkpoint").write_text(note)
        return None

    def files(self) -> list[Path]:
        """At most forty of them, evenly chosen, the last included."""
        files = sorted(self._folder.iterdir(), key=lambda file: int(file.stem))
        return files[:: -max(1, len(files) // 40)]


def inspect(stage: Stage, witness: Witness, dice: Random) -> Findings:
    """All of it. Writes rest and nothing is broken meanwhile."""
    with stage.postgres.admin() as admin:
        events, head = recorded(admin)
    found = check(stage.journal.entries.values(), events, head)
    found.wrong += _boards(stage, head, dice)
    found.wrong += _asked_again(stage, head, dice)
    found.wrong += _verified(stage, witness)
    return found


def watch(stage: Stage, witness: Witness, dice: Random) -> None:
    """A look at the newest checkpoint, at any server; no answer says nothing."""
    answer = stage.ways[dice.choice(NAMES)].ask("GET", "/ledger/checkpoint")
    if answer is not None and answer.status == 200 and (problem := witness.see(answer.content.decode())):
        stage.journal.complain(problem)


def _boards(stage: Stage, head: int, dice: Random) -> Iterator[str]:
    """The shared cycle's board at random clocks is what the naive fold makes of the events."""
    if not head:
        return
    with Database(stage.postgres.url) as database:
        facts = list(Reader(database, EventMapper(EVENTS)).iterate())
    planned = next(fact for fact in facts if getattr(fact.event, "label", None) == SHARED)
    cycle = planned.stream.id
    for number in range(_BOARDS):
        position = head if number == 0 else dice.randint(planned.position, head)  # before, it had no such name
        instant = datetime.now(UTC) - timedelta(days=0 if number == 0 else dice.uniform(0, 40))
        clocks = f"as_of={position}&valid_at={instant.isoformat().replace('+00:00', 'Z')}"
        try:
            shown = naive.shown_by(stage.ask(dice.choice(NAMES), f"/cycles/{SHARED}/board?{clocks}"))
        except RuntimeError as error:
            yield str(error)
            continue
        expected = orjson.loads(_bytes(naive.board(facts, cycle, position, instant)))
        if orjson.loads(_bytes(shown)) != expected:
            yield f"the board with {clocks} is not the fold of the events:\n{shown}\n{expected}"


def _bytes(value: Any) -> bytes:
    def default(value: Any) -> Any:
        return value.model_dump(mode="json") if hasattr(value, "model_dump") else float(value)

    return orjson.dumps(value, default=default, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z)


def _asked_again(stage: Stage, head: int, dice: Random) -> Iterator[str]:
    """The same key, the same answer."""
    keyed = [e for e in stage.journal.entries.values() if e.key and e.fate is Fate.ACKNOWLEDGED]
    for entry in dice.sample(keyed, min(_AGAIN, len(keyed))):
        answer = stage.ways[dice.choice(NAMES)].ask(entry.method, entry.path, entry.body, entry.headers)
        if answer is None or (answer.status, answer.position) != (entry.status, entry.position):
            yield f"{entry.token} asked again: {answer}, and before {entry.status} at {entry.position}"
        elif entry.digest and answer.digest and answer.digest != entry.digest:
            yield f"{entry.token} asked again has another answer at {entry.position}: {answer.content.decode()[:500]}"
    status = stage.ask(NAMES[0], "/ledger")
    if status["position"] != head:
        yield f"asking again appended something: the ledger is at {status['position']}, and was at {head}"


def _verified(stage: Stage, witness: Witness) -> Iterator[str]:
    """By Quarterdeck's own program, beside the running servers; it exits with 0 if all is well."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("QUARTERDECK_", "PG"))} | {
        "QUARTERDECK_DATABASE_URL": stage.postgres.url,
        "QUARTERDECK_DATA": str(stage.folder / "data"),
        "QUARTERDECK_ADMIN_KEY": ADMIN_KEY,
    }
    anchors = [f"--checkpoint={file}" for file in witness.files()]
    done = subprocess.run(
        [Path(sys.executable).with_name("quarterdeck"), "verify", "--json", *anchors],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode or not json.loads(done.stdout)["verified"]:
        yield f"quarterdeck verify says: {(done.stdout + done.stderr).strip()[:3_000]}"
