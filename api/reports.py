"""The status report of a team: its period, and its two forms."""

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from starlette.responses import Response

from api.answers import answer, weak
from api.asking import Question
from api.negotiation import MARKDOWN, prefers
from domain.errors import invalid
from projections import questions

_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Period:
    """What lies between two pairs of clocks, as the client wrote them."""

    since: str | None
    until: str | None
    since_valid: str | None
    until_valid: str | None


def report(asked: Question, team: UUID, period: Period, accept: str | None) -> Response:
    """The report, as JSON or as Markdown."""
    content = _reported(asked, team, period)
    position, vary = content["to"]["position"], {"Vary": "Accept"}
    if not prefers(accept, MARKDOWN):
        return answer(content, position=position, etag=weak(content), headers=vary)
    headers = vary | {"Ledger-Position": str(position)}
    return Response(questions.report_markdown(content), media_type=MARKDOWN, headers=headers)


def _reported(asked: Question, team: UUID, period: Period) -> dict[str, Any]:
    """Where no beginning is given on a clock, nothing is left out on it; where on neither, it is a week."""
    with ExitStack() as stack:
        until = period.until or asked.as_of
        until_valid = period.until_valid or asked.valid_at
        later = stack.enter_context(
            asked.reading_at(until, until_valid, {"as_of": "/query/to", "valid_at": "/query/to_valid"})
        )
        since_valid = period.since_valid
        if since_valid is None and period.since is None:
            since_valid = _written(later.valid_at - _WEEK)
        earlier = stack.enter_context(
            asked.reading_at(
                period.since or str(later.position),
                since_valid or _written(later.valid_at),
                {"as_of": "/query/from", "valid_at": "/query/from_valid"},
            )
        )
        if earlier.position > later.position:
            raise invalid("/query/from", "lies after the end of the period")
        if earlier.valid_at > later.valid_at:
            raise invalid("/query/from_valid", "lies after the end of the period")
        asked.request.state.position = later.position
        return questions.team_report(
            earlier,
            later,
            team,
            recorded_after=earlier.position if period.since is not None else None,
            since=earlier.valid_at if since_valid is not None else None,
        )


def _written(instant: datetime) -> str:
    return instant.isoformat()
