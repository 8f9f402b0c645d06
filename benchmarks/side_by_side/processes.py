"""Servers and peers as processes of their own: started, asked, measured, and ended by whoever started them."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.server import ADMIN_KEY
from benchmarks.side_by_side.environment import DJANGO, ROOT
from benchmarks.side_by_side.postgres import environment

_PATIENCE = 900.0
WORKERS = 2
"""Processes of each server."""
THREADS = 8
"""Of each of gunicorn's workers: 16 clients find 16 of them."""


class Failed(Exception):
    """A process ended, or said nothing; the text is what it said last."""


class Talker:
    """A process that takes orders, a line of JSON each, and answers each by one."""

    def __init__(self, command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> None:
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            cwd=ROOT,
            env={**_clean(), **(environment or {})},
        )

    def ask(self, **order: object) -> Any:
        """The answer to an order. Raises `Failed`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            self._said.seek(0)
            raise Failed(self._said.read()[-3_000:])
        return json.loads(line)

    def __enter__(self) -> "Talker":
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._said.close()


@dataclass(frozen=True, slots=True)
class Served:
    """An HTTP server, ready: what one must know to ask it."""

    port: int
    authorization: str
    pid: int

    def ask(self, path: str, method: str = "GET", body: object = None, **headers: str) -> Any:
        """The JSON that it answers. Raises `Failed`, with what it said, if that is a refusal."""
        data = None if body is None else json.dumps(body).encode()
        given = {"Authorization": self.authorization, "Content-Type": "application/json", **headers}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, given, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise Failed(f"{method} {path}: {error.code} {error.read()[:500]!r}") from None


@contextmanager
def ours(data: Path, url: str | None, count: int = WORKERS) -> Iterator[Served]:
    """`quarterdeck serve`, on a database of its own in `data` if no URL is given."""
    port = free_port()
    settings = {"QUARTERDECK_DATA": str(data), "QUARTERDECK_ADMIN_KEY": ADMIN_KEY}
    if url is not None:
        settings["QUARTERDECK_DATABASE_URL"] = url
    command = [Path(sys.executable).with_name("quarterdeck"), "serve", "--port", str(port)]
    command += ["--processes", str(count)]
    with _serving(command, settings, port) as pid:
        yield Served(port, f"Bearer {ADMIN_KEY}", pid)


@contextmanager
def django(python: Path, url: str, token: str) -> Iterator[Served]:
    """gunicorn with workers of threads, as Django's and gunicorn's documentation have it behind a proxy."""
    port = free_port()
    workers = ["--workers", str(WORKERS), "--worker-class", "gthread", "--threads", str(THREADS), "--keep-alive", "75"]
    command = [python, "-m", "gunicorn", *workers, "--bind", f"127.0.0.1:{port}", "project.wsgi"]
    with _serving(command, for_django(url), port) as pid:
        yield Served(port, f"Token {token}", pid)


def for_django(url: str) -> dict[str, str]:
    """The environment of its programs. The repository is there for the story, which all are told."""
    return environment(url) | {"PYTHONPATH": os.pathsep.join((str(DJANGO), str(ROOT)))}


@contextmanager
def _serving(command: Sequence[str | Path], settings: Mapping[str, str], port: int) -> Iterator[int]:
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**_clean(), **settings}, stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
        try:
            deadline = time.monotonic() + _PATIENCE
            while not answers(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    said.seek(0)
                    raise Failed(said.read()[-3_000:])
                time.sleep(0.01)
            yield process.pid
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def answers(port: int) -> bool:
    """Whether the server says that it is ready."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def free_port() -> int:
    """A port that nobody has just now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _clean() -> dict[str, str]:
    """This environment without our settings and the caller's own for PostgreSQL and Python."""
    ours = ("QUARTERDECK_", "PG", "PYTHON", "DJANGO_", "PEER_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
