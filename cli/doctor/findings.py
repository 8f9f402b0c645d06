"""What the doctor finds: of each thing looked at, whether it is well, what was seen, and what to do if it is not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any


class State(IntEnum):
    """How it is; the worst of all findings is the exit code."""

    OK = 0
    LOOK = 1
    BROKEN = 2

    @property
    def words(self) -> str:
        """As it is shown."""
        return ("ok", "look at this", "broken")[self]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `figures`: what was measured, for programs; sizes in bytes, times in seconds."""

    about: str
    state: State
    said: str
    advice: str | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)


def well(about: str, said: str, **figures: Any) -> Finding:
    """It is as it should be."""
    return Finding(about, State.OK, said, None, figures)


def doubtful(about: str, said: str, advice: str, **figures: Any) -> Finding:
    """It works, and somebody should look at it."""
    return Finding(about, State.LOOK, said, advice, figures)


def broken(about: str, said: str, advice: str, **figures: Any) -> Finding:
    """It does not work, or what it promises does not hold."""
    return Finding(about, State.BROKEN, said, advice, figures)


def worst(findings: Iterable[Finding]) -> State:
    """The state of the whole."""
    return max((finding.state for finding in findings), default=State.OK)


def size(count: float) -> str:
    """Bytes for people: `1.4 GB`."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
