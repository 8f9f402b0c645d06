"""Book of KPIs: what they are, with their targets and benchmarks."""
