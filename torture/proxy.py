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
_PREPARED = re.compile(rb"P[\x00-\xff]{4}(_pg3_\d+)\x00[^\x00]*append_(?:events|runs)")


@dataclass(slots=True, eq=False)
class Pair:
    """A connection and the one that it is passed on by. `appends`: names of prepared statements that append."""

    client: socket.socket
    server: socket.socket
    losing: bool = False
    breaking: bool = False
    appends: set[bytes] = field(default_factory=set)

    def cut(self) -> None:
        """Ends both, without a farewell."""
        for each in (self.client, self.server):
            with suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


def an_append(message: bytes, pair: Pair) -> bool:
    """A call that appends, and commits by itself; psycopg prepares it after a while and sends a name only."""
    pair.appends.update(_PREPARED.findall(message))
    by_name = any(b"\x00" + name + b"\x00" in message for name in pair.appends)
    return by_name or b"append_events" in message or b"append_runs" in message


def a_commit(message: bytes, _: Pair) -> bool:
    """A COMMIT, as projector and sealer send it."""
    return b"COMMIT\x00" in message


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
        with suppress(OSError):
            self._questions(pair)
        answering.join()
        pair.cut()
        with self._lock:
            self._pairs.discard(pair)

    def _questions(self, pair: Pair) -> None:
        while message := pair.client.recv(262_144):
            choice = self._choice
            is_append = an_append(message, pair)  # always looked at: a name is said once, when it is prepared
            if choice is not None and (is_append if choice[0] is an_append else choice[0](message, pair)):
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
