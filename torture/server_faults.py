"""Ways to break a server: killed, stopped and frozen, all of it or one of its processes."""

import signal
import time
from random import Random

from torture.stage import NAMES, Stage


def server_killed(stage: Stage, dice: Random) -> bool:
    """All of it gone at once, and started again."""
    server = stage.servers[dice.choice(NAMES)]
    server.kill()
    time.sleep(dice.choice((0, dice.uniform(0, 1))))
    server.start()
    return True


def process_killed(stage: Stage, dice: Random) -> bool:
    """One of those of a server that has several: the others go on, and it is started again."""
    children = [child for server in stage.servers.values() for child in server.family()[1:]]
    if not children:
        return False
    dice.choice(sorted(children, key=lambda child: child.pid)).kill()
    return True


def server_stopped(stage: Stage, dice: Random) -> bool:
    """In order: what it has in hand is ended first."""
    server = stage.servers[dice.choice(NAMES)]
    server.stop()
    server.start()
    return True


def server_frozen(stage: Stage, dice: Random) -> bool:
    """It stands still, its connections open."""
    server = stage.servers[dice.choice(NAMES)]
    server.signal(signal.SIGSTOP)
    time.sleep(dice.uniform(0.1, 2.5))
    server.signal(signal.SIGCONT)
    return True


def two_projectors(stage: Stage, dice: Random) -> bool:
    """Who projects is frozen and loses its lease to the other one; woken, it believes for a moment that it has it."""
    with stage.postgres.admin() as admin:
        row = admin.execute("SELECT holder FROM quarterdeck_books.lease").fetchone()
    process = int(row[0].rpartition(":")[2]) if row else 0
    server = next((one for one in stage.servers.values() if process in {each.pid for each in one.family()}), None)
    if server is None:
        return False
    stage.recoveries.fault("two_projectors")
    server.signal(signal.SIGSTOP)
    try:
        before = stage.postgres.holders("projector")
        stage.postgres.terminate([*before, *stage.postgres.holders("sealer")])
        deadline = time.monotonic() + 3
        while not (now := stage.postgres.holders("projector")) or now == before:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        time.sleep(dice.uniform(0, 0.3))
    finally:
        server.signal(signal.SIGCONT)
    return True
