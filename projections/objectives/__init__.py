"""Book of objectives: what they are, and the scores that their key results make."""
