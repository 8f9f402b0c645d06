"""A team: who works on goals together, in a tree."""
