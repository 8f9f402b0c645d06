"""One `quarterdeck serve` in a process of its own, which can be killed, frozen, told to stop, and started again."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ADMIN_KEY = "qd_the-admin-of-all-torture"
_AT = re.compile(r"Quarterdeck is at http://127\.0\.0\.1:(\d+)")
_PATIENCE = 120.0
_STOPS = 60.0
"""Seconds in which a server must have stopped."""


class Server:
    """A server of the ledger at `url`. Its log is `name`.log in the folder; the data folder is shared by all."""

    def __init__(self, name: str, folder: Path, url: str) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._environment = {k: v for k, v in os.environ.items() if not k.startswith(("QUARTERDECK_", "PG"))} | {
            "QUARTERDECK_DATABASE_URL": url,
            "QUARTERDECK_DATA": str(folder / "data"),
            "QUARTERDECK_ADMIN_KEY": ADMIN_KEY,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def process(self) -> int:
        """Its process id; 0 before it was started."""
        return self._process.pid if self._process else 0

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
        """Sends a signal, if it lives."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def kill(self) -> None:
        """Ends it without a word."""
        self.signal(signal.SIGKILL)
        self._wait()

    def stop(self) -> None:
        """Tells it to stop, and waits until it has."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
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
