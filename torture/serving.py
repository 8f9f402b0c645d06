"""One `quarterdeck serve`, of one process or of several: killed, frozen, told to stop, and started again."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]

ADMIN_KEY = "qd_the-admin-of-all-torture"
_AT = re.compile(r"Quarterdeck is at http://127\.0\.0\.1:(\d+)")
_PATIENCE = 120.0
_STOPS = 60.0
"""Seconds in which a server must have stopped."""


class Server:
    """A server of the ledger at `url`. Its log is `name`.log in the folder; the data folder is shared by all.

    With `processes`, one of them keeps the books and the others serve (`api.workers`).
    """

    def __init__(self, name: str, folder: Path, url: str, processes: int = 1) -> None:
        self.name = name
        self.processes = processes
        self.log = folder / f"{name}.log"
        self._environment = {k: v for k, v in os.environ.items() if not k.startswith(("QUARTERDECK_", "PG"))} | {
            "QUARTERDECK_DATABASE_URL": url,
            "QUARTERDECK_DATA": str(folder / "data"),
            "QUARTERDECK_ADMIN_KEY": ADMIN_KEY,
            "QUARTERDECK_PROCESSES": str(processes),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    def family(self) -> list[psutil.Process]:
        """Its processes: the one that was started, and those that it started; none if it does not live."""
        with suppress(psutil.NoSuchProcess):
            if self._process is not None and self._process.poll() is None:
                first = psutil.Process(self._process.pid)
                return [first, *first.children()]
        return []

    def start(self) -> None:
        """Returns when it takes requests."""
        begun = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [Path(sys.executable).with_name("quarterdeck"), "serve", "--port", "0"],
                env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + _PATIENCE
        while True:
            with self.log.open("rb") as said:
                said.seek(begun)
                found = _AT.search(said.read().decode(errors="replace"))
            if found:
                self._port = int(found[1])
                return
            if self._process.poll() is not None or time.monotonic() > deadline:
                end = self.log.read_text(errors="replace")[-1_000:]
                raise RuntimeError(f"The server {self.name} does not start; the end of {self.log}:\n{end}")
            time.sleep(0.02)

    def connect(self) -> socket.socket:
        """A connection to its port. Raises `OSError` while there is none."""
        connection = socket.create_connection(("127.0.0.1", self._port), timeout=5)
        connection.settimeout(None)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to all of its processes, if it lives."""
        for process in self.family():
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def kill(self) -> None:
        """Ends it without a word."""
        family = self.family()
        self.signal(signal.SIGKILL)
        self._wait()
        psutil.wait_procs(family, timeout=_STOPS)

    def stop(self) -> None:
        """Tells it to stop, and waits until it has."""
        self.signal(signal.SIGCONT)
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        self._wait()

    def ended(self) -> bool:
        """Whether it ended by itself, which it never should."""
        return self._process is not None and self._process.poll() is not None

    def _wait(self) -> None:
        if self._process is not None:
            try:
                self._process.wait(_STOPS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
                raise RuntimeError(f"The server {self.name} did not stop in {_STOPS:.0f} s; see {self.log}") from None
