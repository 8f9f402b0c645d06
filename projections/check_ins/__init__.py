"""Book of check-ins: what was said when, as corrected or retracted."""
