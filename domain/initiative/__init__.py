"""An initiative: work that is meant to move a key result."""
