"""Pictures of what the series tell: a KPI against its target, a cycle against what was expected of it."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path
from starlette.responses import Response

from api import charts, documents
from api.asking import Asked, Question
from api.registry import Api
from api.shapes.base import Shape
from domain.kernel import Kind, Ref
from domain.rules import CycleRef
from domain.values import Id
from projections import questions
from projections.reading import Reading
from projections.series import Step, cycle_series

TAG = ("pictures", "Charts as SVG, readable on light and on dark pages, with what they show in words.")

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
"""A picture that is opened by itself is a page: it brings its styles, and nothing else."""

_BY_DAY = 1_000
"""Days. Of a longer cycle, the picture has a point a week."""
_CLOSED = "cycle.closed"
_MOST = 500


def add(api: Api) -> None:
    """Adds them."""

    def get_kpi_chart(asked: Asked, kpi: Annotated[Id, Path(description="The KPI.")]) -> Response:
        """A KPI as a picture.

        Its points, with the target that each was held to and the benchmark; restated points are ringed, and each
        value before is a hollow mark.
        """
        with asked.reading() as reading:
            found = questions.find(reading, Ref(Kind.KPI, kpi))
            series = questions.kpi_series(reading, kpi)
        return picture(asked, reading, charts.kpi_chart(found, series))

    def get_cycle_chart(asked: Asked, cycle: Annotated[CycleRef, Path(description="The cycle.")]) -> Response:
        """A cycle as a picture.

        Its score and what was expected, at the end of each day, and when it was closed.
        """
        with asked.reading() as reading:
            id = reading.cycle_named(cycle)
            found = questions.find(reading, Ref(Kind.CYCLE, id))
            series = cycle_series(reading, id, step_of(found["starts_on"], found["ends_on"]))
            closings = _closings(reading, id)
        return picture(asked, reading, charts.cycle_chart(found, series, closings))

    for path, endpoint in (("/kpis/{kpi}", get_kpi_chart), ("/cycles/{cycle}", get_cycle_chart)):
        api.add("GET", f"{path}/chart.svg", endpoint, responses=picture_responses())


def step_of(starts_on: date, ends_on: date) -> Step:
    """How closely a cycle is looked at."""
    return "day" if (ends_on - starts_on).days <= _BY_DAY else "week"


def _closings(reading: Reading, cycle: UUID) -> list[datetime]:
    """When each closing of the cycle took effect, oldest first."""
    items = questions.history(reading, Ref(Kind.CYCLE, cycle), _MOST, None).items
    return sorted(item["effective_at"] for item in items if item["type"] == _CLOSED)


def picture(asked: Question, reading: Reading, drawn: str) -> Response:
    """A picture as an answer."""
    return asked.text(reading, drawn, f"{charts.MEDIA_TYPE}; charset=utf-8", {"Content-Security-Policy": _POLICY})


def picture_responses() -> documents.Responses:
    """As of other reads, with a picture for an answer."""
    responses = documents.of_read(Shape, may_be_missing=True)
    found = {"description": "The picture.", "content": {charts.MEDIA_TYPE: {"schema": {"type": "string"}}}}
    responses[200] = {"headers": responses[200]["headers"]} | found
    return responses
