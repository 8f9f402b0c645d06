"""A PostgreSQL of our own under the data folder, for who has none.

    DATA/postgres/        the cluster (ledger.cluster)
    DATA/postgres.lock    held by who makes, starts or stops it
    DATA/postgres.users   held, shared, by all who use it

Several processes may use it, and it stops with the last one. Who uses it is told by locks and not by a list
of process ids: a process that was killed holds none, whatever became of its id. Nothing outside the data
folder is used, except for the socket where the folder's path is too long for one.
"""

import atexit
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from ledger.cluster import Cluster, ClusterError
from ledger.errors import DataFolderUnusable


class Embedded:
    """A running server and our use of it."""

    def __init__(self, data: Path, cluster: Cluster, use: int) -> None:
        self._data = data
        self._cluster = cluster
        self._use: int | None = use
        self.url = f"postgresql:///postgres?user=postgres&port=5432&host={quote(str(cluster.sockets()), safe='')}"
        atexit.register(self.stop)

    def stop(self) -> None:
        """Ends this use of the server, and the server if nobody else uses it. Twice does no harm."""
        if self._use is None:
            return
        atexit.unregister(self.stop)
        with _starting_or_stopping(self._data):
            os.close(self._use)
            self._use = None
            if _is_unused(self._data):
                self._cluster.stop()


def embedded(data: Path, *, durable: bool = True) -> Embedded:
    """Starts, or joins, the server under `data`, making both if need be. Raises `DataFolderUnusable`.

    Without `durable` it writes to the disk when it likes, which is for tests.
    """
    data = data.expanduser().resolve()
    try:
        data.mkdir(parents=True, exist_ok=True)
        with _starting_or_stopping(data):
            cluster = Cluster(data / "postgres", durable=durable)
            cluster.start()
            return Embedded(data, cluster, _lock(data / "postgres.users", shared=True))
    except (OSError, ClusterError) as error:
        raise DataFolderUnusable(f"The data folder {data} cannot be used for a database: {error}") from error


@contextmanager
def _starting_or_stopping(data: Path) -> Iterator[None]:
    lock = _lock(data / "postgres.lock")
    try:
        yield
    finally:
        os.close(lock)


def _is_unused(data: Path) -> bool:
    try:
        os.close(_lock(data / "postgres.users", wait=False))
    except BlockingIOError:
        return False
    return True


def _lock(path: Path, *, shared: bool = False, wait: bool = True) -> int:
    """A lock that ends when the answer is closed, or with the process, however it ends."""
    import fcntl

    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
    except BaseException:
        os.close(file)
        raise
    return file
