"""A new user's first minute: from a fresh clone, `make run`, until the server answers."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import Figure

ROOT = Path(__file__).parents[1]
_PATIENCE = 600


def figures() -> Iterator[Figure]:
    """The figures of this page. Packages come from pip's cache if they are there."""
    with tempfile.TemporaryDirectory(prefix="quarterdeck-fresh-") as folder:
        clone = Path(folder) / "quarterdeck"
        _copy(clone)
        yield Figure("make run in a fresh clone, to the first answer", _first_answer(clone), "s", less=True)
        yield Figure("make run once more, to the first answer", _first_answer(clone), "s", less=True)


def _copy(to: Path) -> None:
    """What a clone would have, what is not committed yet included."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)


def _first_answer(clone: Path) -> float:
    port = _free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("QUARTERDECK_")}
    started = time.perf_counter()
    with subprocess.Popen(
        ["make", "run", f"ARGS=--port {port}"],
        cwd=clone,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            while not _answers(port):
                if process.poll() is not None or time.perf_counter() - started > _PATIENCE:
                    raise RuntimeError("make run did not come to an answer")
                time.sleep(0.05)
            return time.perf_counter() - started
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
