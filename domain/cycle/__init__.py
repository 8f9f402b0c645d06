"""A cycle: a period for goals, planned, opened, closed and perhaps reopened."""
