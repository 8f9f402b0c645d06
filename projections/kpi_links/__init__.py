"""Book of links: which KPI drove which key result, from when to when."""
