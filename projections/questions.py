"""Everything that can be asked of the books: what the API and the command line import."""

from projections.board import board, team_board
from projections.guidance import advice
from projections.pages import Page
from projections.reading import Books, Reading
from projections.report import report_markdown, team_report
from projections.resources import FILTERS, etag, find, listing
from projections.status import ledger_status
from projections.trail import EVENT_FILTERS, events, history

__all__ = [
    "EVENT_FILTERS",
    "FILTERS",
    "Books",
    "Page",
    "Reading",
    "advice",
    "board",
    "cycle_named",
    "etag",
    "events",
    "find",
    "history",
    "ledger_status",
    "listing",
    "report_markdown",
    "team_board",
    "team_report",
]

cycle_named = Reading.cycle_named
