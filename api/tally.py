"""What several workers of one server count, counted together: whichever of them is asked, `/metrics` tells of all.

It is prometheus_client's multiprocess mode: each worker counts in files of its own in a folder under the data folder,
which is there as long as the server runs.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil  # type: ignore[import-untyped]
from prometheus_client import CollectorRegistry, values
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from api.setting_errors import SettingsError

_FOLDER = "metrics-"
_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


class Tally:
    """The folder of one server."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def forget(self, pid: int) -> None:
        """A worker is gone: what it had in hand does not count any more, what it did does."""
        mark_process_dead(pid, str(self._folder))  # type: ignore[no-untyped-call]


@contextmanager
def shared(data: Path) -> Iterator[Tally]:
    """Has this process, and what it forks, count together. Raises `SettingsError` if the data folder takes no files."""
    folder = data / f"{_FOLDER}{os.getpid()}"
    try:
        data.mkdir(parents=True, exist_ok=True)
        _tidy(data)
        folder.mkdir()
    except OSError as error:
        raise SettingsError(f"The workers' figures cannot be kept in {folder}: {error.strerror}.") from None
    before = values.ValueClass
    os.environ[_VARIABLE] = str(folder)
    # What the library does by itself, had the variable been set before it was imported.
    values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call]
    try:
        yield Tally(folder)
    finally:
        values.ValueClass = before
        del os.environ[_VARIABLE]
        shutil.rmtree(folder, ignore_errors=True)


def registry_of(own: CollectorRegistry) -> CollectorRegistry:
    """What to tell from: the process's own counters, or, where it counts with others, those of all."""
    if not getattr(values.ValueClass, "_multiprocess", False):
        return own
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return together


def _tidy(data: Path) -> None:
    """Removes what servers that were killed left behind."""
    for folder in data.glob(f"{_FOLDER}*"):
        pid = folder.name.removeprefix(_FOLDER)
        if pid.isdecimal() and (int(pid) == os.getpid() or not psutil.pid_exists(int(pid))):
            shutil.rmtree(folder, ignore_errors=True)
