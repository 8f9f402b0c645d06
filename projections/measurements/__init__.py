"""Book of measurements: what was said of each day, restatements included."""
