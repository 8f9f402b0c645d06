"""A group of appends as the argument of the SQL function `append_runs`: what can be taken in together, and what cannot.

    group ─▶ runs: [A B C]  [D]  [E F …]     each run sees what those before it wrote

Of the appends in one run none looks at what another of them writes, so their order does not matter and the database
checks and writes them together (migration 0012), which costs it a third. An append that does look at it begins
another run: it is judged after what it looks at was taken in or refused. What writes more than rows of its own is taken
in by itself.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import orjson

from ledger.append import Append, command

_FEW = 2
"""So many appends, or fewer, are taken in one after the other: to put them together would cost more."""

_LISTED = {"guards", "children", "not_before", "attach", "cycles", "claims", "events", "idempotency"}
"""What may be in a command (`ledger.append.command`) that goes together with others."""


def to_runs(appends: Sequence[Append]) -> str:
    """The argument of `append_runs`."""
    runs: list[dict[str, Any]] = []
    for run in _divided(appends):
        if len(run.commands) > _FEW:
            runs.append(run.parts())
        elif run.commands:
            if not (runs and "commands" in runs[-1]):
                runs.append({"commands": []})
            runs[-1]["commands"] += run.commands
    return orjson.dumps(runs).decode()


def _divided(appends: Sequence[Append]) -> "list[_Run]":
    runs = [_Run()]
    few = len(appends) <= _FEW
    for append in appends:
        whole = command(append)
        if few or _is_alone(append, whole):
            runs += [_Run([whole]), _Run()]
        elif not runs[-1].add(append, whole):
            runs.append(_Run())
            runs[-1].add(append, whole)
    return runs


def _is_alone(append: Append, whole: Mapping[str, Any]) -> bool:
    """Whether it does what a run has no list for (texts redacted, members erased, keys made or revoked, …)."""
    if not whole.keys() <= _LISTED:
        return True
    return len(append.claims) > 1 and len({one.claim for one in append.claims}) < len(append.claims)


class _Run:
    """Appends that are apart from each other, and their parts as migration 0012 reads them."""

    def __init__(self, commands: Sequence[dict[str, Any]] = ()) -> None:
        self.commands = list(commands)
        self._written: set[Hashable] = set()
        self._guards: dict[tuple[str, int], list[int]] = {}
        self._lists: dict[str, list[dict[str, Any]]] = {}

    def add(self, append: Append, whole: dict[str, Any]) -> bool:
        """Takes one more, unless it looks at what one of the others writes."""
        guards = _continued(append).union(whole["guards"].items() if append.guards else ())
        names = [("claim", one.claim.scope, one.claim.value) for one in append.claims]
        if append.idempotency:
            names.append(("key", append.idempotency.scope, append.idempotency.key))
        children = [(str(parent), kind.value) for parent, kind, _ in append.children]
        reads = {stream for stream, _ in guards}.union(names, children, append.not_before)
        if not self._written.isdisjoint(reads):
            return False
        self._written.update(names, (event.originator_id for event in append.events))
        self._written.update((str(parent), child.kind.value) for _, parent, child in append.attach)
        self._written.update(cycle for _, cycle in append.cycles)
        self.commands.append(whole)
        number = len(self.commands)
        for guard in guards:
            self._guards.setdefault(guard, []).append(number)
        for name, rows in _parts(append, whole).items():
            self._lists.setdefault(name, []).extend({"c": number, **row} for row in rows)
        return True

    def parts(self) -> dict[str, Any]:
        """The whole run; commands count from 1. Empty lists are left out, but for the events."""
        guards = [{"cs": of, "stream": stream, "version": version} for (stream, version), of in self._guards.items()]
        counts = [len(whole["events"]) for whole in self.commands]
        return {"counts": counts, "guards": guards, "events": [], **self._lists}


def _continued(append: Append) -> set[tuple[str, int]]:
    """The versions that the events themselves continue. Several events of a stream must continue one another."""
    if len(append.events) == 1:
        (event,) = append.events
        return {(event.originator_id, event.originator_version - 1)}
    found, seen = set(), dict[str, int]()
    for event in append.events:
        seen[event.originator_id] = before = seen.get(event.originator_id, 0) + 1
        found.add((event.originator_id, event.originator_version - before))
    return found


def _parts(append: Append, whole: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The rows of one command for each list that it needs."""
    parts: dict[str, list[dict[str, Any]]] = {
        name: whole[name] for name in ("children", "attach", "claims") if name in whole
    }
    parts["events"] = [{"event": n, **event} for n, event in enumerate(whole["events"])]
    stated = [at for event in append.events for at in (event.effective_at, event.reported_at) if at is not None]
    if stated:
        parts["times"] = [{"latest": max(stated)}]
    if append.cycles:
        parts["cycles"] = [
            {"event": event, "cycle": cycle, "effective_at": append.events[event].effective_at}
            for event, cycle in append.cycles
        ]
    if append.not_before and append.events:
        starts = [event.effective_at for event in append.events if event.effective_at is not None]
        earliest = min(starts, default=None)
        parts["not_before"] = [{"cycle": cycle, "earliest": earliest} for cycle in append.not_before]
    if append.idempotency:
        parts["idempotency"] = [whole["idempotency"]]
    return parts
