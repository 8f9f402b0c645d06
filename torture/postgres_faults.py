"""Ways to break PostgreSQL: its processes, its disk, its clock, its machine."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random

import psutil  # type: ignore[import-untyped]

from torture.stage import Stage


def postmaster_killed(stage: Stage, dice: Random) -> bool:
    """All of it gone at once, and started again after a moment."""
    stage.postgres.kill()
    time.sleep(dice.uniform(0, 0.5))
    stage.revive()
    return True


def backend_killed(stage: Stage, dice: Random) -> bool:
    """PostgreSQL ends all of its processes then, and recovers as from a crash."""
    pids = stage.postgres.backends()
    if not pids:
        return False
    stage.recoveries.fault("backend_killed")
    with suppress(psutil.Error):
        psutil.Process(dice.choice(pids)).kill()
    time.sleep(0.2)
    stage.revive()
    return True


def _frozen(processes: Sequence[psutil.Process], seconds: float) -> bool:
    frozen = []
    for process in processes:
        with suppress(psutil.Error):
            process.suspend()
            frozen.append(process)
    time.sleep(seconds)
    for process in frozen:
        with suppress(psutil.Error):
            process.resume()
    return bool(frozen)


def backend_frozen(stage: Stage, dice: Random) -> bool:
    """Some sessions stand still."""
    pids = stage.postgres.backends()
    chosen = dice.sample(pids, min(len(pids), dice.randint(1, 3)))
    return _frozen([psutil.Process(pid) for pid in chosen if psutil.pid_exists(pid)], dice.uniform(0.1, 2))


def postgres_frozen(stage: Stage, dice: Random) -> bool:
    """All of it stands still."""
    return _frozen(stage.postgres.processes(), dice.uniform(0.1, 2))


def restarted(mode: str) -> Callable[[Stage, Random], bool]:
    """Stopped in that mode, and started."""

    def run(stage: Stage, _: Random) -> bool:
        stage.postgres.restart(mode)
        stage.revive()
        return True

    return run


def disk_full(stage: Stage, dice: Random) -> bool:
    """With the log's reserve used up as well, PostgreSQL gives up; without it, it refuses whoever needs space."""
    try:
        felt = stage.postgres.fill(log=dice.random() < 0.5)
        if felt:
            stage.recoveries.fault("disk_full")
        time.sleep(dice.uniform(0.2, 1.5))
    finally:
        stage.postgres.free()
        stage.revive()
        stage.postgres.clean()
    return felt


def clock_set_back(stage: Stage, dice: Random) -> bool:
    """Its clock is behind what it has recorded."""
    stage.postgres.set_clock_back(dice.uniform(0.01, 5))
    return True


def failed_over(stage: Stage, dice: Random) -> bool:
    """The machine is lost, and its synchronous replica takes its place."""
    stage.postgres.follow()
    time.sleep(dice.uniform(0.2, 1))  # under load, each commit waiting for the replica
    stage.recoveries.fault("failed_over_to_replica")
    stage.postgres.fail_over()
    stage.revive()
    return True
