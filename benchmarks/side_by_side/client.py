"""The HTTP client, the same for every server and a process of its own, so that no server shares its interpreter.

It speaks plain HTTP/1.1 over connections that stay open, a thread and a connection a client, and does little besides:
what it costs is the same for all. It takes orders on standard input, a line of JSON each, and answers each by one:

    {"port", "authorization", "seconds", "clients": [[path, …], …]}    check-ins, each client on its own paths in turn
    {"port", "authorization", "times", "path"}                         a GET, one after the other
"""

import json
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from time import perf_counter
from typing import Any


class Connection:
    """One open connection to a server on this machine."""

    def __init__(self, port: int, authorization: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._head = f"Host: 127.0.0.1:{port}\r\nAuthorization: {authorization}\r\n"

    def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """The status and the body of the answer."""
        kind = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
        self._socket.sendall(f"{method} {path} HTTP/1.1\r\n{self._head}{kind}\r\n".encode() + body)
        received = b""
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._more()
        head = received[:end].decode("latin-1").lower()
        parts, size = [received[end + 4 :]], _length(head)
        got = len(parts[0])
        while got < size:
            parts.append(self._more())
            got += len(parts[-1])
        return int(head.split(" ", 2)[1]), b"".join(parts)

    def _more(self) -> bytes:
        more = self._socket.recv(1 << 18)
        if not more:
            raise ConnectionError("the server hung up")
        return more


def _length(head: str) -> int:
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name == "content-length":
            return int(value)
    raise ValueError(f"an answer without a length: {head}")


def check_ins(port: int, authorization: str, seconds: float, clients: list[list[str]]) -> dict[str, Any]:
    """Every client says values on its own key results, in turn, as fast as it is answered."""

    def keep_saying(paths: list[str]) -> list[float]:
        connection, taken = Connection(port, authorization), []
        for n, path in enumerate(cycle(paths)):
            before = perf_counter()
            if before >= until:
                return taken
            body = f'{{"value": {n * 7 % 101}, "confidence": 7, "note": "a good week"}}'.encode()
            status, said = connection.ask("POST", path, body)
            if status != 201:
                raise AssertionError(f"{path} answered {status}: {said[:300]!r}")
            taken.append(1_000 * (perf_counter() - before))
        return taken

    started = perf_counter()
    until = started + seconds
    with ThreadPoolExecutor(len(clients)) as pool:
        taken = [each for some in pool.map(keep_saying, clients) for each in some]
    return {"seconds": perf_counter() - started, "milliseconds": taken}


def reads(port: int, authorization: str, times: int, path: str) -> dict[str, Any]:
    """The same question so many times."""
    connection, taken, size = Connection(port, authorization), [], 0
    for _ in range(times):
        before = perf_counter()
        status, said = connection.ask("GET", path)
        if status != 200:
            raise AssertionError(f"{path} answered {status}: {said[:300]!r}")
        taken.append(1_000 * (perf_counter() - before))
        size = len(said)
    return {"milliseconds": taken, "bytes": size}


def main() -> None:
    """Takes orders until there are no more."""
    for line in sys.stdin:
        order = json.loads(line)
        answer = check_ins(**order) if "clients" in order else reads(**order)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
