"""What answers look like (contract, section 5, "Shapes"), for the OpenAPI document and the tests alone.

Endpoints send what the books answer as it is; nothing is validated or copied on the way out. That these
models say the truth is shown by tests, which hold every answer against them. Unknown is `null`, never left
out.
"""

from api.shapes.base import Accepted, AcceptedKey, AsOf, Health, Problem, Shape
from api.shapes.batches import BatchDone, CommandDone
from api.shapes.explain import AssumedBoard, Explained, Goalposts
from api.shapes.kpis import Kpi, KpiLink, KpiSeries, Measurement
from api.shapes.past import Diff, Seals, Series, TeamDiff, TeamSeries
from api.shapes.proofs import ConsistencyProof, InclusionProof, Leaf
from api.shapes.replay import Frame
from api.shapes.resources import CheckIn, Cycle, Initiative, Key, KeyResult, Member, NewKey, Objective, Team
from api.shapes.views import Board, Event, HistoryItem, LedgerStatus, Report, TeamBoard

__all__ = [
    "Accepted",
    "AcceptedKey",
    "AsOf",
    "AssumedBoard",
    "BatchDone",
    "Board",
    "CheckIn",
    "CommandDone",
    "ConsistencyProof",
    "Cycle",
    "Diff",
    "Event",
    "Explained",
    "Frame",
    "Goalposts",
    "Health",
    "HistoryItem",
    "InclusionProof",
    "Initiative",
    "Key",
    "KeyResult",
    "Kpi",
    "KpiLink",
    "KpiSeries",
    "Leaf",
    "LedgerStatus",
    "Measurement",
    "Member",
    "NewKey",
    "Objective",
    "Problem",
    "Report",
    "Seals",
    "Series",
    "Shape",
    "Team",
    "TeamBoard",
    "TeamDiff",
    "TeamSeries",
]
