"""The board of 500 objectives with 2,000 key results, now and as of an instant in its past, on two sizes of ledgers.

Over HTTP, as JSON, by one client; and the question alone: what Django's `history.as_of` takes to fetch, and what our
question takes, which writes JSON as it goes and remembers what it wrote: so it is asked with nothing remembered, too.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from statistics import median

from api.runtime import Runtime, running
from api.settings import Settings
from benchmarks.server import ADMIN_KEY
from benchmarks.side_by_side.bench import Bench, Stage
from benchmarks.side_by_side.check_ins import COMMAND
from benchmarks.side_by_side.checks import as_of
from benchmarks.side_by_side.measure import Figure, Goal, Round, interleaved, timed
from benchmarks.side_by_side.processes import Served, Talker
from projections import questions
from projections.remembered import Remembered

_TIMES = 5
"""Answers a round."""

Sides = dict[str, Callable[[], Round]]


def figures(bench: Bench) -> Iterator[Figure]:
    """The figures of this page."""
    small, large = bench.small, bench.large
    few, many = f"{small.story.events:,}", f"{large.story.events:,}"
    with Talker(COMMAND) as http:
        sides = _over_http(http, large, many) | _over_http(http, small, few)
        for warm_up in sides.values():
            warm_up()
        rounds = interleaved(bench.effort.rounds, sides)
    goals = [
        Goal("as of, Django", f"ours, as of, {many} events", 10, than=f"Django, as of, {many} events"),
        Goal("as of, within 1.3 of now", f"ours, as of, {many} events", 1 / 1.3, than=f"ours, now, {many} events"),
        Goal(f"now, {few} to {many} events", f"ours, now, {many} events", 3 / 4, than=f"ours, now, {few} events"),
        Goal(f"as of, {few} to {many} events", f"ours, as of, {many} events", 3 / 4, than=f"ours, as of, {few} events"),
    ]
    yield Figure("board of 500 objectives over HTTP", "ms", rounds, less=True, goals=goals)
    with ExitStack() as stack:
        data = bench.postgres.folder / "asking"
        data.mkdir(exist_ok=True)
        settings = Settings(database_url=large.url, data=data, admin_key=ADMIN_KEY)
        runtime = stack.enter_context(running(settings))
        sides = _question(runtime, large)
        rounds = interleaved(bench.effort.rounds, sides)
    goals = [Goal("Django's history query", "ours, as of", 10, than="Django, as of")]
    yield Figure(f"board of 500 objectives, {many} events, the question alone", "ms", rounds, less=True, goals=goals)


def _over_http(http: Talker, stage: Stage, size: str) -> Sides:
    sides: Sides = {}
    for when, query in (("now", ""), ("as of", as_of(stage.story.past()))):
        path = f"/cycles/{stage.story.label}/board{query}"
        sides[f"ours, {when}, {size} events"] = partial(_round, http, stage.ours, f"/v1{path}")
        if stage.django is not None:
            sides[f"Django, {when}, {size} events"] = partial(_round, http, stage.django, f"/api{path}")
    return sides


def _round(http: Talker, server: Served, path: str) -> Round:
    given = {"port": server.port, "authorization": server.authorization}
    taken = http.ask(**given, times=_TIMES, path=path)["milliseconds"]
    return Round(median(taken), taken)


def _question(runtime: Runtime, stage: Stage) -> Sides:
    cycle, past = stage.story.cycle(stage.story.quarters - 1), stage.story.past()

    def ask(instant: str | None, *, afresh: bool = False) -> float:
        if afresh:
            runtime.books.remembered = Remembered()

        def board() -> None:
            with runtime.books.reading(instant) as reading:
                questions.written_board(reading, cycle)

        return 1_000 * timed(board)

    sides: Sides = {}
    for when, at in (("now", None), ("as of", past)):
        instant = as_of(at).partition("=")[2] if at else None
        sides[f"ours, {when}"] = partial(_alone, partial(ask, instant))
        sides[f"ours, {when}, nothing remembered"] = partial(_alone, partial(ask, instant, afresh=True))
        if stage.peer is not None:
            order = {"do": "board", "label": stage.story.label, "as_of": at and at.isoformat()}
            sides[f"Django, {when}"] = partial(_alone, partial(stage.peer.ask, **order))
    return sides


def _alone(milliseconds: Callable[[], float]) -> Round:
    taken = [milliseconds() for _ in range(_TIMES)]
    return Round(median(taken), taken)
