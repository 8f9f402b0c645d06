"""A member: a person or a service that acts. Names and addresses lie beside the ledger, not in it."""
