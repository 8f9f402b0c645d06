"""The clients: each says one command after another to any of the servers, and notes what it is answered.

With an idempotency key a command is sent again, to whichever server, until there is an answer; without one it is sent
once, and may remain unknown. What was acknowledged is read back now and then, at another server, by Min-Position.
"""

import http.client
import json
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from typing import Any

from torture.commands import Said, Speaker
from torture.journal import Entry, Fate, Journal
from torture.recovery import Recoveries
from torture.serving import ADMIN_KEY

TIMEOUT = 6.0
"""Seconds for an answer; a write may wait five for the books."""

PATIENCE = 120.0
"""Seconds in which a command with a key must be answered."""

_SHORT = {"id", "kind", "position", "recorded_at", "advice"}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.content)

    @property
    def position(self) -> int | None:
        given = self.headers.get("ledger-position")
        return int(given) if given else None

    @property
    def digest(self) -> str | None:
        """Of a whole answer; of one that only says that it was done, `None`."""
        return None if self.body.keys() <= _SHORT else sha256(self.content).hexdigest()


class Connection:
    """To one port, opened again after any failure."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer | None:
        """The answer; `None` if none came, whatever was the matter."""
        content = None if body is None else json.dumps(body).encode()
        given = {"Authorization": f"Bearer {ADMIN_KEY}", "Content-Type": "application/json", **(headers or {})}
        try:
            if self._open is None:
                self._open = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT)
            self._open.request(method, f"/v1{path}", content, given)
            response = self._open.getresponse()
            read = response.read()
            headers_read = {k.lower(): v for k, v in response.getheaders()}
            if headers_read.get("content-length") != str(len(read)):
                # Broken off among the headers, or within that one, which http.client takes for their end.
                self.close()
                return None
            return Answer(response.status, headers_read, read)
        except (OSError, http.client.HTTPException):
            self.close()
            return None

    def close(self) -> None:
        """Until it is asked again."""
        if self._open is not None:
            with suppress(OSError):
                self._open.close()
            self._open = None


class Client(threading.Thread):
    """One of them, until `leave` is set; it rests while `rest` is."""

    def __init__(
        self,
        speaker: Speaker,
        journal: Journal,
        recoveries: Recoveries,
        ports: Mapping[str, int],
        rest: threading.Event,
        leave: threading.Event,
    ) -> None:
        super().__init__(name=speaker.name, daemon=True)
        self.speaker = speaker
        self.resting = threading.Event()
        self._journal, self._recoveries = journal, recoveries
        self._ports = ports
        self._ways = {name: Connection(port) for name, port in ports.items()}
        self._dice: Random = speaker.dice
        self._rest, self._leave = rest, leave

    def run(self) -> None:
        """Says one command after another."""
        while not self._leave.is_set():
            if self._rest.is_set():
                self.resting.set()
                time.sleep(0.02)
                continue
            self.resting.clear()
            try:
                self.carry_out(self.speaker.say())
            except Exception as error:  # a client that is gone would be a run without load
                self._journal.complain(f"the client {self.name} failed: {error!r}")
                raise
            time.sleep(self._dice.uniform(0, 0.01))
        self.resting.set()

    def carry_out(self, said: Said) -> None:
        """Sends a command, and notes what became of it."""
        entry = said.entry
        self._journal.open(entry)
        answer = self._sent(entry)
        if answer is None:
            said.doubt()
            return
        entry.status = answer.status
        if 200 <= answer.status < 300:
            self._acknowledged(said, answer)
        elif 400 <= answer.status < 500:
            entry.fate = Fate.REFUSED
            if entry.meant is not Fate.REFUSED:
                self._journal.complain(f"{_told(entry)} was refused: {answer.status} {answer.content.decode()[:300]}")

    def _sent(self, entry: Entry) -> Answer | None:
        """The answer that counts. 503 is none: it may have been recorded all the same."""
        deadline = time.monotonic() + PATIENCE
        if entry.key is not None and self._dice.random() < 0.04:
            threading.Thread(target=self._send_too, args=(entry,), daemon=True).start()
        while True:
            name = self._dice.choice(list(self._ways))
            began = time.monotonic()
            entry.attempts += 1
            headers = {**entry.headers, "X-Request-Id": entry.token}
            answer = self._ways[name].ask(entry.method, entry.path, entry.body, headers)
            if answer is not None and answer.status < 500:
                if answer.status < 300:
                    self._recoveries.answered(name, began)
                return answer
            if answer is not None and answer.status != 503:
                self._journal.complain(f"{_told(entry)} was answered {answer.status}: {answer.content.decode()[:300]}")
            if entry.key is None:
                return None
            if time.monotonic() > deadline:
                self._journal.complain(f"{_told(entry)} was not answered for {PATIENCE:.0f} s")
                return None
            time.sleep(self._dice.uniform(0.02, 0.1))

    def _send_too(self, entry: Entry) -> None:
        """The same at the same time, as an impatient client does; what that is answered is not looked at."""
        for port in self._ports.values():
            way = Connection(port)
            way.ask(entry.method, entry.path, entry.body, {**entry.headers, "X-Request-Id": entry.token})
            way.close()

    def _acknowledged(self, said: Said, answer: Answer) -> None:
        entry, body = said.entry, answer.body
        entry.position, entry.digest, entry.subject = answer.position, answer.digest, body.get("id")
        entry.fate = Fate.ACKNOWLEDGED
        self._journal.acknowledge()
        if entry.meant is Fate.REFUSED:
            self._journal.complain(f"{_told(entry)} must be refused and was taken")
            return
        said.learn(body)
        if entry.key is not None:
            self.speaker.keyed = [*self.speaker.keyed[-20:], entry]
        if said.shows is not None and self._dice.random() < 0.4:
            self._read_back(entry, *said.shows(body))

    def _read_back(self, entry: Entry, path: str, field: str, value: Any) -> None:
        """At any server. No answer, and 503, say nothing; any other must show what was written."""
        # A whole answer is given when the books have it: then a read shows it without asking for that.
        headers = {} if entry.digest and self._dice.random() < 0.3 else {"Min-Position": str(entry.position)}
        answer = self._ways[self._dice.choice(list(self._ways))].ask("GET", path, headers=headers)
        if answer is None or answer.status == 503:
            return
        shown = answer.body.get(field) if answer.status == 200 else None
        if shown != value or (answer.position or 0) < (entry.position or 0):
            self._journal.complain(
                f"{_told(entry)} is at {entry.position}, but {path} shows {field} {shown!r}, not {value!r}"
                f" ({answer.status} at {answer.position})"
            )


def _told(entry: Entry) -> str:
    return f"{entry.token} {entry.command} {entry.method} {entry.path}"


def all_resting(clients: Sequence[Client], patience: float) -> bool:
    """Waits until each has ended what it had in hand."""
    deadline = time.monotonic() + patience
    return all(client.resting.wait(max(0.0, deadline - time.monotonic())) for client in clients)
