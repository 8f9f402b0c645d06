"""The board of 500 objectives with 2,000 key results, now and as of a past position, as the API gives it."""

from collections.abc import Iterator

from api.answers import to_json
from api.runtime import Runtime
from benchmarks.goals import CYCLE, OBJECTIVES
from benchmarks.measuring import Figure, milliseconds
from projections import questions

_TIMES = 15


def figures(runtime: Runtime) -> Iterator[Figure]:
    """The figures of this page, on the ledger of `goals`."""
    head = runtime.recorder.head().position

    def ask(as_of: str | None) -> None:
        with runtime.books.reading(as_of) as reading:
            to_json(questions.written_board(reading, CYCLE).content)

    for when, as_of in (("now", None), (f"as of position {head * 2 // 3:,}", str(head * 2 // 3))):
        what = f"board of {OBJECTIVES} objectives, {when}"
        yield Figure(what, milliseconds(_TIMES, lambda as_of=as_of: ask(as_of)), "ms", less=True)  # type: ignore[misc]
