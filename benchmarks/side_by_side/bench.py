"""What the figures share: the server, the peers that could be had, how much is measured, and stages.

A stage is a story told to Quarterdeck and to Django, both served over HTTP. It is set when the first figure wants it
and stays for the others. The stage of the large story is the default database of the run's folder: there `start` finds
it, as `quarterdeck serve` does.
"""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from api.runtime import running
from api.settings import Settings
from benchmarks.server import ADMIN_KEY
from benchmarks.side_by_side import environment, ours, processes
from benchmarks.side_by_side.postgres import Postgres
from benchmarks.side_by_side.processes import Served, Talker
from benchmarks.side_by_side.story import Story
from ledger.database import Database
from ledger.migrations import migrate

SMALL = 10_000
"""Events of the small story, which growth is counted from."""
_PATIENCE = 1_800


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured. `seconds` of a round; `projected`: events of a rebuild by those who commit each."""

    rounds: int
    seconds: float
    projected: int
    events: int


@dataclass(frozen=True, slots=True)
class Stage:
    """A story, served by Quarterdeck and, if it could be had, by Django. `peer` asks Django beside its server."""

    story: Story
    url: str
    ours: Served
    django: Served | None
    peer: Talker | None


class Bench:
    """One run."""

    def __init__(self, postgres: Postgres, effort: Effort) -> None:
        self.postgres = postgres
        self.effort = effort
        self.notes: list[str] = []
        self.django: Path | None = self._had("Django", environment.python)
        self.emmett: list[str] | None = self._had("Emmett", environment.emmett)
        self._stages: dict[int, Stage] = {}
        self._stack = ExitStack()

    def _had(self, name: str, install: Any) -> Any:
        try:
            return install()
        except environment.CannotInstall as error:
            self.note(f"{name} is left out: {error}.")
            return None

    def note(self, text: str) -> None:
        """Keeps what a reader of the figures should know."""
        self.notes.append(text)
        sys.stderr.write(f"{text}\n")

    @property
    def small(self) -> Stage:
        """The stage that growth is counted from."""
        return self.stage(SMALL)

    @property
    def large(self) -> Stage:
        """The stage of as many events as was asked for."""
        return self.stage(max(self.effort.events, 2 * SMALL))

    def stage(self, events: int) -> Stage:
        """A stage of about so many events."""
        if events not in self._stages:
            self._stages[events] = self._stack.enter_context(self._set(events))
        return self._stages[events]

    def close(self) -> None:
        """Ends all stages; their databases stay."""
        self._stages.clear()
        self._stack.close()

    @contextmanager
    def _set(self, events: int) -> Iterator[Stage]:
        story = Story.of(events)
        default = events != SMALL
        url = self.postgres.default if default else self.postgres.database()
        data = self.postgres.folder if default else self.postgres.folder / "small"
        data.mkdir(exist_ok=True)
        sys.stderr.write(f"Telling {story.events:,} events …\n")
        told(url, data, story)
        with ExitStack() as stack:
            peer = django = None
            if self.django is not None:
                database = self.postgres.database()
                command = [self.django, environment.DJANGO / "manage.py", "peer"]
                peer = stack.enter_context(Talker(command, processes.for_django(database)))
                token = peer.ask(do="prepare", quarters=story.quarters, objectives=story.objectives)
                django = stack.enter_context(processes.django(self.django, database, token))
            served = stack.enter_context(processes.ours(data, url))
            sealed(served, story.events)
            yield Stage(story, url, served, django, peer)


def told(url: str, data: Path, story: Story) -> None:
    """A new ledger that the story has been told to."""
    migrate(Database(url))
    with running(Settings(database_url=url, data=data, admin_key=ADMIN_KEY)) as runtime:
        ours.fill(runtime, story)


def sealed(served: Served, position: int) -> None:
    """Waits until the server has sealed what was told, which it does beside everything else."""
    deadline = monotonic() + _PATIENCE
    while (served.ask("/v1/ledger")["checkpoint_position"] or 0) < position:
        if monotonic() > deadline:
            raise AssertionError("the ledger is not sealed")
        sleep(0.2)
