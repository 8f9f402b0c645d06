"""That the peers do what Quarterdeck does, before anything is measured: another answer is no figure to compare with.

Django: the board of the same story is the same, now and at past instants, to the last digit of every score; and after
the same check-ins over HTTP it still is. Emmett: an append with a wrong version is refused, and the rebuilt read model
has what was last said. The library: its projection has a row a stream.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from benchmarks.side_by_side import rebuilds
from benchmarks.side_by_side.bench import Bench, told
from benchmarks.side_by_side.environment import DJANGO
from benchmarks.side_by_side.postgres import environment
from benchmarks.side_by_side.processes import Served, Talker, django, for_django, ours
from benchmarks.side_by_side.story import Story

_STORY = Story(2, objectives=20)
_SAID = (40, 101, 7, 0, 100)

Scores = tuple[float, dict[UUID, tuple[float, dict[UUID, tuple[float | None, float | None, float]]]]]


def check(bench: Bench) -> None:
    """Raises `AssertionError` where a peer does something else."""
    if bench.django is not None:
        _check_django(bench)
        bench.note("Checked: Django's boards are ours, now and in the past, and after the same check-ins.")
    if bench.emmett is not None:
        _check_emmett(bench)
        bench.note("Checked: Emmett refuses a wrong version, and its read model has what was last said.")
    count = rebuilds.library_rows(bench.postgres, streams=3, each=4)
    if count != 3:
        raise AssertionError(f"the library's projection has {count} rows, not 3")


def _check_django(bench: Bench) -> None:
    assert bench.django is not None
    url, data, theirs = bench.postgres.database(), bench.postgres.folder / "check", bench.postgres.database()
    told(url, data, _STORY)
    with Talker([bench.django, DJANGO / "manage.py", "peer"], for_django(theirs)) as peer:
        token = peer.ask(do="prepare", quarters=_STORY.quarters, objectives=_STORY.objectives)
        with ours(data, url) as here, django(bench.django, theirs, token) as there:
            for share in (0, 0.1, 0.5, 0.75, 1):
                _same(here, there, as_of(_STORY.past(share)))
            _same(here, there, "")
            for key_result in _STORY.key_results()[:7]:
                for value in _SAID:
                    said = {"value": value, "confidence": 7, "note": "a good week"}
                    here.ask(f"/v1/key-results/{key_result}/check-ins", "POST", said)
                    there.ask(f"/api/key-results/{key_result}/check-ins", "POST", said)
            _same(here, there, "")
            _same(here, there, as_of(_STORY.past()))


def as_of(at: datetime) -> str:
    """The query that asks for an instant, of either."""
    return f"?as_of={at:%Y-%m-%dT%H:%M:%S.%f}Z"


def _same(here: Served, there: Served, query: str) -> None:
    mine = _scores(here.ask(f"/v1/cycles/{_STORY.label}/board{query}"))
    yours = _scores(there.ask(f"/api/cycles/{_STORY.label}/board{query}"))
    if mine != yours or len(mine[1]) != _STORY.objectives:
        raise AssertionError(f"the boards differ{query}: {mine} and {yours}")


def _scores(board: dict[str, Any]) -> Scores:
    return board["score"], {
        UUID(objective["id"]): (
            objective["score"],
            {UUID(part["id"]): (part["value"], part["progress"], part["score"]) for part in objective["key_results"]},
        )
        for objective in board["objectives"]
    }


def _check_emmett(bench: Bench) -> None:
    assert bench.emmett is not None
    url = bench.postgres.database()
    with Talker(bench.emmett, environment(url)) as peer:
        peer.ask(do="fill", events=400)
        peer.ask(do="rebuild", table="said")
        found = peer.ask(do="check", table="said")
    wanted = {"refused": True, "inline": "2:2", "wrong": 0, "commit": "on", "fsync": "on"}
    if found != wanted:
        raise AssertionError(f"Emmett: {found}")
