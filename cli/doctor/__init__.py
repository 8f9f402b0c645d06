"""`quarterdeck doctor`: looks at everything that a ledger needs, changes nothing, and says in words what it found."""
