"""Book of key results: their measures, values, progress and scores."""
