"""Everything that can be asked of the books: what the API and the command line import."""

from projections.audit import AUDIT_FILTERS, audit, audit_items, names_of
from projections.board import board, team_board, written_board
from projections.diff import at_end, cycle_diff, objective_diff, team_diff
from projections.explain import explain_cycle, explain_key_result, explain_objective
from projections.goalposts import goalposts
from projections.guidance import advice
from projections.kpi_glance import recent_points
from projections.kpi_series import kpi_links, kpi_series, measurements
from projections.pages import Page
from projections.reading import Books, Reading
from projections.replay import frames, replay
from projections.replay_marks import Marks
from projections.report import report_markdown, team_report
from projections.resources import FILTERS, etag, find, is_settled, listing, stands
from projections.seals import seals
from projections.series import cycle_series
from projections.status import ledger_status
from projections.team_series import team_series
from projections.told import check_in_told
from projections.trail import EVENT_FILTERS, events, history
from projections.what_if import MOST as MOST_LEFT_OUT
from projections.what_if import what_if

__all__ = [
    "AUDIT_FILTERS",
    "EVENT_FILTERS",
    "FILTERS",
    "MOST_LEFT_OUT",
    "Books",
    "Marks",
    "Page",
    "Reading",
    "advice",
    "at_end",
    "audit",
    "audit_items",
    "board",
    "check_in_told",
    "cycle_diff",
    "cycle_named",
    "cycle_series",
    "etag",
    "events",
    "explain_cycle",
    "explain_key_result",
    "explain_objective",
    "find",
    "frames",
    "goalposts",
    "history",
    "is_settled",
    "kpi_links",
    "kpi_series",
    "ledger_status",
    "listing",
    "measurements",
    "names_of",
    "objective_diff",
    "recent_points",
    "replay",
    "report_markdown",
    "seals",
    "stands",
    "team_board",
    "team_diff",
    "team_report",
    "team_series",
    "what_if",
    "written_board",
]

cycle_named = Reading.cycle_named
