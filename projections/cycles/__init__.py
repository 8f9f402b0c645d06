"""Book of cycles: which periods there are, and whether they are planned, open or closed."""
