"""The ways to break it: between server and PostgreSQL, between client and server, and those of the modules beside.


Each is a function of the stage and of dice, and says whether it came to that. `KINDS` is the register: how often each
comes, what it needs for itself meanwhile, and why it may be impossible here.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from torture import postgres_faults, server_faults
from torture.proxy import Choice, Proxy, a_commit, a_write, an_append
from torture.stage import NAMES, Stage

Fault = Callable[[Stage, Random], bool]
POSTGRES, SERVERS, DATABASE_WAY, HTTP_WAY = "postgres", "servers", "way to the database", "way to the server"
_TOOK = 3.0
"""Seconds to wait for the message whose answer is to be lost."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One way. `weight`: its share of all faults; `needs`: what no other fault touches meanwhile."""

    name: str
    weight: int
    needs: str | None
    run: Fault
    is_possible: Callable[[Stage], bool] = lambda _: True
    breaks_later: bool = False
    """Whether it says itself when something breaks, since it has to prepare that."""


def _one_of_databases(stage: Stage, dice: Random) -> Proxy:
    return stage.database_proxies[dice.choice(NAMES)]


def _one_of_ways(stage: Stage, dice: Random) -> Proxy:
    return stage.http_proxies[dice.choice(NAMES)]


def _delayed(proxy: Proxy, dice: Random) -> bool:
    proxy.delay(dice.uniform(0.02, 0.4), during=dice.uniform(0.2, 0.8))
    return True


def _swallowed(proxy: Proxy, dice: Random) -> bool:
    proxy.swallow(during=dice.uniform(0.1, 1.5))
    return True


def _cut(proxy: Proxy, dice: Random) -> bool:
    return proxy.cut(dice.choice((0.2, 0.5, 1.0))) > 0


def _lost(way: Callable[[Stage, Random], Proxy], choice: Choice, name: str, *, break_off: bool = False) -> Fault:
    def run(stage: Stage, dice: Random) -> bool:
        proxy = way(stage, dice)
        proxy.lose_answer_to(choice, break_off=break_off)
        try:
            took = proxy.took.wait(_TOOK)
        finally:
            proxy.forget()
        if took:
            stage.recoveries.fault(name)
        return took

    return run


def _commit_lost(stage: Stage, _: Random) -> bool:
    """At whichever server: only the one that projects, or seals, commits this way."""
    proxies = list(stage.database_proxies.values())
    for proxy in proxies:
        proxy.lose_answer_to(a_commit)
    try:
        deadline = time.monotonic() + _TOOK
        while time.monotonic() < deadline:
            if any(proxy.took.wait(0.02) for proxy in proxies):
                stage.recoveries.fault("commit_answer_lost")
                return True
        return False
    finally:
        for proxy in proxies:
            proxy.forget()


def _terminated(stage: Stage, dice: Random) -> bool:
    pids = stage.postgres.backends()
    return stage.postgres.terminate(dice.sample(pids, dice.randint(1, min(4, len(pids))))) > 0 if pids else False


def _lease_taken(stage: Stage, dice: Random) -> bool:
    return stage.postgres.terminate(stage.postgres.holders(dice.choice(("projector", "sealer")))) > 0


def _losing(
    name: str, weight: int, way: Callable[[Stage, Random], Proxy], choice: Choice, *, break_off: bool = False
) -> Kind:
    needs = DATABASE_WAY if way is _one_of_databases else HTTP_WAY
    return Kind(name, weight, needs, _lost(way, choice, name, break_off=break_off), breaks_later=True)


def _may_fill(stage: Stage) -> bool:
    return stage.postgres.can_fill


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("database_answers_delayed", 60, None, lambda s, d: _delayed(_one_of_databases(s, d), d)),
        Kind("database_answers_swallowed", 40, None, lambda s, d: _swallowed(_one_of_databases(s, d), d)),
        Kind("database_connections_cut", 90, None, lambda s, d: _cut(_one_of_databases(s, d), d)),
        _losing("append_answer_lost", 120, _one_of_databases, an_append),
        _losing("append_answer_broken_off", 60, _one_of_databases, an_append, break_off=True),
        Kind("commit_answer_lost", 80, DATABASE_WAY, _commit_lost, breaks_later=True),
        Kind("backends_terminated", 110, None, _terminated),
        Kind("lease_taken", 40, None, _lease_taken),
        Kind("http_answers_delayed", 30, None, lambda s, d: _delayed(_one_of_ways(s, d), d)),
        Kind("http_answers_swallowed", 30, None, lambda s, d: _swallowed(_one_of_ways(s, d), d)),
        Kind("http_connections_cut", 60, None, lambda s, d: _cut(_one_of_ways(s, d), d)),
        _losing("http_answer_lost", 60, _one_of_ways, a_write),
        _losing("http_answer_broken_off", 30, _one_of_ways, a_write, break_off=True),
        Kind("server_killed", 50, SERVERS, server_faults.server_killed),
        Kind("process_killed", 30, SERVERS, server_faults.process_killed),
        Kind("server_stopped", 15, SERVERS, server_faults.server_stopped),
        Kind("server_frozen", 30, SERVERS, server_faults.server_frozen),
        Kind("two_projectors", 20, SERVERS, server_faults.two_projectors, breaks_later=True),
        Kind("postmaster_killed", 20, POSTGRES, postgres_faults.postmaster_killed),
        Kind("backend_killed", 20, POSTGRES, postgres_faults.backend_killed, breaks_later=True),
        Kind("backends_frozen", 30, None, postgres_faults.backend_frozen),
        Kind("postgres_frozen", 15, POSTGRES, postgres_faults.postgres_frozen),
        Kind("postgres_restarted_fast", 15, POSTGRES, postgres_faults.restarted("fast")),
        Kind("postgres_restarted_immediate", 15, POSTGRES, postgres_faults.restarted("immediate")),
        Kind("disk_full", 15, POSTGRES, postgres_faults.disk_full, _may_fill, breaks_later=True),
        Kind("clock_set_back", 25, None, postgres_faults.clock_set_back),
        Kind("failed_over_to_replica", 12, POSTGRES, postgres_faults.failed_over, breaks_later=True),
    )
}


def plan(kinds: Sequence[Kind], count: int, dice: Random) -> list[Kind]:
    """So many faults by their weights, in a random order; each kind at least once, if there is room."""
    if not kinds:
        return []
    whole = sum(kind.weight for kind in kinds)
    numbers = Counter({kind.name: max(1, round(count * kind.weight / whole)) for kind in kinds})
    planned = [name for name, number in numbers.items() for _ in range(number)]
    dice.shuffle(planned)
    common = max(kinds, key=lambda kind: kind.weight).name
    while len(planned) > count:
        planned.remove(max(set(planned), key=lambda name: (planned.count(name), name)))
    planned += [common] * (count - len(planned))
    return [KINDS[name] for name in planned]
