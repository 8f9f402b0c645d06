"""Goals: the models, what may be done with them, and how they are shown."""
