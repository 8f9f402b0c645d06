"""What there is to break: one PostgreSQL, two servers on one ledger, and a proxy before each of them on both sides.
The first server is three processes, of which two serve.

clients ─▶ proxy ─▶ server one ─▶ proxy ─┐
       └─▶ proxy ─▶ server two ─▶ proxy ─┴─▶ PostgreSQL ( ┄▶ a synchronous replica, for a failover)
"""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import Any

import psycopg

from ledger.cluster import ClusterError
from torture.clients import Client, Connection, all_resting
from torture.commands import Said, Speaker, beginning
from torture.journal import Entry, Fate, Journal
from torture.postgres import Postgres
from torture.proxy import Proxy
from torture.recovery import Recoveries
from torture.serving import Server

NAMES = ("one", "two")
_PROCESSES = {"one": 3, "two": 1}
PATIENCE = 120.0
"""Seconds in which everything must be well again when nothing breaks any more."""


class Stage:
    """All of it, running. `close()` ends every process and removes what was mounted."""

    def __init__(self, folder: Path, seed: int, clients: int) -> None:
        self._ending = ExitStack()
        try:
            self._set_up(folder, seed, clients)
        except BaseException:
            self.close()
            raise

    def _set_up(self, folder: Path, seed: int, clients: int) -> None:
        self.folder = folder
        self.postgres = Postgres(folder)
        self._ending.callback(self.postgres.close)
        self.journal = Journal()
        self.recoveries = Recoveries(frozenset(NAMES))
        self.database_proxies = {name: self._proxy(Proxy(self.postgres.connect)) for name in NAMES}
        self.servers = {}
        for name, proxy in self.database_proxies.items():
            url = f"postgresql://postgres@127.0.0.1:{proxy.port}/postgres?sslmode=disable&gssencmode=disable"
            self.servers[name] = Server(name, folder, url, _PROCESSES[name])
            self._ending.callback(self.servers[name].kill)
        with ThreadPoolExecutor() as pool:
            list(pool.map(Server.start, self.servers.values()))
        self.http_proxies = {name: self._proxy(Proxy(server.connect)) for name, server in self.servers.items()}
        self.ports = {name: proxy.port for name, proxy in self.http_proxies.items()}
        self.ways = {name: Connection(port) for name, port in self.ports.items()}
        self._rest, self._leave = threading.Event(), threading.Event()
        self._await_ready(time.monotonic() + PATIENCE)
        key = self._reader_key()
        self.clients = [self._client(Speaker(f"client-{n}", Random(f"{seed} {n}"), key)) for n in range(clients)]
        first = self._client(Speaker("setup", Random(seed), key))
        for said in beginning(key):
            first.carry_out(said)
        for client in self.clients:
            client.start()
        self._ending.callback(self._leave.set)

    def _proxy(self, proxy: Proxy) -> Proxy:
        self._ending.callback(proxy.close)
        return proxy

    def _client(self, speaker: Speaker) -> Client:
        return Client(speaker, self.journal, self.recoveries, self.ports, self._rest, self._leave)

    def carry_out(self, said: Said) -> None:
        """Says something beside what the clients say."""
        self.clients[0].carry_out(said)

    def close(self) -> None:
        """Ends everything that was started."""
        self._ending.close()

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Nothing is broken and nobody writes, as long as the block lasts; before, everything gets well again."""
        deadline = time.monotonic() + PATIENCE
        for proxy in (*self.database_proxies.values(), *self.http_proxies.values()):
            proxy.forget()
        self.revive(deadline)
        for server in self.servers.values():
            if server.ended():
                self.journal.complain(f"the server {server.name} had ended; see {server.log}")
                server.start()
        while not self.recoveries.recovered() and time.monotonic() < deadline:
            time.sleep(0.05)
        if not self.recoveries.recovered():
            self.journal.complain(f"not every server answered writes again in {PATIENCE:.0f} s")
        self._rest.set()
        try:
            if not all_resting(self.clients, PATIENCE):
                self.journal.complain("a client still waits for an answer")
            self._await_ready(deadline)
            self._await_standstill()
            yield
        finally:
            self._rest.clear()

    def revive(self, deadline: float | None = None) -> None:
        """Starts what does not run, and waits for PostgreSQL to take connections."""
        deadline = deadline or time.monotonic() + PATIENCE
        while True:
            try:
                self.postgres.start()
                with self.postgres.admin() as admin:
                    # A failover that was interrupted is brought to its end.
                    admin.execute("SELECT CASE WHEN pg_is_in_recovery() THEN pg_promote(true, 60) END")
                return
            except (ClusterError, psycopg.OperationalError, OSError, IndexError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def ask(self, name: str, path: str) -> Any:
        """A read at a server, answered with 200. Raises `RuntimeError`."""
        answer = self.ways[name].ask("GET", path) or self.ways[name].ask("GET", path)
        if answer is None or answer.status != 200:
            raise RuntimeError(f"{path} was answered {answer}")
        return answer.body

    def _reader_key(self) -> str:
        """A credential that may not write. Making one is an event, too, so it stands in the journal."""
        entry = Entry("reader-key", "create_key", "POST", "/keys", {"role": "reader"}, fate=Fate.ACKNOWLEDGED)
        headers = {"X-Request-Id": entry.token}
        answer = self.ways[NAMES[0]].ask(entry.method, entry.path, entry.body, headers)
        if answer is None or answer.status != 201:
            raise RuntimeError(f"a key was answered {answer}")
        entry.position, entry.subject = answer.position, answer.body["id"]
        self.journal.open(entry)
        return str(answer.body["key"])

    def _await_ready(self, deadline: float) -> None:
        """Every server answers, every book goes on and is at the head, and the tree is, too."""
        for name in NAMES:
            while (problem := self._problem(name)) is not None:
                if time.monotonic() > deadline:
                    self.journal.complain(f"the server {name} is not well: {problem}")
                    break
                time.sleep(0.1)

    def _problem(self, name: str) -> str | None:
        if self.servers[name].ended():
            return f"it ended; see {self.servers[name].log}"
        try:
            status = self.ask(name, "/ledger")
        except RuntimeError as error:
            return str(error)
        for book in status["books"]:
            if book["error"] or book["lag"]:
                return f"the book {book['name']} is {book['lag']} behind: {book['error']}"
        if status["position"] and status["checkpoint_position"] != status["position"]:
            return f"sealed up to {status['checkpoint_position']} of {status['position']}: {status.get('sealer')}"
        return None

    def _await_standstill(self) -> None:
        """Requests whose clients are gone may still be at work."""
        before, since = -1, time.monotonic()
        while time.monotonic() - since < 0.5:
            with self.postgres.admin() as admin:
                row = admin.execute("SELECT position FROM quarterdeck.head").fetchone()
            if row is None or row[0] != before:
                before, since = row[0] if row else 0, time.monotonic()
            time.sleep(0.05)
