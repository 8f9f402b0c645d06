"""Book of the health of KPIs: their latest points and how these stand against the targets."""
