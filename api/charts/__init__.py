"""Pictures: what a series shows, as SVG. Plain data in, text out; where the data come from is not their business.

    kpi_chart(kpi, series)            the points of a KPI with target, benchmark, and what was restated
    cycle_chart(cycle, series, …)     the score of a cycle against what was expected, day by day
    replay_chart(cycle, series, …)    the same with what happened to its goals on the way

A picture says in words, too, what can be seen in it (`<title>`, `<desc>`). The same question gives the same bytes.
"""

from api.charts.cycle import cycle_chart
from api.charts.kpi import kpi_chart
from api.charts.replay import KINDS, Mark, replay_chart

__all__ = ["KINDS", "MEDIA_TYPE", "Mark", "cycle_chart", "kpi_chart", "replay_chart"]

MEDIA_TYPE = "image/svg+xml"
