"""A key: a credential for the API. What it is, and its hash, are in no event."""
