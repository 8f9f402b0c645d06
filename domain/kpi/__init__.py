"""A KPI: a metric followed continuously, across cycles, with dated targets and benchmarks."""
