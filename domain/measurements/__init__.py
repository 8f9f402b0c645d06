"""The measurements of a KPI: what it was on which day, quarter by quarter."""
