"""Book of initiatives: work on key results, what was expected of it and what was learnt."""
