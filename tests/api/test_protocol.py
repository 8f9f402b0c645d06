"""How answers are written: what is given in one turn of the event loop goes at once, in order, and nothing is kept."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from api.protocol import MOST_AT_ONCE, Joining


class Recorded(asyncio.Transport):
    """What a connection was given to write, in pieces; `None`: it was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[bytes | None] = []

    def writelines(self, data: Sequence[bytes]) -> None:  # type: ignore[override]
        self.pieces.append(b"".join(data))

    def close(self) -> None:
        self.pieces.append(None)

    def is_closing(self) -> bool:
        return None in self.pieces


def written(by: Callable[[Joining], Awaitable[object]]) -> list[bytes | None]:
    async def scene() -> list[bytes | None]:
        transport = Recorded()
        await by(Joining(transport))
        await asyncio.sleep(0)
        return transport.pieces

    return asyncio.run(scene())


async def _answer(to: Joining) -> None:
    to.write(b"head, ")
    to.write(b"body")


async def _two_answers(to: Joining) -> None:
    await _answer(to)
    await asyncio.sleep(0)
    await _answer(to)


async def _a_last_answer(to: Joining) -> None:
    await _answer(to)
    to.close()


async def _a_large_one(to: Joining) -> None:
    to.write(b"head, ")
    to.write(b"x" * (MOST_AT_ONCE + 1))
    assert to.is_closing() is False
    to.write(b"more")


@pytest.mark.parametrize(
    ("by", "pieces"),
    [
        (_answer, [b"head, body"]),
        (_two_answers, [b"head, body", b"head, body"]),
        (_a_last_answer, [b"head, body", None]),
        (_a_large_one, [b"head, " + b"x" * (MOST_AT_ONCE + 1), b"more"]),
    ],
)
def test_what_is_written_together_goes_together(by, pieces):
    assert written(by) == pieces
