"""Book of teams: their names, their tree and who is in them."""
