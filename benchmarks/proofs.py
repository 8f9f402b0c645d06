"""Sealing, proofs and verification, on ledgers of some thousand to a million events.

Sealing is no part of a write: the cost of it there is that of the machine being shared, which `appends` would show.
"""

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.large import _Ledger as Ledger
from benchmarks.measuring import Effort, Figure, milliseconds, seconds
from benchmarks.server import Server
from domain.catalogue import EVENTS
from ledger.export import export_ledger
from ledger.mapper import EventMapper
from ledger.proofs import store
from ledger.proofs.exports import verify_export
from ledger.proofs.tree import Range, audit_path, consistency_path
from projections.verifying import Live

_TIMES = 101


def _silent(*_: Any) -> None:
    """Shows nothing."""


def figures(server: Server, effort: Effort) -> Iterator[Figure]:
    """The figures of this page."""
    for quarters in effort.quarters:
        with server.ledger() as runtime, tempfile.TemporaryDirectory() as folder:
            runtime.projector.stop()
            made = Ledger(quarters)
            made.write(runtime)
            size = made.position
            took = seconds(runtime.sealer.catch_up)
            yield Figure(f"{size:,} events: sealing", size / took, "a second")
            with runtime.database.connection() as connection:
                newest, keys = store.newest(connection), store.verifier_keys(connection)
                assert newest is not None

                def inclusion(n: int = size, using: object = connection) -> None:
                    store.proof(using, [Range(n // 3, n // 3 + 1), *audit_path(n // 3, n)])  # type: ignore[arg-type]

                def consistency(n: int = size, using: object = connection) -> None:
                    store.proof(using, consistency_path(n // 3, n))  # type: ignore[arg-type]

                small = milliseconds(_TIMES, lambda: inclusion(1_000))
                yield Figure("1,000 events: inclusion proof", small, "ms", less=True)
                yield Figure(f"{size:,} events: inclusion proof", milliseconds(_TIMES, inclusion), "ms", less=True)
                yield Figure(f"{size:,} events: consistency proof", milliseconds(_TIMES, consistency), "ms", less=True)
            live = Live(runtime.database, runtime.recorder, runtime.books)
            took = seconds(partial(live.events, _silent))
            yield Figure(f"{size:,} events: verification, live", size / took, "a second")
            file = Path(folder) / "ledger.jsonl"
            with file.open("wb") as out:
                out.writelines(export_ledger(runtime.recorder, size, newest.note))
            mapper = EventMapper(EVENTS)
            took = seconds(partial(verify_export, file, keys, [], mapper, _silent))
            yield Figure(f"{size:,} events: verification of an export", size / took, "a second")
