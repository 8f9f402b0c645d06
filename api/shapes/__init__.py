"""What answers look like (contract, section 5, "Shapes"), for the OpenAPI document and the tests alone.

Endpoints send what the books answer as it is; nothing is validated or copied on the way out. That these
models say the truth is shown by tests, which hold every answer against them. Unknown is `null`, never left
out.
"""

from api.shapes.base import Accepted, AsOf, Health, Problem, Shape
from api.shapes.resources import CheckIn, Cycle, Initiative, Key, KeyResult, Member, NewKey, Objective, Team
from api.shapes.views import Board, Event, HistoryItem, LedgerStatus, Report, TeamBoard

__all__ = [
    "Accepted",
    "AsOf",
    "Board",
    "CheckIn",
    "Cycle",
    "Event",
    "Health",
    "HistoryItem",
    "Initiative",
    "Key",
    "KeyResult",
    "LedgerStatus",
    "Member",
    "NewKey",
    "Objective",
    "Problem",
    "Report",
    "Shape",
    "Team",
    "TeamBoard",
]
