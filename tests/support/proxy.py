"""A proxy before PostgreSQL's socket that can lose an answer: the one accident that no mock shows honestly.

It passes everything on, until a message from the client has the words it waits for. That message still goes
to the server, whose answer is waited for and then dropped together with the connection: what was asked was
done, and the client cannot know.
"""

import socket
import threading
from contextlib import suppress
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo


class Proxy:
    """Listens in `folder` for connections to the server of `url`."""

    def __init__(self, url: str, folder: Path) -> None:
        given = conninfo_to_dict(url)
        self._server = f"{given['host']}/.s.PGSQL.{given.get('port', 5432)}"
        self.url = make_conninfo(url, host=str(folder), port=5432)
        self.lost = threading.Event()
        self._words: bytes | None = None
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(folder / ".s.PGSQL.5432"))
        self._listening.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def lose_answer_to(self, words: bytes) -> None:
        """Of the next message that has these words."""
        self._words = words

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                losing = threading.Event()
                for work in (self._questions, self._answers):
                    threading.Thread(target=work, args=(client, server, losing), daemon=True).start()

    def _questions(self, client: socket.socket, server: socket.socket, losing: threading.Event) -> None:
        with suppress(OSError):
            while data := client.recv(65_536):
                if self._words is not None and self._words in data:
                    self._words = None
                    losing.set()
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _answers(self, client: socket.socket, server: socket.socket, losing: threading.Event) -> None:
        with suppress(OSError):
            while data := server.recv(65_536):
                if losing.is_set():
                    self.lost.set()
                    break
                client.sendall(data)
        for each in (client, server):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
