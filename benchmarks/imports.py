"""Real histories: how long they take to come in, until the books show them, and to be found there already."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import Figure, seconds
from benchmarks.server import Server
from ledger.history_file import HistoryFile
from ledger.importing import import_history
from projections.sealing import seal_due

DATA = Path(__file__).parents[2] / "shared" / "data"


def figures(server: Server) -> Iterator[Figure]:
    """The figures of this page; none where the histories are not."""
    for source in ("sourced", "rust_goals"):
        path = DATA / f"{source}.history.jsonl"
        if path.exists():
            yield from _figures(server, path, source)


def _figures(server: Server, path: Path, source: str) -> Iterator[Figure]:
    with server.ledger() as runtime:

        def take() -> int:
            return import_history(runtime.ledger, HistoryFile(path), lambda *_: None).commands

        def show() -> None:
            runtime.books.wait_for(runtime.recorder.head().position, timeout=60)
            seal_due(runtime.ledger, runtime.books)

        recorded = seconds(take)
        shown = recorded + seconds(show)
        again = seconds(take)
        yield Figure(f"import of {source}, recorded", recorded, "s", less=True)
        yield Figure(f"import of {source}, shown and sealed", shown, "s", less=True)
        yield Figure(f"import of {source}, again", again, "s", less=True)
