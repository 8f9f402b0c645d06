"""An objective: what is to be achieved in a cycle, by a team or a member."""
