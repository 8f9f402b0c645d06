"""A proxy on a loopback port that can delay answers, lose them, swallow them, break them off and cut connections.

It stands before PostgreSQL (over its socket) and before a server's HTTP port. A lost answer is the accident that
matters most: what was asked for is done, and who asked cannot know. A message is chosen by a `Choice`.
"""

import re
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

Choice = Callable[[bytes, "Pair"], bool]
"""Whether a message from the client is one that is waited for."""

_RESET = struct.pack("ii", 1, 0)
_PREPARED = re.compile(rb"P[\x00-\xff]{4}(_pg3_\d+)\x00[^\x00]*(append_events|append_runs|write_batch)")


@dataclass(slots=True, eq=False)
class Pair:
    """A connection and the one that it is passed on by. `prepared`: function → names of statements that call it."""

    client: socket.socket
    server: socket.socket
    losing: bool = False
    breaking: bool = False
    prepared: dict[bytes, set[bytes]] = field(default_factory=dict)

    def cut(self) -> None:
        """Ends both, without a farewell."""
        for each in (self.client, self.server):
            with suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


def _note_names(message: bytes, pair: Pair) -> None:
    """Notes what is prepared: psycopg sends the name of a statement only, when it has sent it some times."""
    for name, function in _PREPARED.findall(message):
        pair.prepared.setdefault(function, set()).add(name)


def _calls(message: bytes, pair: Pair, *functions: bytes) -> bool:
    """Whether one of these functions is called."""
    names = [name for function in functions for name in pair.prepared.get(function, ())]
    by_name = any(b"\x00" + name + b"\x00" in message for name in names)
    return by_name or any(function in message for function in functions)


def an_append(message: bytes, pair: Pair) -> bool:
    """A call that appends, and commits by itself."""
    return _calls(message, pair, b"append_events", b"append_runs")


def a_commit(message: bytes, pair: Pair) -> bool:
    """A batch of the projector's, which commits by itself, or a COMMIT, as the sealer sends it."""
    return _calls(message, pair, b"write_batch") or b"COMMIT\x00" in message


def a_write(message: bytes, _: Pair) -> bool:
    """A request over HTTP that is not a read."""
    return message.startswith((b"POST ", b"PATCH ", b"PUT ", b"DELETE "))


class Proxy:
    """Listens on `port` for whom `connect` connects. Its threads end with `close()`."""

    def __init__(self, connect: Callable[[], socket.socket]) -> None:
        self._connect = connect
        self._pairs: set[Pair] = set()
        self._lock = threading.Lock()
        self._delay, self._delay_until, self._swallow_until = 0.0, 0.0, 0.0
        self._choice: tuple[Choice, bool] | None = None
        self.took = threading.Event()
        """Set when an answer that was to be lost or broken off was."""
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def delay(self, seconds: float, during: float) -> None:
        """Holds every answer back for so long, for a while."""
        self._delay, self._delay_until = seconds, time.monotonic() + during

    def swallow(self, during: float) -> None:
        """Passes no answers on for a while; then the connections whose answers were swallowed are cut."""
        self._swallow_until = time.monotonic() + during

    def lose_answer_to(self, choice: Choice, *, break_off: bool = False) -> None:
        """Of the next message like this; with `break_off` the first half of the answer still comes."""
        self.took.clear()
        self._choice = choice, break_off

    def forget(self) -> None:
        """Everything passes again."""
        self._choice = None
        self._delay_until = self._swallow_until = 0.0

    def cut(self, share: float = 1.0) -> int:
        """Cuts connections, of all that there are the share. Answers how many."""
        with self._lock:
            pairs = list(self._pairs)
        chosen = pairs[: max(1, round(len(pairs) * share))]
        for pair in chosen:
            pair.cut()
        return len(chosen)

    def close(self) -> None:
        """Ends everything."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            server = self._connect()
        except OSError:
            client.close()
            return
        pair = Pair(client, server)
        with self._lock:
            self._pairs.add(pair)
        answering = threading.Thread(target=self._answers, args=(pair,), daemon=True)
        answering.start()
        try:
            self._questions(pair)
        except OSError:  # who asked is gone without a farewell, and so is its connection to who answers
            pair.cut()
        answering.join()
        pair.cut()
        with self._lock:
            self._pairs.discard(pair)

    def _questions(self, pair: Pair) -> None:
        while message := pair.client.recv(262_144):
            choice = self._choice
            _note_names(message, pair)  # always: a name is said once, when it is prepared
            if choice is not None and choice[0](message, pair):
                self._choice = None
                pair.losing, pair.breaking = True, choice[1]
            pair.server.sendall(message)
        pair.server.shutdown(socket.SHUT_WR)

    def _answers(self, pair: Pair) -> None:
        with suppress(OSError):
            while answer := pair.server.recv(262_144):
                if pair.losing:
                    if pair.breaking:
                        pair.client.sendall(answer[: len(answer) // 2])
                    self.took.set()
                    break
                if (left := self._swallow_until - time.monotonic()) > 0:
                    time.sleep(left)
                    break
                if self._delay_until > time.monotonic():
                    time.sleep(self._delay)
                pair.client.sendall(answer)
        pair.cut()
