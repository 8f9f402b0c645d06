"""A key result: how an objective is measured, and the check-ins that say where it stands."""
