"""A quarter as it evolved: frame by frame, in pages or as a stream of lines."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Annotated
from uuid import UUID

from fastapi import Path
from starlette.responses import Response

from api import charts, documents, shapes
from api.asking import After, Asked, Limit, Question
from api.ndjson import NDJSON, Lines
from api.negotiation import Accept, prefers
from api.registry import Api
from api.routes.charts import picture, picture_responses, step_of
from domain.kernel import Kind, Ref
from domain.rules import CycleRef
from projections import questions
from projections.reading import Reading

TAG = ("replay", "A cycle as a sequence of frames: who did what, when, and how the score moved.")

_CycleNamed = Annotated[CycleRef, Path(description="The cycle.")]
_VARY = {"Vary": "Accept"}


def add(api: Api) -> None:
    """Adds it."""

    @api.read("/cycles/{cycle}/replay", documents.page(shapes.Frame), also=NDJSON)
    def get_cycle_replay(
        asked: Asked, cycle: _CycleNamed, limit: Limit = 50, after: After = None, accept: Accept = None
    ) -> Response:
        """A cycle as it evolved, frame by frame.

        One frame an event, in the order (`effective_at`, `position`), with the cycle's score before and after it;
        of measurements of a KPI that drives a key result, one frame a point, so that `position` may repeat. With
        `Accept: application/x-ndjson` all frames (those after `after`, if it is given) are streamed, one a line,
        whatever `limit` says.
        """
        if prefers(accept, NDJSON):
            return _stream(asked, cycle, after)
        with asked.reading() as reading:
            page = questions.replay(reading, reading.cycle_named(cycle), limit, after)
            return asked.answer(reading, {"items": page.items, "next": page.next}, headers=_VARY)

    def get_cycle_replay_picture(asked: Asked, cycle: _CycleNamed) -> Response:
        """A cycle as it evolved, as a picture.

        Its score and what was expected, with marks where goalposts were moved, things were dropped, and corrections
        and closings came in; the picture's description tells of them in words.
        """
        with asked.reading() as reading:
            id = reading.cycle_named(cycle)
            found = questions.find(reading, Ref(Kind.CYCLE, id))
            series = questions.cycle_series(reading, id, step_of(found["starts_on"], found["ends_on"]))
            marks = list(_marks(reading, id))
        return picture(asked, reading, charts.replay_chart(found, series, marks))

    api.add("GET", "/cycles/{cycle}/replay.svg", get_cycle_replay_picture, responses=picture_responses())


def _marks(reading: Reading, cycle: UUID) -> Iterator[charts.Mark]:
    """What happened that the picture marks."""
    marks = questions.Marks(cycle)
    with closing(questions.frames(reading, cycle)) as frames:
        for frame in frames:
            for kind in marks.of(frame):
                if kind in charts.KINDS:
                    yield charts.Mark(kind, frame["effective_at"], frame["summary"])


def _stream(asked: Question, cycle: CycleRef, after: str | None) -> Response:
    """All of it, from one snapshot that is held until the last line is sent."""
    with ExitStack() as stack:
        reading = stack.enter_context(asked.reading(in_parts=True))
        found = questions.frames(reading, reading.cycle_named(cycle), after)
        stack.callback(found.close)
        return Lines(found, stack, position=reading.position, etag=asked.tag(reading, NDJSON), headers=_VARY)
